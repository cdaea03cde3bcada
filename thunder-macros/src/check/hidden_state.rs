//! Hidden state: what a body reads besides its parameters would be frozen as it was when the trace was linked.

use crate::diagnostics::Diagnostics;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprMethodCall, ItemStatic, Macro, Path};

const FROZEN: &str = "it would be read once, while tracing, and frozen";

/// The environment, the clock.
pub fn path(path: &Path, diag: &mut Diagnostics) -> bool {
    let names = super::segments(path);
    let clock = names.iter().any(|n| n == "Instant" || n == "SystemTime");
    if !clock && !super::in_module(&names, &["env"]) {
        return false;
    }
    let (name, what) = (names.join("::"), if clock { "the clock" } else { "the environment" });
    diag.error(
        path,
        format!("hidden state: `{name}` reads {what}; {FROZEN}"),
        "read it outside, and pass it as a parameter",
    );
    true
}

/// `env!`, `include_str!`.
pub fn macro_call(m: &Macro, diag: &mut Diagnostics) -> bool {
    let Some(name) = super::segments(&m.path).pop() else { return false };
    let found = matches!(
        name.as_str(),
        "env" | "option_env" | "include_str" | "include_bytes" | "file" | "line" | "column" | "module_path"
    );
    if found {
        diag.error(
            &m.path,
            format!("hidden state: `{name}!` reads what differs from build to build"),
            "a `const` beside the function, or a parameter",
        );
    }
    found
}

/// `static` inside a body.
pub fn local_static(s: &ItemStatic, diag: &mut Diagnostics) {
    diag.error(
        s.static_token,
        format!("hidden state: a `static` is shared between calls; {FROZEN}"),
        "a `const`, which is the same at every call; or a parameter",
    );
}

/// `STEP.load(…)`, `SCALE.lock()`, `LOCAL.with(…)`: reads of statics, which no name in scope is `bound` to.
pub fn method(m: &ExprMethodCall, bound: bool, diag: &mut Diagnostics) -> bool {
    const READS: &[&str] = &[
        "load",
        "store",
        "fetch_add",
        "fetch_sub",
        "compare_exchange",
        "lock",
        "try_lock",
        "read",
        "write",
        "borrow",
        "borrow_mut",
        "get_or_init",
        "get_or_try_init",
        "with",
        "with_borrow",
        "set",
        "swap",
        "take",
        "replace",
        "force",
    ];
    let name = m.method.to_string();
    let found = !bound
        && matches!(&*m.receiver, syn::Expr::Path(p) if p.qself.is_none())
        && READS.contains(&name.as_str());
    if found {
        diag.error(
            &m.method,
            format!("hidden state: `{name}` reads a static; {FROZEN}"),
            "pass the value as a parameter: a Rust number if it seldom changes, a `Scalar` if every call may change it",
        );
    }
    found
}

/// `COUNT += 1`: a write to a static.
pub fn write(place: &syn::Expr, diag: &mut Diagnostics) {
    diag.error(
        place,
        "hidden state: a write to a static would happen once, while tracing, and never again",
        "return the new value beside the result",
    );
}

/// Statements that compile if these paths are constants, and not if one is a static: a constant is a value, which can
/// be borrowed `mut`, and a static is a place, which can't.
pub fn probe(paths: &[Path]) -> TokenStream {
    let mut seen = Vec::new();
    let mut out = TokenStream::new();
    for path in paths {
        let name = crate::names::path_text(path);
        if !seen.contains(&name) {
            seen.push(name);
            let borrow = quote_spanned!(path.span()=> &mut #path);
            out.extend(quote!(let _ = || { let _ = #borrow; };));
        }
    }
    if seen.is_empty() { out } else { quote!(#[allow(const_item_mutation, path_statements)] { #out }) }
}
