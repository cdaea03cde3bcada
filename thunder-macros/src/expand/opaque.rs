//! Whether what a body calls is a `#[thunder]` function, only rustc knows: it resolves the name.
//!
//! A function of the language has a companion of its name among the types. An explicit import shadows a glob import in
//! each namespace apart, so a stand-in, imported by a glob, is found where there is no companion; of what such a
//! function gives rustc then says that it is not traced, at the function's name.

use crate::trace::{Callee, Node};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprCall, Path, PathArguments};

/// The name that stands for the companion of the function at `path`.
pub fn alias(path: &Path) -> Ident {
    format_ident!("__callee_{}", crate::names::path_text(path).replace("::", "_").replace("r#", ""))
}

/// Imports of the companions of every function that the nodes call.
pub fn callees(nodes: &[Node]) -> TokenStream {
    let mut paths = Vec::new();
    collect(nodes, &mut paths);
    let mut seen: Vec<Ident> = Vec::new();
    let mut out = TokenStream::new();
    for path in paths {
        let id = alias(path);
        if !seen.contains(&id) {
            out.extend(companion(path));
            seen.push(id);
        }
    }
    out
}

/// A call of a function by its path, which must be traced.
pub fn call(call: &ExprCall, path: &Path) -> TokenStream {
    let (mut call, companion, id) = (call.clone(), companion(path), here(path));
    if crate::names::single(path).is_none() {
        // Of a path that leads nowhere rustc speaks once, where it is imported; what it would have led to is silent.
        let (import, generics) = (import(path), crate::names::last_args(path));
        *call.func = Expr::Verbatim(quote!({ #import #id #generics }));
    }
    let check = quote_spanned!(id.span()=> ::thunder::__rt::facts::TracedCall::<#id>::ask(&given));
    quote_spanned!(id.span()=> match #call { given => { { #companion #check } given } })
}

/// The companion of the function at `path`, or what stands in for it.
fn companion(path: &Path) -> TokenStream {
    let (id, import) = (alias(path), import(path));
    let module = format_ident!("__stand_in_{id}");
    // An import that finds nothing would be an error beside that of the call: a macro of the name is always found.
    let found = crate::names::single(path).map(|name| {
        quote! {
            #[allow(unused_macros)]
            macro_rules! #name { () => {} }
        }
    });
    quote! {
        mod #module { pub use ::thunder::__rt::facts::Untraced as #id; }
        #[allow(unused_imports)]
        use #module::*;
        #found
        #import
    }
}

/// The import of `path` under its alias, where the path stands.
fn import(path: &Path) -> TokenStream {
    let (id, mut path) = (here(path), path.clone());
    path.segments.iter_mut().for_each(|s| s.arguments = PathArguments::None);
    quote_spanned!(id.span()=> #[allow(unused_imports)] use #path as #id;)
}

/// The alias of `path`, where its last name stands.
fn here(path: &Path) -> Ident {
    let span = path.segments.last().map_or_else(Span::call_site, |s| s.ident.span());
    Ident::new(&alias(path).to_string(), span)
}

fn collect<'n>(nodes: &'n [Node], out: &mut Vec<&'n Path>) {
    for n in nodes {
        match n {
            Node::Call { callee: Callee::Fn(path), .. } => out.push(path),
            Node::Choice { arms, .. } => arms.iter().for_each(|a| collect(a, out)),
            Node::Repeat { body, .. } | Node::Region { body, .. } | Node::Closure { body, .. } => {
                collect(body, out);
            }
            _ => {}
        }
    }
}
