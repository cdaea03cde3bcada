//! What is said and refused of any operation: element types, ranges.

use super::broadcast::broadcast_at;
use super::{Mismatch, err, start};
use crate::op::{Class, Op};
use crate::types::{DType, Elem, Extent, Shape, Text, Ty};

pub(super) const fn x_unknown(x: Ty) -> Ty {
    if x.shape.is_unknown() || x.shape.lead != 0 {
        return Ty::new(x.elem, Shape::UNKNOWN);
    }
    Ty::new(x.elem, Shape::of_rank(x.shape.rank()))
}

pub(super) const fn mixed(op: &Op, a: Ty, b: Ty, dims: &[&str]) -> Text {
    let a_name = Text::new().ty(&Ty::new(a.elem, Shape::UNKNOWN), dims, &[]);
    let _ = a_name;
    let text =
        start(op).str("element types differ: ").str(elem_name(a.elem)).str(" and ").str(elem_name(b.elem));
    text.str("\n\n       help: cast one of them: `x.cast::<").str(elem_name(a.elem)).str(">()`")
}

/// What stands in a message for the generic element types, whose names inference does not know: [`named`] does.
const GENERIC: [&str; 8] = ["\u{1}0", "\u{1}1", "\u{1}2", "\u{1}3", "\u{1}4", "\u{1}5", "\u{1}6", "\u{1}7"];

/// A message of inference with the names of the generic element types.
///
/// ```
/// use thunder_core::op::{Op, infer, named};
/// use thunder_core::types::{DType, Elem, Shape, Ty};
/// let operands = [Ty::new(Elem::Param(0), Shape::SCALAR), Ty::new(Elem::Known(DType::F32), Shape::SCALAR)];
/// let why = infer(&Op::Add, &operands, &[]).unwrap_err();
/// assert!(named(why.text.as_str(), &["E".to_string()]).contains("element types differ: E and f32"));
/// ```
pub fn named(text: &str, elems: &[String]) -> String {
    GENERIC.iter().enumerate().fold(text.to_string(), |text, (i, mark)| {
        text.replace(mark, elems.get(i).map_or("E", String::as_str))
    })
}

pub(super) const fn elem_name(e: Elem) -> &'static str {
    match e {
        Elem::Known(d) => d.name(),
        Elem::Param(i) => GENERIC[if (i as usize) < GENERIC.len() { i as usize } else { 0 }],
        Elem::Unknown => "_",
    }
}

pub(super) const fn cannot(op: &Op, a: &Shape, b: &Shape, dims: &[&str]) -> Text {
    start(op).str("shape ").shape(a, dims).str(" does not fit ").shape(b, dims)
}

pub(super) const fn start_rank(op: &Op, s: &Shape, rank: usize, dims: &[&str]) -> Text {
    let text = start(op).str("expected ").int(rank as i64).str(" dimensions, found ").int(s.rank() as i64);
    text.str(": ").shape(s, dims)
}

pub(super) const fn out_of_range(op: &Op, at: usize, size: usize) -> Text {
    start(op).str("index ").int(at as i64).str(" is out of range for a dimension of ").int(size as i64)
}

/// Refuses what a subtraction of extents can leave below zero.
pub(super) const fn natural(op: &Op, e: Extent) -> Result<(), Mismatch> {
    if !e.is_unknown() && e.terms[0].coef == 0 && e.konst < 0 {
        return err(0, start(op).str("an index or a length is below zero"));
    }
    Ok(())
}

/// The element types an operation takes.
pub(super) const fn elem_rule(op: &Op, x: Ty, dims: &[&str]) -> Result<(), Mismatch> {
    let Elem::Known(d) = x.elem else { return Ok(()) };
    let truth = matches!(op, Op::All { .. } | Op::Any { .. });
    let fits = match op.class() {
        Class::UnaryFloat
        | Class::Test
        | Class::CompositeReduce
        | Class::CompositeAlong
        | Class::Composite => d.is_float(),
        Class::CompositeUnary => d.is_float() || matches!(op, Op::Relu | Op::Clamp { .. }),
        Class::UnaryNum | Class::Binary | Class::Contract | Class::Along => !d.same(DType::Bool),
        Class::UnaryLogic | Class::BinaryLogic => !d.is_float(),
        Class::Reduce => d.same(DType::Bool) == truth,
        Class::Creation | Class::Compare | Class::Elementwise | Class::View | Class::Movement => true,
        Class::Index
        | Class::Lookup
        | Class::Key
        | Class::Draw
        | Class::Identity
        | Class::Effect
        | Class::Custom => true,
    };
    if fits {
        return Ok(());
    }
    let wants = match op.class() {
        Class::UnaryLogic | Class::BinaryLogic => "bool or an integer type",
        Class::UnaryNum | Class::Binary | Class::Contract | Class::Along => "a numeric element type",
        Class::Reduce if truth => "bool",
        Class::Reduce => "a numeric element type",
        _ => "a floating-point element type",
    };
    let text = start(op).str("needs ").str(wants).str(", found ").ty(&x, dims, &[]);
    err(0, text.str("\n\n       help: cast first: `x.cast::<f32>()`"))
}

pub(super) const fn index_elem(op: &Op, i: Ty, arg: usize, dims: &[&str]) -> Result<(), Mismatch> {
    match i.elem {
        Elem::Known(d) if !d.is_int() => {
            err(arg, start(op).str("indices must be integers, found ").ty(&i, dims, &[]))
        }
        _ => Ok(()),
    }
}

pub(super) const fn pair(
    op: &Op,
    a: Ty,
    b: Ty,
    arg: usize,
    dims: &[&str],
) -> Result<(Elem, Shape), Mismatch> {
    if a.elem.differs(b.elem) {
        return err(arg, mixed(op, a, b, dims));
    }
    let elem = if matches!(a.elem, Elem::Unknown) { b.elem } else { a.elem };
    Ok((elem, tri!(broadcast_at(op, &a.shape, &b.shape, arg, dims))))
}
