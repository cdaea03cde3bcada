//! Every element on its own: one thread takes a vector of neighbouring elements, or a few.

use super::{all, bytes_of, width};
use crate::kernel::nest::Nest;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Unit};
use crate::kernel::target::Gpu;

const THREADS: usize = 256;
/// Times that the blocks must fill the device before a thread takes several vectors.
const WAVES: usize = 8;

pub(super) fn schedule(nest: &Nest<'_>, gpu: &Gpu) -> Schedule {
    let width = width(nest);
    let loads: Vec<usize> = all(nest).into_iter().filter(|&i| nest.is_row_data(i)).collect();
    let bytes = bytes_of(nest, &loads, width);
    let blocks = nest.region.count().div_ceil(THREADS * width).max(1);
    // Bytes in flight: a thread that loads 16 bytes or fewer takes two vectors.
    let several = bytes <= 16 && bytes > 0 && blocks >= 2 * WAVES * gpu.resident(THREADS);
    let tiles = if several { 2 } else { 1 };
    let blocks = blocks.div_ceil(tiles);
    Schedule {
        family: Family::Pointwise,
        outer: Levels::default(),
        inner: Levels::of(&[
            (Unit::Grid(0), blocks),
            (Unit::Serial, tiles),
            (Unit::Thread, THREADS),
            (Unit::Vector, width),
        ]),
        held: if several { Held::Registers } else { Held::Memory },
        tile: None,
        long: false,
        launch: Launch::new([blocks, 1, 1], THREADS),
    }
}
