//! Axes, and what reducing them leaves.

use super::{Mismatch, err, start};
use crate::op::{Flag, Op};
use crate::types::{Axes, Axis, Extent, MAX_RANK, Shape};

pub(super) const fn resolve(
    op: &Op,
    axis: Axis,
    s: &Shape,
    dims: &[&str],
) -> Result<Option<usize>, Mismatch> {
    resolve_in(op, axis, s, 0, dims)
}

/// The axis from the front among `rank + more` dimensions; `None` where it can't be known.
pub(super) const fn resolve_in(
    op: &Op,
    axis: Axis,
    s: &Shape,
    more: usize,
    dims: &[&str],
) -> Result<Option<usize>, Mismatch> {
    if s.is_unknown() || axis.0 == Axis::UNKNOWN.0 {
        return Ok(None);
    }
    if s.lead != 0 && (axis.0 >= 0 || -(axis.0 as isize) > (s.rank() + more) as isize) {
        return Ok(None);
    }
    match axis.resolve(s.rank() + more) {
        Some(at) => Ok(Some(at)),
        None => {
            let text = start(op).str("axis ").int(axis.0 as i64).str(" is out of range for ").shape(s, dims);
            let n = (s.rank() + more) as i64;
            if n == 0 {
                return err(0, text.str(", which has no axes"));
            }
            err(0, text.str(": axes go from ").int(-n).str(" to ").int(n - 1))
        }
    }
}

pub(super) const fn reduced(
    op: &Op,
    s: &Shape,
    axes: Axes,
    keepdim: Flag,
    dims: &[&str],
) -> Result<Shape, Mismatch> {
    if axes.is_all() && matches!(keepdim, Flag::No) {
        return Ok(Shape::SCALAR);
    }
    if s.is_unknown() || axes.is_unknown() || matches!(keepdim, Flag::Free) {
        return Ok(Shape::UNKNOWN);
    }
    let (mut i, mut drop) = (0, [false; MAX_RANK]);
    while i < axes.len(s.rank()) {
        let Some(at) = tri!(resolve(op, axes.axis(i), s, dims)) else { return Ok(Shape::UNKNOWN) };
        if drop[at] {
            return err(0, start(op).str("axis ").int(at as i64).str(" is listed twice"));
        }
        drop[at] = true;
        i += 1;
    }
    let mut out = Shape::new(&[]);
    out.lead = s.lead;
    let mut i = 0;
    while i < s.rank() {
        if !drop[i] {
            out = out.push(s.at(i));
        } else if keepdim.is_yes() {
            out = out.push(Extent::ONE);
        }
        i += 1;
    }
    Ok(out)
}
