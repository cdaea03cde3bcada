//! A region's space as `rows x n`, and memory accesses over it.

use crate::cpu::access::Access;
use crate::exec::Place;
use crate::kernel::region::{Affine, NodeKind, Region};
use crate::trace::{Schedule, Value};
use crate::types::DType;

/// The space as `rows × n`.
pub(super) struct Split {
    /// For each of the two sides, the groups of region dimensions that act as one.
    pub outer: Vec<Vec<usize>>,
    pub inner: Vec<Vec<usize>>,
    pub dims: Vec<usize>,
}

impl Split {
    pub fn new(region: &Region, params: &[Value], reads: &[Place]) -> Split {
        let mut strides: Vec<Vec<usize>> = Vec::new();
        for node in &region.nodes {
            match &node.kind {
                NodeKind::Load(at) => strides.push(physical(at, place(params, reads, node.value)).1),
                NodeKind::Take { data, at, axis } => {
                    strides.push(physical_but(at, place(params, reads, *data), Some(*axis)).1)
                }
                NodeKind::Iota(at) => strides.push(at.steps.clone()),
                NodeKind::Random { at, .. } => strides.push(at.strides.clone()),
                _ => {}
            }
        }
        strides.extend(region.results.iter().map(|(_, map)| map.strides.clone()));
        let dims = &region.dims;
        // A scalar's coordinates are none, and so are its steps.
        strides.iter_mut().for_each(|s| s.resize(dims.len(), 0));
        let group = |list: std::ops::Range<usize>| {
            let mut groups: Vec<Vec<usize>> = Vec::new();
            for d in list.filter(|&d| dims[d] != 1) {
                let joins = groups
                    .last()
                    .and_then(|g| g.last())
                    .is_some_and(|&p| strides.iter().all(|s| s[p] == s[d] * dims[d]));
                match groups.last_mut() {
                    Some(g) if joins => g.push(d),
                    _ => groups.push(vec![d]),
                }
            }
            groups
        };
        let size = |g: &Vec<usize>| g.iter().map(|&d| dims[d]).product::<usize>();
        let (outer, inner) = if region.schedule == Schedule::Pointwise {
            let mut outer = group(0..dims.len());
            let mut inner: Vec<Vec<usize>> = Vec::new();
            // Short inner dimensions are walked together, so that instructions work on long runs.
            while inner.iter().map(&size).product::<usize>() < 48
                && let Some(g) = outer.pop()
            {
                inner.insert(0, g);
            }
            (outer, inner)
        } else {
            (group(0..region.outer), group(region.outer..dims.len()))
        };
        Split { outer, inner, dims: dims.clone() }
    }

    pub fn extents(&self, side: &[Vec<usize>]) -> Vec<usize> {
        side.iter().map(|g| g.iter().map(|&d| self.dims[d]).product()).collect()
    }

    pub fn access(&self, pointer: usize, dtype: DType, offset: usize, strides: &[usize]) -> Access {
        let of = |side: &[Vec<usize>]| -> Vec<usize> {
            side.iter().map(|g| strides[*g.last().unwrap_or(&0)]).collect()
        };
        Access::new(
            pointer,
            dtype,
            offset,
            &self.extents(&self.outer),
            &of(&self.outer),
            &self.extents(&self.inner),
            &of(&self.inner),
        )
    }
}

pub(super) fn place<'a>(params: &[Value], reads: &'a [Place], v: Value) -> &'a Place {
    let at = params.iter().position(|&p| p == v).expect("an operand of a region is one of its parameters");
    &reads[at]
}

/// The offset from the first element, and the strides, in memory of coordinates `at` of a value that lies at `place`.
pub(super) fn physical(at: &[Affine], place: &Place) -> (usize, Vec<usize>) {
    physical_but(at, place, None)
}

pub(super) fn physical_but(at: &[Affine], place: &Place, axis: Option<usize>) -> (usize, Vec<usize>) {
    let (mut offset, mut strides) = (0, Vec::new());
    for (j, a) in at.iter().enumerate().filter(|(j, _)| Some(*j) != axis) {
        let s = place.layout.strides[j];
        strides.resize(a.steps.len(), 0);
        offset += a.offset * s;
        for (t, step) in strides.iter_mut().zip(&a.steps) {
            *t += step * s;
        }
    }
    let rank = at.first().map_or(0, |a| a.steps.len());
    strides.resize(rank, 0);
    (offset, strides)
}
