//! Arithmetic on static values, as far as they can be read.

use crate::scope::{Const, Value};
use syn::BinOp;

/// The value of `x op y`.
pub(super) fn binary(op: &BinOp, x: &Value<'_>, y: &Value<'_>) -> Const {
    let (Value::Static(x), Value::Static(y)) = (x, y) else { return Const::Unknown };
    match (x, y) {
        (Const::Int(a), Const::Int(b)) => integers(op, *a, *b),
        // Floats are not folded: whether rustc computes them as f32 or f64 is not in the tokens.
        (Const::Float(_), _) | (_, Const::Float(_)) => Const::Unknown,
        _ => {
            let (a, b) = (x.extent(), y.extent());
            let e = match op {
                BinOp::Add(_) => a.add(b),
                BinOp::Sub(_) => a.sub(b),
                BinOp::Mul(_) => a.mul(b),
                BinOp::Div(_) => a.div(b),
                _ => return Const::Unknown,
            };
            if e.is_unknown() { Const::Unknown } else { Const::Extent(e) }
        }
    }
}

fn integers(op: &BinOp, a: i64, b: i64) -> Const {
    let n = match op {
        BinOp::Add(_) => a.checked_add(b),
        BinOp::Sub(_) => a.checked_sub(b),
        BinOp::Mul(_) => a.checked_mul(b),
        BinOp::Div(_) => a.checked_div(b),
        BinOp::Rem(_) => a.checked_rem(b),
        BinOp::Shl(_) => u32::try_from(b).ok().and_then(|b| a.checked_shl(b)),
        BinOp::Shr(_) => u32::try_from(b).ok().and_then(|b| a.checked_shr(b)),
        BinOp::Eq(_) => return Const::Bool(a == b),
        BinOp::Ne(_) => return Const::Bool(a != b),
        BinOp::Lt(_) => return Const::Bool(a < b),
        BinOp::Le(_) => return Const::Bool(a <= b),
        BinOp::Gt(_) => return Const::Bool(a > b),
        BinOp::Ge(_) => return Const::Bool(a >= b),
        _ => None,
    };
    n.map_or(Const::Unknown, Const::Int)
}
