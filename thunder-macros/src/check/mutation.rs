//! In-place mutation and attribute writes: a trace has values, not places.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use quote::ToTokens;
use syn::{ExprBinary, ExprField, ExprIndex, ExprMethodCall};

const HELP: &str = "bind a new value: `let y = …;`; take a parameter by value if its memory should be reused";

/// `x += y` on a tensor.
pub fn compound(b: &ExprBinary, diag: &mut Diagnostics) {
    let op = b.op.to_token_stream().to_string();
    let plain = op.trim_end_matches('=');
    diag.error(
        b,
        format!("in-place mutation: `{op}` would change a tensor, and a trace has values, not places"),
        format!("rebind it: `x = x {plain} y`"),
    );
}

/// `self.x = …`, `self.x += …`.
pub fn attribute_write(f: &ExprField, diag: &mut Diagnostics) {
    diag.error(
        f,
        "attribute write: a function that is traced can't change a field, and the write would be lost",
        "return the new state: `Self { field: value, ..self.clone() }`",
    );
}

/// `x[i] = y`.
pub fn index_write(i: &ExprIndex, base: &Value<'_>, diag: &mut Diagnostics) {
    let help = match base {
        Value::Tensor(..) => "`x.slice_update(axis, &y, start)`, or `select` with a mask",
        _ => "collect the new elements: `xs.iter().map(…).collect()`",
    };
    diag.error(i, "in-place mutation: an assignment to an element would change a value of the trace", help);
}

/// `&mut x`, `ref mut x`.
pub fn borrow(at: impl ToTokens, diag: &mut Diagnostics) {
    diag.error(at, "in-place mutation: a mutable borrow could change a value of the trace", HELP);
}

/// `x.add_(1.0)`, `x.copy_from(&y)`.
pub fn method(m: &ExprMethodCall, receiver: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let name = m.method.to_string();
    if receiver.is_static() || matches!(receiver, Value::List(..)) {
        return false;
    }
    if let Some(plain) = name.strip_suffix('_')
        && !plain.is_empty()
    {
        diag.error(
            &m.method,
            format!("in-place mutation: `{name}` would change a tensor, and a trace has values, not places"),
            format!("bind the result: `let y = x.{plain}(…);`"),
        );
        return true;
    }
    if matches!(name.as_str(), "copy_from" | "set" | "zero" | "fill" | "swap" | "index_put") {
        diag.error(&m.method, format!("in-place mutation: `{name}` would change its receiver"), HELP);
        return true;
    }
    false
}
