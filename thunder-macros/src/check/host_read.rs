//! Host reads: while tracing, a tensor holds nothing that could be read.

use crate::diagnostics::Diagnostics;
use crate::lower::Arg;
use crate::scope::Value;
use syn::{Expr, ExprCast, ExprIndex, ExprMethodCall, ExprPath, Path};

const HELP: &str = "return the tensor, and read it outside";

/// `.item()`, `.to_vec()`: refused by name unless the receiver is certainly no tensor.
pub fn method(m: &ExprMethodCall, receiver: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if receiver.is_static() {
        return false;
    }
    let name = m.method.to_string();
    let by_name = match name.as_str() {
        "item" | "try_item" | "try_to_vec" => true,
        "to_vec" => m.args.is_empty() && !matches!(receiver, Value::List(..) | Value::Tuple(_)),
        "to_string" => receiver.is_tensor(),
        "tolist" | "numpy" | "cpu" | "cuda" => receiver.is_tensor(),
        _ => false,
    };
    if by_name {
        diag.error(
            &m.method,
            format!("a host read: `{name}` reads a tensor, and while tracing it holds nothing yet"),
            HELP,
        );
        return true;
    }
    match name.as_str() {
        "to" | "try_to" if receiver.is_tensor() => {
            diag.error(
                &m.method,
                format!("a host read: `{name}` moves a tensor between devices, and a trace runs on one"),
                "move it outside, before the call: `x.to(&device)`; for another element type, `x.cast::<f32>()`",
            );
            true
        }
        "device" if receiver.is_tensor() => {
            diag.error(
                &m.method,
                "hidden state: the device that a trace runs on is not known while tracing",
                "ask outside, and pass what follows from it as a parameter",
            );
            true
        }
        _ => false,
    }
}

/// `Tensor::item(&x)`, `<Scalar<f32>>::item(&x)`: the same, called by the type.
pub fn function(p: &ExprPath, args: &[Arg<'_>], diag: &mut Diagnostics) -> bool {
    let names = super::segments(&p.path);
    let of_tensor = match &names[..] {
        [.., owner, _] => p.qself.is_some() || matches!(owner.as_str(), "Tensor" | "Scalar"),
        _ => p.qself.is_some(),
    };
    let (Some(last), Some((_, x))) = (p.path.segments.last(), args.first()) else { return false };
    let reads = matches!(last.ident.to_string().as_str(), "item" | "try_item" | "to_vec" | "try_to_vec");
    let found = of_tensor && reads && !x.is_static();
    if found {
        diag.error(
            &last.ident,
            format!("a host read: `{}` reads a tensor, and while tracing it holds nothing yet", last.ident),
            HELP,
        );
    }
    found
}

/// `Tensor::from_vec(…)`, `Device::best()`: what belongs to the host.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    let names = super::segments(path);
    let [.., owner, name] = &names[..] else { return false };
    let help = match (owner.as_str(), name.as_str()) {
        ("Device", _) => {
            diag.error(
                path,
                format!("hidden state: `{owner}::{name}` depends on the machine that links the trace"),
                "ask outside, and pass what follows from it as a parameter",
            );
            return true;
        }
        ("Tensor", "zeros") => "`zeros::<f32, _>((2, 3))`, which is traced",
        ("Tensor", "ones") => "`ones::<f32, _>((2, 3))`, which is traced",
        ("Tensor", "full") => "`full::<f32, _>((2, 3), value)`, which is traced",
        ("Tensor", "randn") => "`normal::<f32, _>((2, 3), key)`, which is traced",
        ("Tensor" | "Scalar", "from_vec" | "try_from_vec" | "on" | "from" | "zeros_on") => {
            "make it outside and pass it as a parameter; `full`, `arange` and a Rust number beside a tensor are traced"
        }
        _ => return false,
    };
    diag.error(
        path,
        format!("`{owner}::{name}` makes a tensor on the host, which is no part of a trace"),
        help,
    );
    true
}

/// `x as f32` on a tensor.
pub fn cast(c: &ExprCast, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if value.is_tensor() {
        diag.error(
            c.as_token,
            "a host read: `as` makes a Rust number of a tensor, and while tracing it holds nothing yet",
            "another element type: `x.cast::<f32>()`",
        );
        return true;
    }
    false
}

/// Indexing of a tensor, or by one.
pub fn index(i: &ExprIndex, base: &Value<'_>, index: &Value<'_>, diag: &mut Diagnostics) -> bool {
    match (base, index) {
        (Value::Tensor(..), Value::Tensor(_, ty)) => {
            super::value_dependent_shape::index(i, ty, diag);
            true
        }
        (Value::Tensor(..), _) => {
            diag.error(
                i,
                "a tensor is not indexed with brackets: in Rust they name a place, and a trace has values",
                "`x.select_index(axis, i)`, `x.slice((a..b, ..))`, `x.narrow(axis, start, len)`",
            );
            true
        }
        (_, Value::Tensor(..)) => {
            diag.error(
                &i.index,
                "a host read: an index into a Rust list must be known while tracing, when a tensor holds nothing yet",
                "put the list into a tensor and take from it: `stack(&xs, 0).index_select(0, i)`",
            );
            true
        }
        _ => false,
    }
}

/// A tensor in a message, alone or in a list.
pub fn formatted(e: &Expr, value: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let found = holds_tensor(value);
    if found {
        let what = "a host read: formatting a tensor reads it, and while tracing it holds nothing yet";
        diag.error(
            e,
            what,
            "name its shape instead, `x.shape()`; or `debug_print(\"x\", &x)`, which is traced",
        );
    }
    found
}

/// Whether a value certainly is a tensor, or a module or a list that holds some.
fn holds_tensor(value: &Value<'_>) -> bool {
    match value {
        Value::Tensor(..) | Value::Module(_) => true,
        Value::Tuple(parts) => parts.iter().any(holds_tensor),
        Value::List(_, inner) | Value::Option(inner) => holds_tensor(inner),
        _ => false,
    }
}
