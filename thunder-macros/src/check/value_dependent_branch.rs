//! Branches on what a tensor holds: while tracing, it holds nothing.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use quote::ToTokens;
use syn::{BinOp, ExprMethodCall};

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

/// `&&`, `||` between tensors.
pub fn short_circuit(op: &BinOp, diag: &mut Diagnostics) {
    let (text, plain) = if matches!(op, BinOp::And(_)) { ("&&", "&") } else { ("||", "|") };
    diag.error(
        op,
        format!("a branch on a tensor value: `{text}` looks at its left side while tracing, when a tensor holds nothing yet"),
        format!("`{plain}`, which is elementwise: `(x > 0.0) {plain} (y > 0.0)`"),
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
