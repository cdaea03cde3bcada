//! Memory planning: where in one arena each intermediate lies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

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

/// The most blocks for which every gap is looked at: that takes time quadratic in their number.
const FEW: usize = 4096;

/// Offsets for the blocks such that no two that live at once overlap, and the arena's size.
///
/// Best fit, the largest blocks first: each takes the smallest gap that is free during its whole life. More than a few
/// thousand blocks, as loops have, are placed in the order of the steps, which takes hardly longer than sorting them.
///
/// ```
/// use thunder_core::transform::memory::{Lifetime, assign};
/// let of = |bytes, first, last| Lifetime { bytes, first, last };
/// let (offsets, size) = assign(&[of(64, 0, 1), of(64, 1, 2), of(64, 2, 3)]);
/// assert_eq!((offsets[0], offsets[2], size), (offsets[2], offsets[0], 128));
/// ```
pub fn assign(blocks: &[Lifetime]) -> (Vec<usize>, usize) {
    if blocks.len() > FEW { in_order(blocks) } else { largest_first(blocks) }
}

fn largest_first(blocks: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&i| (Reverse(blocks[i].bytes), blocks[i].first));
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

/// Each block, when it is first written, takes the smallest of the gaps that are free then.
fn in_order(blocks: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&i| (blocks[i].first, Reverse(blocks[i].bytes)));
    let (mut offsets, mut size, mut gaps) = (vec![0; blocks.len()], 0, Gaps::default());
    // Blocks in use, those that end first on top.
    let mut used: BinaryHeap<Reverse<(usize, usize, usize)>> = BinaryHeap::new();
    for i in order {
        let b = blocks[i];
        while let Some(&Reverse((last, start, end))) = used.peek()
            && last < b.first
        {
            used.pop();
            gaps.add(start, end);
        }
        let need = b.bytes.next_multiple_of(ALIGN);
        if need == 0 {
            continue;
        }
        let start = gaps.take(need).unwrap_or_else(|| gaps.extend(need, &mut size));
        offsets[i] = start;
        used.push(Reverse((b.last, start, start + need)));
    }
    (offsets, size)
}

/// The free parts of an arena, no two of which touch.
#[derive(Default)]
struct Gaps {
    /// The end of each, by its start.
    ends: BTreeMap<usize, usize>,
    /// The same by size.
    sizes: BTreeSet<(usize, usize)>,
}

impl Gaps {
    fn insert(&mut self, start: usize, end: usize) {
        if start < end {
            self.ends.insert(start, end);
            self.sizes.insert((end - start, start));
        }
    }

    fn remove(&mut self, start: usize, end: usize) {
        self.ends.remove(&start);
        self.sizes.remove(&(end - start, start));
    }

    /// Frees a part, which becomes one with its neighbours.
    fn add(&mut self, mut start: usize, mut end: usize) {
        if let Some((&s, &e)) = self.ends.range(..start).next_back()
            && e == start
        {
            self.remove(s, e);
            start = s;
        }
        if let Some(&e) = self.ends.get(&end) {
            self.remove(end, e);
            end = e;
        }
        self.insert(start, end);
    }

    /// The start of the smallest gap of `need` bytes or more, which are then used.
    fn take(&mut self, need: usize) -> Option<usize> {
        let &(size, start) = self.sizes.range((need, 0)..).next()?;
        self.remove(start, start + size);
        self.insert(start + need, start + size);
        Some(start)
    }

    /// `need` bytes at the end of the arena, whose size grows by what the gap there lacks.
    fn extend(&mut self, need: usize, size: &mut usize) -> usize {
        let start = match self.ends.last_key_value() {
            Some((&start, &end)) if end == *size => {
                self.remove(start, end);
                start
            }
            _ => *size,
        };
        *size = start + need;
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two blocks that live at once overlap, whichever way they are placed.
    #[test]
    fn blocks_that_live_at_once_lie_apart() {
        let mut seed = 7u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for _ in 0..20 {
            let blocks: Vec<Lifetime> = (0..200)
                .map(|_| {
                    let first = random(300);
                    Lifetime { bytes: random(5000), first, last: first + random(40) }
                })
                .collect();
            for (offsets, size) in [largest_first(&blocks), in_order(&blocks)] {
                for (i, a) in blocks.iter().enumerate() {
                    assert!(offsets[i].is_multiple_of(ALIGN) && offsets[i] + a.bytes <= size);
                    for (j, b) in blocks.iter().enumerate().skip(i + 1) {
                        let at_once = a.first <= b.last && b.first <= a.last;
                        let apart = offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i];
                        assert!(!at_once || apart, "{a:?} at {} and {b:?} at {}", offsets[i], offsets[j]);
                    }
                }
            }
        }
    }

    /// The forward and the backward pass of a loop take what is kept, and little more.
    #[test]
    fn a_loop_wastes_nothing() {
        let steps = 10_000;
        let blocks: Vec<Lifetime> =
            (0..steps).map(|i| Lifetime { bytes: 64, first: i, last: 2 * steps - i }).collect();
        assert_eq!(assign(&blocks).1, 64 * steps);
        let short: Vec<Lifetime> =
            (0..steps).map(|i| Lifetime { bytes: 64, first: i, last: i + 1 }).collect();
        assert_eq!(assign(&short).1, 128);
    }
}
