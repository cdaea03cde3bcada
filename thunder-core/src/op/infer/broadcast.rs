//! Broadcasting, by NumPy's rule over names.

use super::check::cannot;
use super::{Mismatch, err, start};
use crate::op::Op;
use crate::types::{Shape, Text};

/// The shape that `a` and `b` broadcast to, by NumPy's rule over names.
///
/// # Errors
/// A pair of extents that nothing says are equal, neither of them 1.
pub const fn broadcast(a: &Shape, b: &Shape, dims: &[&str]) -> Result<Shape, Mismatch> {
    broadcast_at(&Op::Add, a, b, 1, dims)
}

pub(super) const fn broadcast_at(
    op: &Op,
    a: &Shape,
    b: &Shape,
    arg: usize,
    dims: &[&str],
) -> Result<Shape, Mismatch> {
    if a.is_unknown() || b.is_unknown() {
        return Ok(Shape::UNKNOWN);
    }
    if a.lead != 0 && b.lead != 0 && (a.lead != b.lead || a.rank() != b.rank()) {
        return Ok(Shape::UNKNOWN);
    }
    // With a lead on one side, the other must lie within the stated dimensions.
    let (wide, thin) = if (b.lead != 0 && a.lead == 0) || (a.lead == b.lead && b.rank() > a.rank()) {
        (b, a)
    } else {
        (a, b)
    };
    if thin.rank() > wide.rank() {
        return Ok(Shape::UNKNOWN);
    }
    let (mut out, skip, mut i) = (*wide, wide.rank() - thin.rank(), 0);
    while i < thin.rank() {
        let (x, y) = (wide.at(skip + i), thin.at(i));
        let e = if x.is(1) {
            y
        } else if y.is(1) {
            x
        } else if x.differs(y) {
            let text = start(op).str("shapes ").shape(a, dims).str(" and ").shape(b, dims);
            let text = text.str(" do not broadcast: ").unequal(x, y, dims);
            return err(arg, broadcast_help(text, a, b, dims));
        } else if x.is_unknown() {
            // An unknown extent may be 1: the other side decides only if it is not 1, which holds for names.
            y
        } else {
            x
        };
        out = out.with(skip + i, e);
        i += 1;
    }
    Ok(out)
}

/// What to write instead: where the thin operand's extents stand elsewhere in the wide one, say so.
pub(super) const fn broadcast_help(text: Text, a: &Shape, b: &Shape, dims: &[&str]) -> Text {
    let (wide, thin) = if b.rank() > a.rank() { (b, a) } else { (a, b) };
    if thin.rank() == 1 {
        let mut i = 0;
        while i < wide.rank() {
            if matches!(wide.at(i).relation(thin.at(0)), crate::types::Relation::Equal) && i + 1 < wide.rank()
            {
                let text = text.str("\n\n       help: to line up ").extent(thin.at(0), dims);
                let mut text = text.str(", add dimensions after it: `.reshape((").extent(thin.at(0), dims);
                let mut k = i + 1;
                while k < wide.rank() {
                    text = text.str(", 1");
                    k += 1;
                }
                return text.str("))`");
            }
            i += 1;
        }
    }
    text.str("\n\n       help: dimensions line up from the last; give equal ones one name in the signature")
}

pub(super) const fn same_shape(
    op: &Op,
    a: &Shape,
    b: &Shape,
    arg: usize,
    dims: &[&str],
) -> Result<(), Mismatch> {
    if a.is_unknown() || b.is_unknown() || a.lead != b.lead {
        return Ok(());
    }
    if a.rank() != b.rank() {
        return err(arg, cannot(op, b, a, dims));
    }
    let mut i = 0;
    while i < a.rank() {
        if a.at(i).differs(b.at(i)) {
            return err(arg, cannot(op, b, a, dims));
        }
        i += 1;
    }
    Ok(())
}
