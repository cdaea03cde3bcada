//! Host reads: while tracing, a tensor holds nothing that could be read.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use syn::{Expr, ExprCast, ExprIndex, ExprMethodCall};

const HELP: &str = "return the tensor, and read it outside";

/// `.item()`, `.to_vec()`: refused by name unless the receiver is certainly no tensor.
pub fn method(m: &ExprMethodCall, receiver: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let name = m.method.to_string();
    let by_name = match name.as_str() {
        "item" | "try_item" | "try_to_vec" => true,
        "to_vec" => m.args.is_empty() && !matches!(receiver, Value::List(..) | Value::Tuple(_)),
        "to_string" => receiver.is_tensor(),
        _ => false,
    };
    if by_name && !receiver.is_static() {
        diag.error(&m.method, format!("`.{name}()` reads a tensor on the host, and while tracing it holds nothing"), HELP);
        return true;
    }
    false
}

/// `x as f32` on a tensor.
pub fn cast(c: &ExprCast, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if value.is_tensor() {
        diag.error(c, "`as` reads a tensor on the host, and while tracing it holds nothing", "`x.cast::<f32>()`");
        return true;
    }
    false
}

/// Indexing of a tensor, or by one.
pub fn index(i: &ExprIndex, base: &Value<'_>, index: &Value<'_>, diag: &mut Diagnostics) -> bool {
    match (base, index) {
        (Value::Tensor(..), Value::Tensor(..)) => {
            diag.error(
                i,
                "indexing a tensor by a tensor: how many elements that gives is not known while tracing",
                "`x.index_select(axis, &i)` for indices, `select(mask, x, y)` for a mask",
            );
            true
        }
        (Value::Tensor(..), _) => {
            diag.error(
                i,
                "a tensor is not indexed with brackets: `Index` gives places, and a trace has values",
                "`x.select_index(axis, i)`, `x.slice((a..b, ..))`, `x.narrow(axis, start, len)`",
            );
            true
        }
        (_, Value::Tensor(..)) => {
            diag.error(&i.index, "an index that is a tensor would be read on the host", "`stack` and `index_select`");
            true
        }
        _ => false,
    }
}

/// A tensor in a message.
pub fn formatted(e: &Expr, value: &Value<'_>, diag: &mut Diagnostics) {
    if value.is_tensor() {
        diag.error(e, "formatting a tensor reads it on the host, and while tracing it holds nothing", HELP);
    }
}
