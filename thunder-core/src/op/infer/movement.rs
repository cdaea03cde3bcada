//! Reshaping, permuting, slicing, joining.

use super::axes::resolve;
use super::broadcast::same_shape;
use super::check::{cannot, mixed, out_of_range, start_rank, x_unknown};
use super::{Mismatch, err, start};
use crate::op::Op;
use crate::types::{Axes, Axis, Extent, MAX_RANK, Shape, Ty};

pub(super) const fn reshape(op: &Op, x: Ty, shape: Shape, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (from, to) = (x.shape.elems(), shape.elems());
    if from.differs(to) {
        let text = start(op).str("cannot reshape ").shape(&x.shape, dims).str(" to ").shape(&shape, dims);
        let text = text.str(": ").extent(from, dims).str(" elements are not ").extent(to, dims);
        return err(0, text);
    }
    Ok(Ty::new(x.elem, shape))
}

pub(super) const fn permute(op: &Op, x: Ty, axes: Axes, dims: &[&str]) -> Result<Ty, Mismatch> {
    if x.shape.is_unknown() || axes.is_unknown() {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    let rank = x.shape.rank();
    if x.shape.lead != 0 {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    if axes.len(rank) != rank {
        return err(0, start_rank(op, &x.shape, axes.len(rank), dims));
    }
    let (mut out, mut seen, mut i) = (x.shape, [false; MAX_RANK], 0);
    while i < rank {
        let Some(at) = tri!(resolve(op, axes.axis(i), &x.shape, dims)) else { return Ok(x_unknown(x)) };
        if seen[at] {
            return err(0, start(op).str("axis ").int(at as i64).str(" is listed twice"));
        }
        seen[at] = true;
        out = out.with(i, x.shape.at(at));
        i += 1;
    }
    Ok(Ty::new(x.elem, out))
}

pub(super) const fn slice(
    op: &Op,
    x: Ty,
    start_at: &Shape,
    end: &Shape,
    dims: &[&str],
) -> Result<Ty, Mismatch> {
    if x.shape.is_unknown() || start_at.is_unknown() || end.is_unknown() {
        let rank = if start_at.is_unknown() { Shape::UNKNOWN } else { Shape::of_rank(start_at.rank()) };
        return Ok(Ty::new(x.elem, rank));
    }
    if start_at.rank() != x.shape.rank() || end.rank() != x.shape.rank() {
        return err(0, start_rank(op, &x.shape, start_at.rank(), dims));
    }
    let (mut out, mut i) = (x.shape, 0);
    while i < out.rank() {
        let (from, to, size) = (start_at.at(i), end.at(i), x.shape.at(i));
        if let (Some(from), Some(to)) = (from.value(), to.value())
            && from > to
        {
            let text = start(op).str("the range ").int(from as i64).str("..").int(to as i64);
            return err(0, text.str(" of dimension ").int(i as i64).str(" runs backwards"));
        }
        if let (Some(to), Some(size)) = (to.value(), size.value())
            && to > size
        {
            return err(0, out_of_range(op, to, size));
        }
        out = out.with(i, to.sub(from));
        i += 1;
    }
    Ok(Ty::new(x.elem, out))
}

pub(super) const fn cat(op: &Op, args: &[Ty], axis: Axis, dims: &[&str]) -> Result<Ty, Mismatch> {
    if args.is_empty() {
        return err(0, start(op).str("needs at least one tensor"));
    }
    let x = args[0];
    let Some(at) = tri!(resolve(op, axis, &x.shape, dims)) else { return Ok(x_unknown(x)) };
    let (mut total, mut i) = (x.shape.at(at), 1);
    while i < args.len() {
        let y = args[i];
        if x.elem.differs(y.elem) {
            return err(i, mixed(op, x, y, dims));
        }
        if y.shape.is_unknown() || y.shape.lead != x.shape.lead {
            return Ok(x_unknown(x));
        }
        if y.shape.rank() != x.shape.rank() {
            return err(i, start_rank(op, &y.shape, x.shape.rank(), dims));
        }
        let (one, other) = (x.shape.with(at, Extent::ONE), y.shape.with(at, Extent::ONE));
        if same_shape(op, &one, &other, i, dims).is_err() {
            return err(i, cannot(op, &y.shape, &x.shape, dims));
        }
        total = total.add(y.shape.at(at));
        i += 1;
    }
    Ok(Ty::new(x.elem, x.shape.with(at, total)))
}

/// `s` with dimension `at` replaced by the dimensions of `i`.
pub(super) const fn replace(s: &Shape, at: usize, i: &Shape) -> Shape {
    if i.is_unknown() || (i.lead != 0 && (at > 0 || s.lead != 0)) {
        return Shape::UNKNOWN;
    }
    let mut out = Shape::new(&[]);
    out.lead = if s.lead != 0 { s.lead } else { i.lead };
    let mut k = 0;
    while k < s.rank() {
        if k == at {
            let mut j = 0;
            while j < i.rank() {
                out = out.push(i.at(j));
                j += 1;
            }
        } else {
            out = out.push(s.at(k));
        }
        k += 1;
    }
    out
}
