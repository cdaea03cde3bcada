//! Conditional compilation inside an item: what its trace is would depend on the build.

use crate::diagnostics::Diagnostics;
use syn::{Attribute, Expr, Macro};

/// `#[cfg]` on a part of an item.
pub fn attributes(attrs: &[Attribute], diag: &mut Diagnostics) {
    for a in attrs {
        if a.path().is_ident("cfg") || a.path().is_ident("cfg_attr") {
            diag.error(
                a,
                "conditional compilation inside a `#[thunder]` item: its trace would differ from build to build",
                "put `#[cfg]` on the whole item, or choose by a parameter: `if fast { … } else { … }`",
            );
        }
    }
}

/// `cfg!(…)`.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) -> bool {
    let found = m.path.is_ident("cfg");
    if found {
        diag.error(
            &m.path,
            "conditional compilation inside a body: the trace would differ from build to build",
            "put `#[cfg]` on the whole item, or choose by a parameter: `if fast { … } else { … }`",
        );
    }
    found
}

/// The attributes of an expression.
pub fn of(e: &Expr) -> &[Attribute] {
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
