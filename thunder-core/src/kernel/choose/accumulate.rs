//! Rows that are also summed, row by row: the gradients of a norm's input and of its weight in one walk.
//!
//! As many blocks as fill the device walk over the rows. A thread keeps the sums of its columns in registers all the
//! way, then each block leaves its own in scratch memory, and a second kernel adds those up, in a fixed order.

use super::{HELD, SHORT, bytes_of, width};
use crate::kernel::nest::Nest;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Unit};
use crate::kernel::target::Gpu;

/// Registers of a thread.
const REGISTERS: usize = 128;
/// Sums that one thread keeps.
const SUMS: usize = 64;
/// Columns, and shares of the blocks, of a block of the second kernel.
const COLUMNS: usize = 8;
const SHARES: usize = 32;

pub(super) fn schedules(nest: &Nest<'_>, gpu: &Gpu) -> Vec<Schedule> {
    let (rows, n, sums) = (nest.space.outer.count(), nest.space.inner.count(), nest.accumulations().len());
    let width = width(nest);
    let loads: Vec<usize> = (0..nest.region.nodes.len()).filter(|&i| nest.is_row_data(i)).collect();
    let bytes = bytes_of(nest, &loads, width);
    let vectors = |t: usize| n.div_ceil(width).div_ceil(t).max(1);
    let fits = |t: &usize| {
        let v = vectors(*t);
        v <= 4 && v * bytes <= HELD && v * width * sums <= SUMS
    };
    let threads = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].into_iter().find(fits).unwrap_or(1024);
    let per_block = if threads <= 32 { 128 / threads } else { 1 };
    let resident = (gpu.registers / REGISTERS / (threads * per_block)).max(1);
    let steps = rows.div_ceil(per_block);
    // More blocks than fill the device, if a thread would add up too many rows in f32.
    let parts = steps.clamp(1, (resident * gpu.multiprocessors).max(steps.div_ceil(SHORT)));
    let vectors = vectors(threads);
    let mut walk = Launch::new([parts, 1, 1], threads * per_block);
    (walk.resident, walk.scratch) = (resident, sums * parts * n * 8);
    let mut add = Launch::new([n.div_ceil(COLUMNS), 1, 1], COLUMNS * SHARES);
    add.scratch = walk.scratch;
    let walk = Schedule {
        family: Family::Accumulate,
        outer: Levels::of(&[(Unit::Walk, 0), (Unit::Split(0), parts), (Unit::Thread, per_block)]),
        inner: Levels::of(&[(Unit::Serial, vectors), (Unit::Thread, threads), (Unit::Vector, width)]),
        held: if vectors * bytes <= HELD { Held::Registers } else { Held::Memory },
        tile: None,
        long: false,
        launch: walk,
    };
    let add = Schedule {
        family: Family::Sums,
        outer: Levels::of(&[(Unit::Walk, 0), (Unit::Thread, SHARES)]),
        inner: Levels::of(&[(Unit::Grid(0), n.div_ceil(COLUMNS)), (Unit::Thread, COLUMNS)]),
        held: Held::Memory,
        tile: None,
        long: true,
        launch: add,
    };
    vec![walk, add]
}
