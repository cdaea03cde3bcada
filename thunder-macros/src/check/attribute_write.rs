//! Attribute writes: a module is what it was when the trace was linked.

use crate::diagnostics::Diagnostics;
use quote::ToTokens;
use syn::{Expr, ExprMethodCall, Member, Token};

/// `self.x = …`, `self.x += …`, `self.xs[0] = …`.
pub fn write(place: &Expr, diag: &mut Diagnostics) {
    let name = place.to_token_stream().to_string().replace(' ', "");
    let what = format!("attribute write: `{name}` would change once, while tracing, and never again");
    let field = first_field(place).unwrap_or_default();
    let help = match root_is_self(place) {
        true => format!("return the new state beside the result: `Self {{ {field}: …, ..self.clone() }}`"),
        false => {
            let root = super::in_place_mutation::root(place).map(ToString::to_string).unwrap_or_default();
            format!("build the new value: `let {root} = Model {{ {field}: …, ..{root} }};`")
        }
    };
    diag.error(place, what, help);
}

/// `&mut self`.
pub fn receiver(token: Token![mut], diag: &mut Diagnostics) {
    diag.error(
        token,
        "attribute write: `&mut self` would change a module in its place, and a trace has values, not places",
        "take `&self` and return the new state, or take `self` by value: its memory is reused",
    );
}

/// `self.xs.push(x)`.
pub fn method(m: &ExprMethodCall, diag: &mut Diagnostics) -> bool {
    const MUTATORS: &[&str] = &[
        "push", "insert", "extend", "pop", "clear", "remove", "truncate", "append", "push_str", "take",
        "replace", "retain",
    ];
    let name = m.method.to_string();
    // On an `Option` that is copied, `take` and `replace` are as wrong; `remove` of a map is none of a trace's.
    if !MUTATORS.contains(&name.as_str()) || !is_field(&m.receiver) {
        return false;
    }
    diag.error(
        &m.method,
        format!("attribute write: `{name}` would change a field once, while tracing, and never again"),
        "return the new state beside the result: a list built anew, `self.xs.iter().chain(…).cloned().collect()`",
    );
    true
}

/// Whether an expression is a named field, or a part of one.
pub fn is_field(e: &Expr) -> bool {
    match e {
        Expr::Field(f) => matches!(f.member, Member::Named(_)) || root_is_self(e) || is_field(&f.base),
        Expr::Index(i) => is_field(&i.expr),
        Expr::Paren(p) => is_field(&p.expr),
        Expr::Unary(u) => is_field(&u.expr),
        _ => false,
    }
}

/// The first field on the way to a place: `inner` of `self.inner.w[0]`.
fn first_field(e: &Expr) -> Option<String> {
    match e {
        Expr::Field(f) => first_field(&f.base).or_else(|| Some(f.member.to_token_stream().to_string())),
        Expr::Index(i) => first_field(&i.expr),
        Expr::Paren(p) => first_field(&p.expr),
        Expr::Unary(u) => first_field(&u.expr),
        _ => None,
    }
}

fn root_is_self(e: &Expr) -> bool {
    super::in_place_mutation::root(e).is_some_and(|id| id == "self")
}
