//! Memory planning: where in one arena each intermediate lies.

/// A block that must lie in the arena while steps `first..=last` run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetime {
    /// Bytes.
    pub bytes: usize,
    /// The step that writes it.
    pub first: usize,
    /// The last step that reads it.
    pub last: usize,
}

/// Blocks start at multiples of this.
pub const ALIGN: usize = 64;

/// Offsets for the blocks such that no two that live at once overlap, and the arena's size.
///
/// Best fit, the largest blocks first: each takes the smallest gap that is free during its whole life.
///
/// ```
/// use thunder_core::transform::memory::{Lifetime, assign};
/// let of = |bytes, first, last| Lifetime { bytes, first, last };
/// let (offsets, size) = assign(&[of(64, 0, 1), of(64, 1, 2), of(64, 2, 3)]);
/// assert_eq!((offsets[0], offsets[2], size), (offsets[2], offsets[0], 128));
/// ```
pub fn assign(blocks: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(blocks[i].bytes), blocks[i].first));
    let (mut offsets, mut size) = (vec![0; blocks.len()], 0);
    // Placed blocks as (offset, end, block), sorted by offset.
    let mut placed: Vec<(usize, usize, usize)> = Vec::new();
    for i in order {
        let b = blocks[i];
        let need = b.bytes.next_multiple_of(ALIGN);
        let (mut best, mut at): (Option<(usize, usize)>, usize) = (None, 0);
        for &(start, end, j) in &placed {
            if blocks[j].last < b.first || b.last < blocks[j].first {
                continue;
            }
            if start > at && start - at >= need && best.is_none_or(|(gap, _)| start - at < gap) {
                best = Some((start - at, at));
            }
            at = at.max(end);
        }
        let offset = best.map_or(at, |(_, offset)| offset);
        offsets[i] = offset;
        size = size.max(offset + need);
        let place = placed.partition_point(|p| p.0 < offset);
        placed.insert(place, (offset, offset + need, i));
    }
    (offsets, size)
}
