//! Branches on what a tensor holds: while tracing, it holds nothing.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use quote::ToTokens;
use syn::{BinOp, Expr, ExprMethodCall};

/// `if x.sum(..) > 0.0`, `while`, `match`, `assert!`, a range bound.
pub fn branch(at: impl ToTokens, construct: &str, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if !value.is_tensor() {
        return false;
    }
    let help = match construct {
        "`while`" => "`scan` for a loop of known length, with `select` to keep what is done",
        "`assert!`" => "return the condition and check it outside",
        "`?`" => "a tensor never fails: leave out the `?`",
        "a range bound" => {
            "a static bound, with `select` or a mask for what lies beyond; for a loop also `scan`"
        }
        "`match`" | "`matches!`" => {
            "`select` for each case: `select(x == 0, a, b)`; outside, match on the result"
        }
        _ => "compute both and choose: `select(condition, x, y)`; or a mask",
    };
    diag.error(
        at,
        format!(
            "a branch on a tensor value: {construct} decides while tracing, when a tensor holds nothing yet"
        ),
        help,
    );
    true
}

/// `&&`, `||` with a tensor on one side or both: `sides` are those that are tensors.
pub fn short_circuit(op: &BinOp, sides: [Option<&Expr>; 2], diag: &mut Diagnostics) {
    let (text, plain) = if matches!(op, BinOp::And(_)) { ("&&", "&") } else { ("||", "|") };
    let (one, which) = match sides {
        [Some(left), None] => (left, "left"),
        [None, Some(right)] => (right, "right"),
        _ => {
            let what = "looks at its left side while tracing, when a tensor holds nothing yet";
            diag.error(
                op,
                format!("a branch on a tensor value: `{text}` {what}"),
                format!("`{plain}`, which is elementwise: `(x > 0.0) {plain} (y > 0.0)`"),
            );
            return;
        }
    };
    diag.error(
        one,
        format!(
            "a branch on a tensor value: the {which} side of this `{text}` is a tensor, which holds nothing yet while tracing"
        ),
        "`select` for what depends on the tensor, `if` for what is known: `if known { y } else { select(x > 0.0, y, z) }`",
    );
}

/// A tensor where Rust wants a number or a `bool`: `let up: bool = x.sum(..) > 0.0`.
pub fn as_static(at: impl ToTokens, wanted: &str, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if !value.is_tensor() {
        return false;
    }
    diag.error(
        at,
        format!("a tensor is used as a Rust {wanted}, which must be known while tracing, when a tensor holds nothing yet"),
        "keep it a tensor: `select(condition, x, y)`; or make it a parameter",
    );
    true
}

/// `(x > 0.0).then(…)`.
pub fn method(m: &ExprMethodCall, receiver: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let found = receiver.is_tensor() && (m.method == "then" || m.method == "then_some");
    if found {
        diag.error(
            &m.method,
            format!(
                "a branch on a tensor value: `{}` decides while tracing, when a tensor holds nothing yet",
                m.method
            ),
            "compute both and choose: `select(condition, x, y)`",
        );
    }
    found
}

/// `?` in a function that gives something else than an `Option`.
pub fn leaves(at: syn::Token![?], diag: &mut Diagnostics) {
    diag.error(
        at,
        "`?` would leave the function in the middle of its trace",
        "`unwrap`, `expect`, or `if let`, on a static value; a `#[thunder]` function that gives an `Option` may use `?`",
    );
}

/// `?` in a closure that traces something after it.
pub fn leaves_closure(at: proc_macro2::Span, diag: &mut Diagnostics) {
    diag.error_at(
        at,
        "`?` would leave the closure in the middle of its trace",
        "a `#[thunder]` function that gives an `Option`; or `unwrap`, `expect`, `if let`, on a static value",
    );
}

/// `?` of what is neither an `Option` nor a `Result`.
pub fn no_option(at: syn::Token![?], diag: &mut Diagnostics) {
    diag.error(at, "`?` takes an `Option` or a `Result` that is known while tracing", "the value itself");
}
