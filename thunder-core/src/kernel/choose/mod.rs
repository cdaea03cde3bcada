//! The choice of a schedule: pure functions of a region, of how its operands lie in memory, and of the device.

mod accumulate;
mod columns;
mod host;
mod pointwise;
mod rows;
mod transpose;

pub use host::host;
pub(crate) use transpose::pitch;

use super::collapse::Steps;
use super::nest::Nest;
use super::schedule::Schedule;
use super::target::Gpu;
use crate::trace::Walk;

/// The most elements that one thread adds up in f32.
const SHORT: usize = 32;
/// Bytes of a row that one thread holds in registers.
const HELD: usize = 128;

/// The kernels that compute a region on a GPU, one after another.
pub fn gpu(nest: &Nest<'_>, gpu: &Gpu) -> Vec<Schedule> {
    match nest.region.walk {
        Walk::Rows { .. } if nest.region.accumulates() => accumulate::schedules(nest, gpu),
        Walk::Rows { .. } => vec![rows::schedule(nest, gpu)],
        Walk::Columns { .. } => vec![columns::schedule(nest, gpu)],
        Walk::Pointwise => {
            vec![transpose::schedule(nest, gpu).unwrap_or_else(|| pointwise::schedule(nest, gpu))]
        }
    }
}

/// The most elements that every access allows a thread to move at once: 16 bytes, or twice that where element types
/// differ in size.
fn width(nest: &Nest<'_>) -> usize {
    let accesses = nest.memory();
    let lanes = nest.space.inner.extents.last().copied().unwrap_or(1);
    let unit: Vec<_> = accesses.iter().filter(|(a, ..)| a.lane() == 1).collect();
    let Some(least) = unit.iter().map(|(.., size)| *size).min() else { return 1 };
    let most = accesses.iter().filter(|(a, ..)| a.lane() != 0).map(|(.., size)| *size).max().unwrap_or(1);
    let fits = |w: usize| {
        w * least <= 16
            && w * most <= 32
            && lanes.is_multiple_of(w)
            && unit.iter().all(|(a, base, size)| is_aligned(a, *base, w, *size))
    };
    [8, 4, 2].into_iter().find(|&w| fits(w)).unwrap_or(1)
}

/// Whether vectors of `width` elements of `size` bytes start at multiples of their alignment; `base` is the offset of
/// the pointer.
fn is_aligned(a: &Steps, base: usize, width: usize, size: usize) -> bool {
    let unit = ((width * size).min(16) / size).max(1);
    let lanes = a.inner.len().saturating_sub(1);
    (base + a.offset).is_multiple_of(unit)
        && a.outer.iter().chain(&a.inner[..lanes]).all(|s| s.is_multiple_of(unit))
}

/// Bytes that a thread loads of rows with one vector of each of these loads.
fn bytes_of(nest: &Nest<'_>, loads: &[usize], width: usize) -> usize {
    loads.iter().map(|&i| nest.region.nodes[i].dtype.size() * width).sum()
}

/// The nodes that the results need.
fn all(nest: &Nest<'_>) -> Vec<usize> {
    nest.needed(nest.region.results.iter().map(|r| r.0), |_| false)
}
