//! Products: of matrices, linear maps, attention, einsum.

use super::broadcast::{broadcast_at, same_shape};
use super::check::{cannot, mixed, start_rank};
use super::{Mismatch, err, start};
use crate::op::Op;
use crate::types::{Axis, Extent, MAX_RANK, Relation, Shape, Ty};

pub(super) const fn contract(
    op: &Op,
    a: &Shape,
    ka: Extent,
    b: &Shape,
    kb: Extent,
    dims: &[&str],
) -> Result<(), Mismatch> {
    if ka.differs(kb) {
        let text = start(op).str("cannot contract ").shape(a, dims).str(" with ").shape(b, dims);
        let text = text.str(": ").unequal(ka, kb, dims);
        if !matches!(op, Op::Matmul) {
            return err(1, text);
        }
        // A side whose other dimension would fit is likely the wrong way round.
        let right = b.rank() >= 2 && matches!(b.at(b.rank() - 1).relation(ka), Relation::Equal);
        let left = a.rank() >= 2 && matches!(a.at(a.rank() - 2).relation(kb), Relation::Equal);
        let help = match (left, right) {
            (true, true) => "transpose one of the two sides: `x.t()`",
            (false, true) => "transpose the right side: `y.t()`",
            (true, false) => "transpose the left side: `x.t()`",
            (false, false) => return err(1, text),
        };
        return err(1, text.str("\n\n       help: ").str(help));
    }
    Ok(())
}

pub(super) const fn matmul(op: &Op, a: &Shape, b: &Shape, dims: &[&str]) -> Result<Shape, Mismatch> {
    if a.is_unknown() || b.is_unknown() {
        return Ok(Shape::UNKNOWN);
    }
    if a.rank() < 2 && a.lead == 0 {
        return err(0, start(op).str("needs at least 2 dimensions, found ").shape(a, dims));
    }
    if b.rank() < 2 && b.lead == 0 {
        return err(1, start(op).str("needs at least 2 dimensions, found ").shape(b, dims));
    }
    if b.rank() < 2 {
        return Ok(Shape::UNKNOWN);
    }
    tri!(contract(op, a, a.get(Axis(-1)), b, b.get(Axis(-2)), dims));
    let n = b.get(Axis(-1));
    if a.rank() < 2 || b.lead != 0 {
        if b.lead == 0 && b.rank() == 2 && a.rank() == 1 {
            return Ok(a.with(0, n));
        }
        return Ok(Shape::UNKNOWN);
    }
    let m = a.get(Axis(-2));
    let a_lead = a.remove(a.rank() - 1).remove(a.rank() - 2);
    let b_lead = b.remove(b.rank() - 1).remove(b.rank() - 2);
    let lead = tri!(broadcast_at(op, &a_lead, &b_lead, 1, dims));
    Ok(lead.push(m).push(n))
}

pub(super) const fn linear(op: &Op, args: &[Ty], bias: bool, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (x, w) = (args[0], args[1]);
    if x.elem.differs(w.elem) {
        return err(1, mixed(op, x, w, dims));
    }
    if x.shape.is_unknown() || w.shape.is_unknown() {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    if w.shape.rank() != 2 {
        return err(1, start_rank(op, &w.shape, 2, dims));
    }
    if x.shape.rank() < 1 {
        return err(0, start(op).str("needs at least 1 dimension, found ").shape(&x.shape, dims));
    }
    tri!(contract(op, &x.shape, x.shape.get(Axis(-1)), &w.shape, w.shape.at(1), dims));
    if bias && !args[2].shape.is_unknown() {
        tri!(same_shape(op, &Shape::new(&[w.shape.at(0)]), &args[2].shape, 2, dims));
    }
    Ok(Ty::new(x.elem, x.shape.with(x.shape.rank() - 1, w.shape.at(0))))
}

pub(super) const fn sdpa(op: &Op, args: &[Ty], mask: bool, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (q, k, v) = (args[0], args[1], args[2]);
    let mut i = 1;
    while i < 3 {
        if q.elem.differs(args[i].elem) {
            return err(i, mixed(op, q, args[i], dims));
        }
        i += 1;
    }
    if q.shape.is_unknown() || k.shape.is_unknown() || v.shape.is_unknown() || q.shape.lead != 0 {
        return Ok(q);
    }
    let rank = q.shape.rank();
    if rank < 3 {
        return err(0, start(op).str("expected (.., heads, time, width), found ").shape(&q.shape, dims));
    }
    if k.shape.rank() != rank {
        return err(1, start_rank(op, &k.shape, rank, dims));
    }
    if v.shape.rank() != rank {
        return err(2, start_rank(op, &v.shape, rank, dims));
    }
    tri!(contract(op, &q.shape, q.shape.at(rank - 1), &k.shape, k.shape.at(rank - 1), dims));
    let mut i = 0;
    while i < rank - 1 {
        if k.shape.at(i).differs(v.shape.at(i)) {
            return err(2, cannot(op, &v.shape, &k.shape, dims));
        }
        if i < rank - 3 && q.shape.at(i).differs(k.shape.at(i)) {
            return err(1, cannot(op, &k.shape, &q.shape, dims));
        }
        i += 1;
    }
    if let (Some(heads), Some(shared)) = (q.shape.at(rank - 3).value(), k.shape.at(rank - 3).value())
        && (shared == 0 || heads % shared != 0)
    {
        let text = start(op).int(heads as i64).str(" query heads do not divide among ").int(shared as i64);
        return err(1, text.str(" key heads"));
    }
    if mask && !args[3].shape.is_unknown() {
        let mut scores = Shape::new(&[]);
        let mut i = 0;
        while i < rank - 1 {
            scores = scores.push(q.shape.at(i));
            i += 1;
        }
        scores = scores.push(k.shape.at(rank - 2));
        tri!(broadcast_at(op, &scores, &args[3].shape, 3, dims));
    }
    Ok(Ty::new(q.elem, q.shape.with(rank - 1, v.shape.at(rank - 1))))
}

pub(super) const fn einsum(op: &Op, spec: &[u8], args: &[Ty], dims: &[&str]) -> Result<Ty, Mismatch> {
    let mut extents = [Extent::UNKNOWN; 26];
    let mut seen = [false; 26];
    let (mut at, mut arg, mut place) = (0, 0, 0);
    while at < spec.len() && spec[at] != b'-' {
        let c = spec[at];
        if c == b',' {
            if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.rank() != place {
                return err(arg, start_rank(op, &args[arg].shape, place, dims));
            }
            arg += 1;
            place = 0;
        } else if c.is_ascii_lowercase() {
            if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.lead == 0 {
                let s = args[arg].shape;
                if place >= s.rank() {
                    return err(
                        arg,
                        start(op).str("the specification names more dimensions than ").shape(&s, dims),
                    );
                }
                let k = (c - b'a') as usize;
                if extents[k].differs(s.at(place)) {
                    let mut one = [0u8; 1];
                    one[0] = c;
                    let name = match std::str::from_utf8(&one) {
                        Ok(s) => s,
                        Err(_) => "?",
                    };
                    let name_is = [name];
                    let text = start(op).str("`").str(name_is[0]).str("` is ").extent(extents[k], dims);
                    return err(
                        arg,
                        text.str(" in one operand and ").extent(s.at(place), dims).str(" in another"),
                    );
                }
                if extents[k].is_unknown() {
                    extents[k] = s.at(place);
                }
            }
            seen[(c - b'a') as usize] = true;
            place += 1;
        } else if c != b' ' {
            return err(0, start(op).str("the specification takes lower-case letters, `,` and `->`"));
        }
        at += 1;
    }
    if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.rank() != place {
        return err(arg, start_rank(op, &args[arg].shape, place, dims));
    }
    if arg + 1 != args.len() {
        let text = start(op).str("the specification names ").int(arg as i64 + 1).str(" operands, given ");
        let text = if args.len() == 1 { text.str("is ") } else { text.str("are ") };
        return err(0, text.int(args.len() as i64));
    }
    let (mut names, mut k) = (0, 0);
    while k < seen.len() {
        names += seen[k] as usize;
        k += 1;
    }
    // Contracting two operands at a time keeps at most all the indices at once.
    if names > MAX_RANK {
        let text = start(op).str("the specification names ").int(names as i64).str(" indices, at most ");
        return err(0, text.int(MAX_RANK as i64).str(" are supported"));
    }
    if at + 1 >= spec.len() || spec[at + 1] != b'>' {
        return err(0, start(op).str("the specification must name its result: `ij,jk->ik`"));
    }
    at += 2;
    let mut out = Shape::new(&[]);
    while at < spec.len() {
        let c = spec[at];
        if c.is_ascii_lowercase() {
            if !seen[(c - b'a') as usize] {
                return err(0, start(op).str("the result names an index that no operand has"));
            }
            out = out.push(extents[(c - b'a') as usize]);
        } else if c != b' ' {
            return err(0, start(op).str("the specification takes lower-case letters, `,` and `->`"));
        }
        at += 1;
    }
    let mut i = 1;
    while i < args.len() {
        if args[0].elem.differs(args[i].elem) {
            return err(i, mixed(op, args[0], args[i], dims));
        }
        i += 1;
    }
    Ok(Ty::new(args[0].elem, out))
}
