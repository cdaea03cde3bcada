//! Whether what a body calls is a `#[thunder]` function, only rustc knows: it resolves the name.
//!
//! A function of the language has a companion of its name among the types. An explicit import shadows a glob import in
//! each namespace apart, so a stand-in, imported by a glob, is found where there is no companion; a const assertion
//! then speaks of it, at the name.

use crate::trace::{Callee, Node};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Path;

/// The name that stands for the companion of the function at `path`.
pub fn alias(path: &Path) -> Ident {
    format_ident!("__callee_{}", crate::names::path_text(path).replace("::", "_").replace("r#", ""))
}

/// Imports and assertions for every function that the nodes call.
pub fn callees(nodes: &[Node]) -> TokenStream {
    let mut paths = Vec::new();
    collect(nodes, &mut paths);
    let mut seen: Vec<String> = Vec::new();
    let mut out = TokenStream::new();
    for path in paths {
        let (id, name) = (alias(path), crate::names::path_text(path));
        let module = format_ident!("__stand_in_{}", id);
        let last = path.segments.last().map_or_else(Span::call_site, |s| s.ident.span());
        let at: Vec<TokenStream> =
            path.to_token_stream().into_iter().map(|t| quote_spanned!(t.span()=> #t)).collect();
        if !seen.contains(&name) {
            out.extend(quote! {
                #[allow(non_camel_case_types)]
                mod #module {
                    pub struct #id {}
                    impl #id { pub const TRACE: &'static ::thunder::__rt::item::Item = &::thunder::__rt::item::Item::OPAQUE; }
                }
                #[allow(unused_imports)]
                use #module::*;
            });
            let here = Ident::new(&id.to_string(), last);
            out.extend(quote_spanned!(last=> #[allow(unused_imports)] use #(#at)* as #here;));
            seen.push(name.clone());
        }
        out.extend(quote_spanned!(last=> const _: () = ::thunder::__rt::traced(#id::TRACE, #name);));
    }
    out
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
