//! Operands that lie across the order of the results: tiles go through shared memory, so that every operand is read and
//! every result written along its own contiguous dimension.

use super::width;
use crate::kernel::nest::Nest;
use crate::kernel::region::NodeKind;
use crate::kernel::schedule::{Family, Held, Launch, Levels, Schedule, Tile, Unit};
use crate::kernel::target::Gpu;

/// Elements of a tile along both dimensions.
const SIDE: usize = 64;
const THREADS: usize = 256;
/// Shorter dimensions are not worth a tile.
const LEAST: usize = 32;

/// Elements between the rows of a tile: one bank of shared memory more than a row, so that a column's elements lie in
/// different banks.
pub(crate) fn pitch(side: usize, size: usize) -> usize {
    side + (4 / size).max(1)
}

/// The schedule of a region that reads operands across the order in which it writes, if it is one.
pub(super) fn schedule(nest: &Nest<'_>, gpu: &Gpu) -> Option<Schedule> {
    let extents = &nest.space.inner.extents;
    let last = extents.len().checked_sub(1)?;
    let (mut group, mut loads) = (None, Vec::new());
    for (i, node) in nest.region.nodes.iter().enumerate() {
        let (NodeKind::Load(_), Some((at, _))) = (&node.kind, nest.read(i)) else { continue };
        if at.lane() <= 1 {
            continue;
        }
        let Some(g) = (0..last).find(|&g| at.inner[g] == 1) else { continue };
        if extents[g] >= LEAST && extents[last] >= LEAST && group.is_none_or(|known| known == g) {
            group = Some(g);
            loads.push(i);
        }
    }
    let group = group?;
    let sizes = loads.iter().map(|&i| nest.region.nodes[i].dtype.size());
    let bytes: usize = sizes.map(|size| size * SIDE * pitch(SIDE, size)).sum();
    if bytes > gpu.shared_declared() || nest.written(0).lane() != 1 {
        return None;
    }
    let aligned = |w: usize| {
        loads.iter().all(|&i| {
            let Some((at, p)) = nest.read(i) else { return false };
            let operand = &nest.reads[p];
            let mut others = at.inner.iter().enumerate().filter(|(g, _)| *g != group).map(|(_, s)| s);
            w * operand.dtype.size() <= 16
                && extents[group].is_multiple_of(w)
                && (at.offset + operand.layout.offset).is_multiple_of(w)
                && others.all(|s| s.is_multiple_of(w))
        })
    };
    let read_by = [8, 4, 2].into_iter().find(|&w| aligned(w)).unwrap_or(1);
    let tiles = |g: usize| extents[g].div_ceil(SIDE);
    let others = (0..last).filter(|&g| g != group).map(|g| extents[g]).product::<usize>();
    let blocks = tiles(group) * tiles(last) * others;
    Some(Schedule {
        family: Family::Transpose,
        outer: Levels::default(),
        inner: Levels::of(&[(Unit::Grid(0), blocks), (Unit::Tile, SIDE), (Unit::Vector, width(nest))]),
        held: Held::Memory,
        tile: Some(Tile { group, loads, side: SIDE, width: read_by }),
        long: false,
        launch: Launch::new([blocks, 1, 1], THREADS),
    })
}
