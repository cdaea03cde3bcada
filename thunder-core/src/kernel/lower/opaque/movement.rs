//! What moves elements and computes nothing.

use super::{Call, Opaque, address, width, with};
use crate::kernel::ir::{Expr, Kernel, Note, Stmt, Type};
use crate::kernel::lower::build::Build;
use crate::op::Lit;
use crate::types::DType;

/// One operand after another along `axis`.
pub(super) fn cat(call: Call<'_>, axis: usize) -> Kernel {
    let data = call.reads.len();
    let mut o = Opaque::new(call, width(call, data, &[]), data);
    let sizes = o.write.sizes.clone();
    let (i, c) = o.each(&sizes);
    // From the last to the first: each is taken below its end.
    let mut end = sizes[axis];
    let mut value: Option<Expr> = None;
    for r in (0..data).rev().filter(|&r| call.reads[r].layout.sizes[axis] > 0) {
        let start = end - o.reads[r].sizes[axis];
        let own = o.load(r, &with(&c, axis, c[axis].clone() - start));
        value = Some(match value {
            None => own,
            Some(rest) => Expr::If(Box::new(c[axis].clone().lt(end)), Box::new(own), Box::new(rest)),
        });
        end = start;
    }
    o.push(Stmt::Store(o.q, i, value.unwrap_or(Expr::Zeros)));
    o.finish()
}

/// The operand within `value`.
pub(super) fn pad(call: Call<'_>, lo: &[usize], value: Lit) -> Kernel {
    let last = lo.last().copied().unwrap_or(0);
    let mut o = Opaque::new(call, width(call, 1, &[last]), 1);
    let mut lo = lo.to_vec();
    if let Some(l) = lo.last_mut() {
        *l /= o.width;
    }
    let sizes = o.write.sizes.clone();
    let (i, c) = o.each(&sizes);
    let fill = Expr::As(o.dtype, Box::new(Expr::Lit(value, o.dtype)));
    let x = o.var("x", Type::vector(o.dtype, o.width));
    if o.width == 1 {
        o.push(Stmt::Mutable(x, Some(fill), Note::None));
    } else {
        o.push(Stmt::Mutable(x, None, Note::None));
        let lanes = o.width;
        o.unrolled("j", lanes, |o, j| o.push(Stmt::AssignLane(x, j, fill)));
    }
    let at: Vec<Expr> = c.iter().zip(&lo).map(|(c, n)| c.clone() - *n).collect();
    // Below the start, the difference wraps to a great number.
    let inside = (0..sizes.len()).filter(|&d| sizes[d] != o.reads[0].sizes[d]);
    let inside = inside.map(|d| at[d].clone().lt(o.reads[0].sizes[d])).reduce(Expr::and);
    let load = Stmt::Assign(x, o.load(0, &at));
    match inside {
        Some(inside) => o.when(inside, |o| o.push(load)),
        None => o.push(load),
    }
    o.push(Stmt::Store(o.q, i, x.into()));
    o.finish()
}

/// The operand, backwards along the dimensions that are `turned`.
pub(super) fn flip(call: Call<'_>, turned: &[bool]) -> Kernel {
    let vectors = turned.last() == Some(&false);
    let mut o = Opaque::new(call, if vectors { width(call, 1, &[]) } else { 1 }, 1);
    let sizes = o.write.sizes.clone();
    let (i, c) = o.each(&sizes);
    let at: Vec<Expr> = (0..sizes.len())
        .map(|d| if turned[d] { Expr::Num(sizes[d] - 1) - c[d].clone() } else { c[d].clone() })
        .collect();
    let x = o.load(0, &at);
    o.push(Stmt::Store(o.q, i, x));
    o.finish()
}

/// The first operand, with the second in it from an index along `axis` on.
pub(super) fn slice_update(call: Call<'_>, axis: usize, in_place: bool) -> Kernel {
    let rank = call.write.layout.sizes.len();
    // Along the last dimension itself, the start need not be a multiple of a vector.
    let w = if axis + 1 < rank { width(call, 2, &[]) } else { 1 };
    let mut o = Opaque::new(call, w, 2);
    let (whole, part) = (o.reads[0].sizes.clone(), o.reads[1].sizes.clone());
    let room = whole[axis] - part[axis];
    let (i, c) = o.each(if in_place { &part } else { &whole });
    let wide = Type::elem(DType::I64);
    let wanted = Expr::Load(o.p[2], Box::new(Expr::Num(0))).cast(wide);
    let wanted = o.set("wanted", wide, wanted);
    let most = Box::new(Expr::If(
        Box::new(Expr::Num(room).cast(wide).lt(wanted.clone())),
        Box::new(Expr::Num(room)),
        Box::new(wanted.clone().index()),
    ));
    let negative = wanted.lt(Expr::Lit(Lit::I(0), DType::I32));
    let start = Expr::If(Box::new(negative), Box::new(Expr::Num(0)), most);
    let start = o.set("start", Type::INDEX, start);
    if in_place {
        let to = address(&o.write, &with(&c, axis, c[axis].clone() + start));
        let x = o.load(1, &c);
        o.push(Stmt::Store(o.q, to, x));
        return o.finish();
    }
    // Before the start, the difference wraps to a great number.
    let at = o.set("at", Type::INDEX, c[axis].clone() - start);
    let new = Box::new(o.load(1, &with(&c, axis, at.clone())));
    let x = match part.contains(&0) {
        true => o.load(0, &c),
        false => Expr::If(Box::new(at.lt(part[axis])), new, Box::new(o.load(0, &c))),
    };
    o.push(Stmt::Store(o.q, i, x));
    o.finish()
}
