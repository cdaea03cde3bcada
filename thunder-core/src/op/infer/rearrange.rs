//! Patterns of dimensions.

use super::{Mismatch, err, start};
use crate::op::{Op, Pattern};
use crate::types::{Extent, MAX_RANK, Shape, Ty};

/// The extents of a pattern's atoms, the missing one of each dimension solved.
pub(super) const fn atoms(p: &Pattern, x: &Shape) -> [Extent; MAX_RANK] {
    let (mut out, mut g) = (p.extents, 0);
    while g < p.inputs as usize {
        let (mut known, mut missing, mut i) = (Extent::ONE, MAX_RANK, 0);
        while i < p.atoms as usize {
            if p.group[i] as usize == g {
                if p.extents[i].is_unknown() {
                    missing = i;
                } else {
                    known = known.mul(p.extents[i]);
                }
            }
            i += 1;
        }
        if missing < MAX_RANK {
            out[missing] = if x.is_unknown() { Extent::UNKNOWN } else { x.at(g).div(known) };
        }
        g += 1;
    }
    out
}

pub(super) const fn rearrange(op: &Op, x: Ty, p: &Pattern, dims: &[&str]) -> Result<Ty, Mismatch> {
    if !x.shape.is_unknown() && x.shape.lead == 0 && x.shape.rank() != p.inputs as usize {
        let text =
            start(op).str("the pattern names ").int(p.inputs as i64).str(" dimensions, the tensor has ");
        return err(0, text.int(x.shape.rank() as i64).str(": ").shape(&x.shape, dims));
    }
    let known = if x.shape.lead == 0 { x.shape } else { Shape::UNKNOWN };
    let extents = atoms(p, &known);
    let mut g = 0;
    while g < p.inputs as usize && !known.is_unknown() {
        let (mut whole, mut given, mut i) = (Extent::ONE, Extent::ONE, 0);
        while i < p.atoms as usize {
            if p.group[i] as usize == g {
                whole = whole.mul(extents[i]);
                given = given.mul(if p.extents[i].is_unknown() { Extent::ONE } else { p.extents[i] });
            }
            i += 1;
        }
        let indivisible = match (known.at(g).value(), given.value()) {
            (Some(size), Some(given)) => given == 0 || size % given != 0,
            _ => false,
        };
        if whole.differs(known.at(g)) || indivisible {
            let text = start(op).str("dimension ").int(g as i64).str(" is ").extent(known.at(g), dims);
            return err(0, text.str(", which the pattern splits by ").extent(given, dims));
        }
        g += 1;
    }
    let (mut out, mut g) = (Shape::new(&[]), 0);
    while g < p.outputs as usize {
        let (mut e, mut i) = (Extent::ONE, 0);
        while i < p.atoms as usize {
            if p.place[i] as usize == g {
                e = e.mul(extents[p.order[i] as usize]);
            }
            i += 1;
        }
        out = out.push(e);
        g += 1;
    }
    Ok(Ty::new(x.elem, out))
}

impl Pattern {
    /// The extents of the atoms for an input of shape `x`, the missing one of each dimension solved.
    pub const fn solve(&self, x: &Shape) -> [Extent; MAX_RANK] {
        atoms(self, x)
    }
}
