//! Columns: a block takes a strip of columns and a share of the rows; each thread adds up a vector of columns over its
//! rows, the block adds up its threads, and the last block of a strip adds up the blocks, in a fixed order.

use super::width;
use crate::kernel::nest::Nest;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Unit};
use crate::kernel::target::Gpu;

const THREADS: usize = 256;
/// Rows of a thread below which they are not split among blocks.
const ROWS: usize = 4;

pub(super) fn schedule(nest: &Nest<'_>, gpu: &Gpu) -> Schedule {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let folds = nest.folds(1).len();
    let mut width = width(nest);
    // Every fold has its own shared memory.
    while folds * THREADS * width * 8 > gpu.shared_declared() && width > 1 {
        width /= 2;
    }
    let across = (THREADS / width).min(n.div_ceil(width).next_power_of_two()).max(1);
    let down = THREADS / across;
    let strips = n.div_ceil(across * width).max(1);
    // As many blocks as the device holds at a time.
    let split = (gpu.resident(THREADS) / strips).clamp(1, rows.div_ceil(down * ROWS).max(1));
    let mut launch = Launch::new([strips, split, 1], THREADS);
    if split > 1 {
        launch.scratch = folds * split * n * 8;
        launch.counters = strips;
    }
    Schedule {
        family: Family::Columns,
        outer: Levels::of(&[(Unit::Walk, 0), (Unit::Split(1), split), (Unit::Thread, down)]),
        inner: Levels::of(&[(Unit::Grid(0), strips), (Unit::Thread, across), (Unit::Vector, width)]),
        held: Held::Memory,
        tile: None,
        long: true,
        launch,
    }
}
