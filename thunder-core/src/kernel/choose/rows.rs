//! Rows: a group of threads takes a row. Where the row fits, it stays in registers in its storage type, so that memory
//! is read once however many reductions there are; where it is long, in shared memory, so that one block of a
//! multiprocessor loads while another computes. Rows longer still are walked again for each reduction. A few very long
//! rows are each split among many blocks, the last of which adds up what the others found, in a fixed order.

use super::{HELD, SHORT, all, bytes_of, width};
use crate::kernel::nest::Nest;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Unit};
use crate::kernel::target::Gpu;

/// The numbers of threads that may share a row.
const THREADS: [usize; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/// Threads of the blocks that share a row, or hold one in shared memory.
const WIDE: usize = 512;
/// The shortest row that is split.
const SPLIT: usize = 1 << 15;
/// Threads that each multiprocessor should have at least.
const CROWD: usize = 512;
/// Bytes of shared memory left for reductions where a row lies in the rest.
const REDUCTIONS: usize = 512;

pub(super) fn schedule(nest: &Nest<'_>, gpu: &Gpu) -> Schedule {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let width = width(nest);
    let loads: Vec<usize> = all(nest).into_iter().filter(|&i| nest.is_row_data(i)).collect();
    split(nest, gpu, width).or_else(|| in_shared_memory(nest, gpu, width, &loads)).unwrap_or_else(|| {
        let (threads, held) = threads(nest, gpu, width, &loads);
        let per_block = if threads <= 32 { 128 / threads } else { 1 };
        let run = if held > 0 { held * width } else { n.div_ceil(threads) };
        let blocks = rows.div_ceil(per_block);
        Schedule {
            family: Family::Rows,
            outer: Levels::of(&[(Unit::Grid(0), blocks), (Unit::Thread, per_block)]),
            inner: Levels::of(&[
                if held > 0 { (Unit::Serial, held) } else { (Unit::Walk, 0) },
                (Unit::Thread, threads),
                (Unit::Vector, width),
            ]),
            held: if held > 0 { Held::Registers } else { Held::Memory },
            tile: None,
            long: run > SHORT,
            launch: Launch::new([blocks, 1, 1], threads * per_block),
        }
    })
}

/// A few very long rows, walked once.
fn split(nest: &Nest<'_>, gpu: &Gpu, width: usize) -> Option<Schedule> {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let results = &nest.region.results;
    let walked_once =
        (0..results.len()).all(|r| !nest.is_wide(r) || nest.region.nodes[results[r].0].level == 0);
    if nest.levels() != 1 || !walked_once || rows >= gpu.multiprocessors || n < SPLIT {
        return None;
    }
    let vectors = n.div_ceil(width);
    let split = vectors.div_ceil(WIDE * 4).clamp(1, (gpu.resident(WIDE) / rows.max(1)).max(1));
    if split == 1 {
        return None;
    }
    let mut launch = Launch::new([split, rows, 1], WIDE);
    launch.scratch = nest.folds(1).len() * rows * split * 8;
    launch.counters = rows;
    Some(Schedule {
        family: Family::Rows,
        outer: Levels::of(&[(Unit::Grid(1), rows)]),
        inner: Levels::of(&[
            (Unit::Walk, 0),
            (Unit::Split(0), split),
            (Unit::Thread, WIDE),
            (Unit::Vector, width),
        ]),
        held: Held::Memory,
        tile: None,
        long: true,
        launch,
    })
}

/// The threads of a row, and the vectors that each holds; 0 if the row does not fit.
fn threads(nest: &Nest<'_>, gpu: &Gpu, width: usize, loads: &[usize]) -> (usize, usize) {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let vectors = n.div_ceil(width).max(1);
    let bytes = bytes_of(nest, loads, width).max(1);
    let most = (HELD / bytes).clamp(1, 8);
    // The fewest threads that hold a row in a few vectors each, so that reductions stay within a warp where they
    // can; a whole block holds more.
    let few = most.min(4).min((HELD / 2 / bytes).max(1));
    let least = THREADS.into_iter().find(|t| vectors.div_ceil(*t) <= few).unwrap_or(1024);
    // Few rows: more threads to each.
    let crowd = |t: usize| rows * t < gpu.multiprocessors * CROWD && t < 1024 && t * 2 <= vectors;
    let threads = THREADS.into_iter().find(|&t| t >= least && !crowd(t)).unwrap_or(1024);
    let held = vectors.div_ceil(threads);
    (threads, if n > 0 && held <= most { held } else { 0 })
}

/// A row that is too long for the registers of a block, and that shared memory holds.
fn in_shared_memory(nest: &Nest<'_>, gpu: &Gpu, width: usize, loads: &[usize]) -> Option<Schedule> {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let vectors = n.div_ceil(width).max(1);
    let (threads, held) = threads(nest, gpu, width, loads);
    // An asynchronous copy moves 16 bytes.
    let copied = |i: &usize| {
        nest.read(*i).map_or(0, |(at, _)| at.lane()) == 1 && nest.region.nodes[*i].dtype.size() * width == 16
    };
    let bytes = loads.len() * vectors * 16;
    let fits = !loads.is_empty() && bytes <= gpu.shared_of_each(2).saturating_sub(REDUCTIONS);
    if threads != 1024 || (1..=4).contains(&held) || !fits || !loads.iter().all(copied) {
        return None;
    }
    let held = vectors.div_ceil(WIDE);
    let mut launch = Launch::new([rows, 1, 1], WIDE);
    (launch.shared, launch.resident) = (bytes, 2);
    Some(Schedule {
        family: Family::Rows,
        outer: Levels::of(&[(Unit::Grid(0), rows)]),
        inner: Levels::of(&[(Unit::Serial, held), (Unit::Thread, WIDE), (Unit::Vector, width)]),
        held: Held::Shared(loads.to_vec()),
        tile: None,
        long: held * width > SHORT,
        launch,
    })
}
