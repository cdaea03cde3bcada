//! Operations on tensors, appended to the trace that is being recorded.

use super::{Key, RawTensor};
use crate::error::Error;
use crate::op::{Lit, Op};
use crate::recorder;
use crate::trace::{Loc, Value};
use crate::types::{DType, Elem, Extent, Shape};

/// The traced value of a tensor. `what` names the operation in the error.
#[track_caller]
fn value(x: &RawTensor, what: &str) -> Option<Value> {
    match x {
        RawTensor::Traced(v) if recorder::active() => Some(*v),
        RawTensor::Poison => None,
        RawTensor::Concrete { .. } if recorder::active() => {
            recorder::fail_text(&format!("`{what}`: a host tensor inside a trace; pass it as a parameter"))
        }
        _ => panic!("`{what}` runs only inside a `#[thunder]` function"),
    }
}

/// Appends `op` at the caller's location, which is in the user's code.
#[track_caller]
pub(crate) fn op(op: Op, args: &[&RawTensor]) -> RawTensor {
    append(op, args, true, Loc::caller())
}

/// Appends `op` for a transform written at `loc`. It is not logged, because the compile-time trace does not list it.
pub(crate) fn unlogged(op: Op, args: &[&RawTensor], loc: Loc) -> RawTensor {
    append(op, args, false, loc)
}

#[track_caller]
fn append(op: Op, args: &[&RawTensor], logged: bool, loc: Loc) -> RawTensor {
    if !recorder::active() {
        panic!("`{}` runs only inside a `#[thunder]` function", op.name());
    }
    let mut values = Vec::with_capacity(args.len());
    for a in args {
        match a {
            RawTensor::Traced(v) => values.push(*v),
            RawTensor::Poison => return RawTensor::Poison,
            RawTensor::Concrete { .. } => {
                let text = format!("`{}`: a host tensor inside a trace; pass it as a parameter", op.name());
                recorder::fail(Error::Type { text, loc });
                return RawTensor::Poison;
            }
        }
    }
    recorder::append(op, &values, loc, logged).map_or(RawTensor::Poison, RawTensor::Traced)
}

/// A scalar constant of the element type of `like`. `what` names the operation in the error.
#[track_caller]
pub(super) fn scalar(what: &str, lit: Lit, like: &RawTensor) -> RawTensor {
    let Some(ty) = like.ty() else { return RawTensor::Poison };
    let dtype = ty.dtype();
    let Some(value) = recorder::number(what, lit, dtype) else { return RawTensor::Poison };
    constant(value, dtype)
}

#[track_caller]
fn constant(value: Lit, dtype: DType) -> RawTensor {
    op(full(value, dtype), &[])
}

fn full(value: Lit, dtype: DType) -> Op {
    Op::Full { value, elem: Elem::Known(dtype), shape: Shape::SCALAR }
}

/// A number as an operand of `op` beside the tensor `x`, and the operation to apply to both. A comparison with an integer
/// outside the range of the tensor's element type becomes an equivalent comparison with the end of that range.
#[track_caller]
pub(super) fn beside(op: Op, lit: Lit, x: &RawTensor, number_first: bool) -> (Op, RawTensor) {
    let Some(ty) = x.ty() else { return (op, RawTensor::Poison) };
    let dtype = ty.dtype();
    match recorder::saturate(op, lit, dtype, number_first) {
        Some((op, end)) => (op, constant(end, dtype)),
        None => (op, scalar(op.name(), lit, x)),
    }
}

/// The `index`th of `n` keys derived from a traced key.
#[track_caller]
pub(super) fn key_split(key: Option<Value>, n: usize, index: usize) -> Key {
    let loc = Loc::caller();
    let op = Op::KeySplit { n: Extent::new(n), index: Extent::new(index) };
    Key::traced(key.and_then(|key| recorder::append(op, &[key], loc, true)))
}

/// A traced key folded with a number that is known when linking.
#[track_caller]
pub(super) fn fold_in_static(key: Option<Value>, data: i64) -> Key {
    let loc = Loc::caller();
    let data = recorder::append(full(Lit::I(data.into()), DType::I64), &[], loc, true);
    Key::traced(key.zip(data).and_then(|(key, data)| recorder::append(Op::FoldIn, &[key, data], loc, true)))
}

/// A traced key folded with a traced number.
#[track_caller]
pub(super) fn fold_in(key: Option<Value>, data: &RawTensor) -> Key {
    let loc = Loc::caller();
    let Some(key) = key else { return Key::traced(None) };
    let data = value(data, "fold_in");
    Key::traced(data.and_then(|data| recorder::append(Op::FoldIn, &[key, data], loc, true)))
}
