//! The iteration space as two linear indices, and memory accesses over it.

use thunder_core::exec::Place;
use thunder_core::kernel::region::Affine;

/// One side of the space: groups of neighbouring dimensions that act as one, the outermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    groups: Vec<Vec<usize>>,
    /// The extent of each group.
    pub extents: Vec<usize>,
}

impl Side {
    fn new(dims: &[usize], range: std::ops::Range<usize>, strides: &[&[usize]]) -> Side {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for d in range.filter(|&d| dims[d] != 1) {
            let joins = |&p: &usize| strides.iter().all(|s| s[p] == s[d] * dims[d]);
            match groups.last_mut() {
                Some(g) if g.last().is_some_and(joins) => g.push(d),
                _ => groups.push(vec![d]),
            }
        }
        let extents = groups.iter().map(|g| g.iter().map(|&d| dims[d]).product()).collect();
        Side { groups, extents }
    }

    /// The number of points.
    pub fn count(&self) -> usize {
        self.extents.iter().product()
    }

    /// The steps of an access along the groups, from its strides along the dimensions.
    fn steps(&self, strides: &[usize]) -> Vec<usize> {
        self.groups.iter().map(|g| strides[g[g.len() - 1]]).collect()
    }

    /// Whether a node that changes along these dimensions changes along this side.
    pub fn moves(&self, along: &[bool]) -> bool {
        self.groups.iter().flatten().any(|&d| along[d])
    }

    /// Whether it changes along the innermost group.
    pub fn moves_last(&self, along: &[bool]) -> bool {
        self.groups.last().is_some_and(|g| g.iter().any(|&d| along[d]))
    }
}

/// Where an element lies at each point: an offset, and steps along the groups of both sides.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub offset: usize,
    pub outer: Vec<usize>,
    pub inner: Vec<usize>,
}

impl Access {
    /// The step between neighbouring lanes of a vector.
    pub fn lane(&self) -> usize {
        self.inner.last().copied().unwrap_or(0)
    }

    /// Whether vectors of `width` elements of `size` bytes start at multiples of their alignment; `base` is the
    /// offset of the pointer.
    fn is_aligned(&self, base: usize, width: usize, size: usize) -> bool {
        let unit = ((width * size).min(16) / size).max(1);
        let lanes = self.inner.len().saturating_sub(1);
        (base + self.offset).is_multiple_of(unit)
            && self.outer.iter().chain(&self.inner[..lanes]).all(|s| s.is_multiple_of(unit))
    }
}

/// The space: an outer and an inner linear index.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub outer: Side,
    pub inner: Side,
}

impl Space {
    /// Of dimensions `dims`, the first `outer` of them the outer side; `strides` are those of every access.
    pub fn new(dims: &[usize], outer: usize, strides: &[&[usize]]) -> Space {
        Space {
            outer: Side::new(dims, 0..outer, strides),
            inner: Side::new(dims, outer..dims.len(), strides),
        }
    }

    /// The access with this offset and these strides along the dimensions.
    pub fn access(&self, offset: usize, strides: &[usize]) -> Access {
        Access { offset, outer: self.outer.steps(strides), inner: self.inner.steps(strides) }
    }

    /// The most elements that every access allows a thread to take at once: accesses come with the offset of
    /// their pointer and the size of their elements.
    pub fn width(&self, accesses: &[(Access, usize, usize)]) -> usize {
        let lanes = self.inner.extents.last().copied().unwrap_or(1);
        let unit: Vec<_> = accesses.iter().filter(|(a, ..)| a.lane() == 1).collect();
        let Some(least) = unit.iter().map(|(.., size)| *size).min() else { return 1 };
        let most = accesses.iter().filter(|(a, ..)| a.lane() != 0).map(|(.., size)| *size).max().unwrap_or(1);
        let fits = |w: usize| {
            w * least <= 16
                && w * most <= 32
                && lanes.is_multiple_of(w)
                && unit.iter().all(|(a, base, size)| a.is_aligned(*base, w, *size))
        };
        [8, 4, 2].into_iter().find(|&w| fits(w)).unwrap_or(1)
    }
}

/// The offset and strides over the region's dimensions of coordinates `at` of a value that lies at `place`,
/// from the place's own first element; coordinate `but` is left out.
pub(crate) fn physical(at: &[Affine], place: &Place, dims: usize, but: Option<usize>) -> (usize, Vec<usize>) {
    let (mut offset, mut strides) = (0, vec![0; dims]);
    for (j, a) in at.iter().enumerate().filter(|(j, _)| Some(*j) != but) {
        let s = place.layout.strides[j];
        offset += a.offset * s;
        for (t, step) in strides.iter_mut().zip(&a.steps) {
            *t += step * s;
        }
    }
    (offset, strides)
}
