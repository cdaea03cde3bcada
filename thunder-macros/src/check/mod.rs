//! What the language rejects: one rule a file, one message a rule.
//!
//! A message names the construct, says why in a clause, and shows what to write instead.

pub mod host_read;
pub mod mutation;
pub mod opaque;
pub mod side_effect;

use crate::diagnostics::Diagnostics;
use crate::lower::Arg;
use crate::scope::Value;
use quote::ToTokens;
use syn::{Attribute, Expr, Ident};

/// `#[cfg]` inside a body: what the trace is would depend on the build.
pub fn conditional_compilation(attrs: &[Attribute], diag: &mut Diagnostics) {
    for a in attrs {
        if a.path().is_ident("cfg") || a.path().is_ident("cfg_attr") {
            diag.error(
                a,
                "conditional compilation inside a body: the trace would differ from build to build",
                "`#[cfg]` on the whole item",
            );
        }
    }
}

/// A branch on what a tensor holds, which is not known while tracing.
pub fn value_branch(at: impl ToTokens, construct: &str, value: &Value<'_>, diag: &mut Diagnostics) {
    if matches!(value, Value::Tensor(..)) {
        diag.error(
            at,
            format!("{construct} on a tensor: what it holds is not known while tracing"),
            "`select(condition, x, y)` or a mask; `scan` for a loop; check the result outside",
        );
    }
}

/// A method that no operation has.
pub fn unknown_operation(name: &Ident, diag: &mut Diagnostics) {
    let near = thunder_core::op::nearest(&name.to_string());
    let help = match near.is_empty() {
        true => "see the list of operations in the documentation of `thunder`".to_string(),
        false => near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", "),
    };
    diag.error(name, format!("a tensor has no operation `{name}`"), help);
}

/// What a call gives one of whose arguments leaves.
pub fn never<'a>(args: &[Arg<'a>]) -> Option<Value<'a>> {
    args.iter().any(|(_, v)| matches!(v, Value::Never)).then_some(Value::Never)
}

/// The attributes of an expression.
pub fn attributes(e: &Expr) -> &[Attribute] {
    match e {
        Expr::Array(x) => &x.attrs,
        Expr::Assign(x) => &x.attrs,
        Expr::Binary(x) => &x.attrs,
        Expr::Block(x) => &x.attrs,
        Expr::Break(x) => &x.attrs,
        Expr::Call(x) => &x.attrs,
        Expr::Cast(x) => &x.attrs,
        Expr::Closure(x) => &x.attrs,
        Expr::Continue(x) => &x.attrs,
        Expr::Field(x) => &x.attrs,
        Expr::ForLoop(x) => &x.attrs,
        Expr::Group(x) => &x.attrs,
        Expr::If(x) => &x.attrs,
        Expr::Index(x) => &x.attrs,
        Expr::Let(x) => &x.attrs,
        Expr::Lit(x) => &x.attrs,
        Expr::Loop(x) => &x.attrs,
        Expr::Macro(x) => &x.attrs,
        Expr::Match(x) => &x.attrs,
        Expr::MethodCall(x) => &x.attrs,
        Expr::Paren(x) => &x.attrs,
        Expr::Path(x) => &x.attrs,
        Expr::Range(x) => &x.attrs,
        Expr::Reference(x) => &x.attrs,
        Expr::Repeat(x) => &x.attrs,
        Expr::Return(x) => &x.attrs,
        Expr::Struct(x) => &x.attrs,
        Expr::Try(x) => &x.attrs,
        Expr::Tuple(x) => &x.attrs,
        Expr::Unary(x) => &x.attrs,
        Expr::While(x) => &x.attrs,
        // The rest is refused as a whole.
        _ => &[],
    }
}
