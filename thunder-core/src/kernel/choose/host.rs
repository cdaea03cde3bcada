//! Tiles of a CPU: the inner side in runs that vectorised loops are worth, as many rows of them as fill a tile.

use crate::kernel::nest::Nest;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Unit};
use crate::kernel::target::Cpu;
use crate::trace::Walk;

/// Elements that one task adds up where columns are reduced, and where rows are reduced on the way, which is more work.
const COLUMNS: usize = 65_536;
const ACCUMULATE: usize = 16_384;
/// The fewest rows of such a task.
const ROWS: usize = 16;

/// The schedule of a region on a CPU. It depends on the shape and on the caches alone, not on the number of threads, so
/// that sums do not either.
pub fn host(nest: &Nest<'_>, cpu: &Cpu) -> Schedule {
    let (rows, n) = (nest.space.outer.count(), nest.space.inner.count());
    let over_rows = nest.region.accumulates();
    let family = match nest.region.walk {
        Walk::Pointwise => Family::Pointwise,
        Walk::Rows { .. } if over_rows => Family::Accumulate,
        Walk::Rows { .. } => Family::Rows,
        Walk::Columns { .. } => Family::Columns,
    };
    let whole = matches!(nest.region.walk, Walk::Rows { .. }) && (n <= cpu.row() || over_rows);
    let tile_n = if n <= cpu.tile() || whole { n.max(1) } else { cpu.tile() };
    let tile_rows = tile_rows(nest, (cpu.tile() / tile_n).clamp(1, rows.max(1)));
    let cols = n.div_ceil(tile_n);
    let bands = rows.div_ceil(tile_rows);
    let mut scratch = 0;
    let (outer, inner, grid) = match family {
        Family::Columns | Family::Accumulate => {
            let elements = if over_rows { ACCUMULATE } else { COLUMNS };
            let steps = (elements / tile_n).clamp(ROWS, 1 << 20).div_ceil(tile_rows);
            let chunks = rows.div_ceil(steps * tile_rows);
            let folds = if over_rows { nest.accumulations() } else { nest.folds(1) };
            scratch = (chunks + 1) * folds.len() * n * 8;
            let outer = [(Unit::Split(0), chunks), (Unit::Walk, steps), (Unit::Serial, tile_rows)];
            (Levels::of(&outer), [(Unit::Grid(1), cols), (Unit::Serial, tile_n)], [chunks, cols, 1])
        }
        Family::Rows if n > tile_n => {
            (Levels::of(&[(Unit::Grid(0), rows)]), [(Unit::Walk, 0), (Unit::Serial, tile_n)], [rows, 1, 1])
        }
        _ => {
            let outer = [(Unit::Grid(0), bands), (Unit::Serial, tile_rows)];
            (Levels::of(&outer), [(Unit::Grid(1), cols), (Unit::Serial, tile_n)], [bands, cols, 1])
        }
    };
    let mut launch = Launch::new(grid, 1);
    launch.scratch = scratch;
    let held = if n <= tile_n { Held::Registers } else { Held::Memory };
    Schedule { family, outer, inner: Levels::of(&inner), held, tile: None, long: true, launch }
}

/// The rows of a tile, at most `most`. A tile should not straddle the last outer dimension: then its rows lie at even
/// distances.
fn tile_rows(nest: &Nest<'_>, most: usize) -> usize {
    let [_, .., last] = nest.space.outer.extents[..] else { return most };
    let fits = (1..=most.min(last)).rev().find(|t| last % t == 0).unwrap_or(1);
    if last > 1 && fits * 4 >= most { fits } else { most }
}
