//! The iteration space under construction.

use super::{Map, row_major, walk_of};
use crate::op::Op;
use crate::trace::{Inst, Kind, Trace, Value, Walk};

/// The iteration space under construction.
pub(super) struct Space {
    pub walk: Walk,
    pub dims: Vec<usize>,
    /// Row-major strides of a full value, by its own order of dimensions.
    pub full: Vec<usize>,
    /// Whether each dimension is reduced.
    pub reduced: Vec<bool>,
}

impl Space {
    pub fn new(
        trace: &Trace,
        walk: Walk,
        results: &[Value],
        inside: &dyn Fn(Value) -> Option<Inst>,
    ) -> Result<Space, String> {
        if walk == Walk::Pointwise {
            let widest = results.iter().max_by_key(|v| (trace.ty(**v).count(), trace.ty(**v).shape.rank()));
            let dims = widest.map_or(Vec::new(), |v| trace.ty(*v).sizes());
            let (full, reduced) = (row_major(&dims), vec![false; dims.len()]);
            return Ok(Space { walk, dims, full, reduced });
        }
        let inst = first_reduce(trace, walk, results, inside).ok_or("there is no reduction")?;
        let data = trace.data(inst);
        let Kind::Op(op) = data.kind else { return Err("there is no reduction".into()) };
        let sizes = trace.ty(data.args[0]).sizes();
        let strides = row_major(&sizes);
        let axes = op.reduced_axes(sizes.len());
        let (kept, gone): (Vec<usize>, Vec<usize>) = (0..sizes.len()).partition(|i| !axes.contains(i));
        let order = match walk {
            Walk::Columns { .. } => [gone, kept].concat(),
            _ => [kept, gone].concat(),
        };
        Ok(Space {
            walk,
            dims: order.iter().map(|&i| sizes[i]).collect(),
            full: order.iter().map(|&i| strides[i]).collect(),
            reduced: order.iter().map(|i| axes.contains(i)).collect(),
        })
    }

    pub fn outer(&self) -> usize {
        match self.walk {
            Walk::Pointwise => self.dims.len(),
            Walk::Rows { .. } => self.reduced.iter().filter(|r| !**r).count(),
            Walk::Columns { .. } => self.reduced.iter().filter(|r| **r).count(),
        }
    }

    pub fn split(&mut self, dim: usize, inner: usize) {
        let n = self.dims[dim];
        self.dims.splice(dim..=dim, [n / inner, inner]);
        let s = self.full[dim];
        self.full.splice(dim..=dim, [s * inner, s]);
        self.reduced.insert(dim, self.reduced[dim]);
    }

    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    pub fn map(&self, offset: usize, strides: Vec<usize>) -> Map {
        let strides = strides.iter().zip(&self.dims).map(|(&s, &n)| if n == 1 { 0 } else { s }).collect();
        Map { offset, strides }
    }

    /// The map of a value with an element for each point.
    pub fn full_map(&self) -> Map {
        self.map(0, self.full.clone())
    }

    /// The points along the dimensions that are reduced, or along those that are not.
    pub fn size(&self, reduced: bool) -> usize {
        self.dims.iter().zip(&self.reduced).filter(|(_, r)| **r == reduced).map(|(n, _)| n).product()
    }

    /// Row-major strides over the dimensions that are reduced, or over those that are not; 0 elsewhere.
    pub fn part(&self, reduced: bool) -> Map {
        let mut strides = vec![0; self.dims.len()];
        let mut step = 1;
        for d in (0..self.dims.len()).rev().filter(|&d| self.reduced[d] == reduced) {
            strides[d] = step;
            step *= self.dims[d].max(1);
        }
        self.map(0, strides)
    }
}

/// Whether a reduction of values with these extents runs over rows under `Rows`, or over columns under `Columns`.
pub(super) fn suits(walk: Walk, op: &Op, sizes: &[usize]) -> bool {
    std::mem::discriminant(&walk_of(op, sizes)) == std::mem::discriminant(&walk)
}

fn first_reduce(
    trace: &Trace,
    walk: Walk,
    results: &[Value],
    inside: &dyn Fn(Value) -> Option<Inst>,
) -> Option<Inst> {
    let mut stack: Vec<Value> = results.to_vec();
    let mut seen = std::collections::HashSet::new();
    while let Some(v) = stack.pop() {
        let Some(i) = inside(v) else { continue };
        if !seen.insert(i) {
            continue;
        }
        let data = trace.data(i);
        if matches!(data.kind, Kind::Op(op) if op.is_reduce() && suits(walk, &op, &trace.ty(data.args[0]).sizes()))
        {
            return Some(i);
        }
        stack.extend(&data.args);
    }
    None
}
