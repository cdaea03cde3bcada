//! Shapes that depend on what a tensor holds.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use syn::{Expr, ExprIndex, Ident};
use thunder_core::types::{DType, Elem, Ty};

/// `x[mask]`, `x[indices]`.
pub fn index(i: &ExprIndex, by: &Ty, diag: &mut Diagnostics) {
    if by.elem == Elem::Known(DType::Bool) || by.elem == Elem::Unknown {
        diag.error(
            i,
            "a value-dependent shape: how many elements a mask takes is not known while tracing",
            "keep the shape and mask: `select(mask, x, 0.0)`, `x.masked_fill(!mask, 0.0)`",
        );
    } else {
        diag.error(
            i,
            "a tensor is not indexed with brackets: in Rust they name a place, and a trace has values",
            "`x.index_select(axis, i)`, `x.gather(axis, i)`, or `embedding(i, x)` for rows",
        );
    }
}

/// `x.nonzero()` and its like.
pub fn method(name: &Ident, diag: &mut Diagnostics) -> bool {
    let help = match name.to_string().as_str() {
        "nonzero" | "argwhere" | "flatnonzero" => "keep the shape: a mask, `x != 0.0`, and `select` with it",
        "unique" | "unique_consecutive" => {
            "a padded form: sort outside, or count with `one_hot(classes).sum(0)`"
        }
        "masked_select" | "compress" => "keep the shape and mask: `select(mask, x, 0.0)`",
        _ => return false,
    };
    diag.error(
        name,
        format!("a value-dependent shape: how many elements `{name}` gives is not known while tracing"),
        help,
    );
    true
}

/// A tensor as an extent: `zeros((n,))`, `arange(n)`. Whether there is one.
pub fn extent(e: &Expr, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let report = |e: &Expr, diag: &mut Diagnostics| {
        diag.error(
            e,
            "a value-dependent shape: an extent must be known while tracing, when a tensor holds nothing yet",
            "a `usize` parameter; or the greatest extent, and a mask",
        );
    };
    match (value, e) {
        (Value::Tensor(..), e) => {
            report(e, diag);
            true
        }
        (Value::Tuple(parts), Expr::Tuple(t)) if parts.len() == t.elems.len() => {
            let mut found = false;
            for (part, e) in parts.iter().zip(&t.elems) {
                found |= extent(e, part, diag);
            }
            found
        }
        (Value::Tuple(parts), e) if parts.iter().any(Value::is_tensor) => {
            report(e, diag);
            true
        }
        _ => false,
    }
}
