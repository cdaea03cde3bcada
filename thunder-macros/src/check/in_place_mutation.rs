//! In-place mutation: a trace has values, not places.

use crate::diagnostics::Diagnostics;
use crate::scope::Value;
use quote::ToTokens;
use syn::{Expr, ExprBinary, ExprIndex, ExprMethodCall, Path, Token};

const HELP: &str = "bind a new value: `let y = …;`, or rebind a `let mut`: `y = …;`";

const FILLED: &str = "a new tensor: `zeros(x.shape())`, `full(x.shape(), value)`";

/// `x += y` on a tensor.
pub fn compound(b: &ExprBinary, diag: &mut Diagnostics) {
    let op = b.op.to_token_stream().to_string();
    let plain = op.trim_end_matches('=');
    let name = crate::names::ident(&b.left).map_or_else(|| "x".to_string(), ToString::to_string);
    diag.error(
        b.op,
        format!("in-place mutation: `{op}` would change a tensor, and a trace has values, not places"),
        format!("rebind it: `{name} = {name} {plain} …;`"),
    );
}

/// `x[i] = y`, `x[i] += y`.
pub fn index_write(i: &ExprIndex, base: &Value<'_>, diag: &mut Diagnostics) {
    let help = match base {
        Value::Tensor(..) => "`x.slice_update(axis, &y, start)`, or `select(mask, y, &x)`",
        _ => "build the new list: `xs.iter().map(…).collect()`, or an array of the new values",
    };
    let what = "in-place mutation: an assignment to an element would change a value, and a trace has no places to change";
    diag.error(i, what, help);
}

/// `p.0 = y` on a tuple.
pub fn tuple_write(at: impl ToTokens, diag: &mut Diagnostics) {
    diag.error(
        at,
        "in-place mutation: an assignment to a part of a tuple would change it, and a trace has values, not places",
        "rebind the whole: `p = (…, p.1);`",
    );
}

/// `*x = y` through a borrow.
pub fn deref_write(at: impl ToTokens, diag: &mut Diagnostics) {
    diag.error(
        at,
        "in-place mutation: an assignment through a reference would change a tensor in its place",
        HELP,
    );
}

/// `&mut x`, `ref mut x`.
pub fn borrow(token: Token![mut], diag: &mut Diagnostics) {
    diag.error(
        token,
        "in-place mutation: what is borrowed `mut` could be changed, and a trace has values, not places",
        HELP,
    );
}

/// A `&mut` parameter.
pub fn parameter(token: Token![mut], diag: &mut Diagnostics) {
    diag.error(
        token,
        "in-place mutation: a `&mut` parameter would be changed in its place, and a trace has values, not places",
        "take it by value and return the new one: its memory is reused",
    );
}

/// `mem::swap(&mut x, &mut y)` and its like.
pub fn is_swap(path: &Path) -> bool {
    let names = super::segments(path);
    let [.., last] = &names[..] else { return false };
    let owner = names.iter().rev().nth(1).map(String::as_str);
    matches!(last.as_str(), "swap" | "replace" | "take") && matches!(owner, None | Some("mem"))
}

/// `mem::swap` on tensors.
pub fn swap(path: &Path, diag: &mut Diagnostics) {
    let name = crate::names::path_text(path);
    let help = match path.segments.last().map(|s| s.ident.to_string()).as_deref() {
        Some("swap") => "bind the names anew: `let (x, y) = (y, x);`",
        _ => "bind new values: `let old = x; let x = …;`",
    };
    diag.error(path, format!("in-place mutation: `{name}` would change tensors in their places"), help);
}

/// `x.add_(1.0)`, `x.copy_from(&y)`, `xs.iter_mut()`.
pub fn method(m: &ExprMethodCall, receiver: &Value<'_>, diag: &mut Diagnostics) -> bool {
    if receiver.is_static() {
        return false;
    }
    let name = m.method.to_string();
    let list = matches!(receiver, Value::List(..) | Value::Tuple(_));
    if let Some(plain) = name.strip_suffix('_')
        && !plain.is_empty()
        && !list
    {
        let what =
            format!("in-place mutation: `{name}` would change a tensor, and a trace has values, not places");
        let known = thunder_core::op::method(plain).map(|op| !op.args.is_empty());
        let help = match known {
            Some(args) => format!("bind the result: `let y = x.{plain}({});`", if args { "…" } else { "" }),
            None if plain == "zero" || plain == "fill" => FILLED.to_string(),
            None => HELP.to_string(),
        };
        diag.error(&m.method, what, help);
        return true;
    }
    let on_lists = matches!(
        name.as_str(),
        "iter_mut" | "get_mut" | "first_mut" | "last_mut" | "as_mut" | "swap" | "fill" | "sort" | "reverse"
    );
    let on_tensors =
        matches!(name.as_str(), "copy_from" | "assign" | "set" | "zero" | "fill" | "swap" | "index_put");
    if list && on_lists
        || !list && on_tensors && receiver.is_tensor()
        || matches!(name.as_str(), "iter_mut" | "copy_from")
    {
        let help = match name.as_str() {
            "iter_mut" => "map to new values: `xs.iter().map(|x| …).collect()`",
            "fill" | "zero" => FILLED,
            "copy_from" | "assign" | "set" => "bind the value itself: `let y = x;`",
            _ => HELP,
        };
        diag.error(
            &m.method,
            format!(
                "in-place mutation: `{name}` would change its receiver, and a trace has values, not places"
            ),
            help,
        );
        return true;
    }
    false
}

/// The variable that an assignment to a place changes: `x` of `x[0].1`.
pub fn root(e: &Expr) -> Option<&syn::Ident> {
    match e {
        Expr::Field(f) => root(&f.base),
        Expr::Index(i) => root(&i.expr),
        Expr::Unary(u) => root(&u.expr),
        _ => crate::names::ident(e),
    }
}
