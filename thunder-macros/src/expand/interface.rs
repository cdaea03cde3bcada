//! A trait: what generic modules compose by. Its signatures are the language's, its default bodies are traced.

use super::method::{Of, alias, method};
use crate::diagnostics::Diagnostics;
use crate::parse::signature::outer;
use crate::parse::{Options, Signature, Types};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{ImplItemFn, ItemTrait, TraitItem, TraitItemFn, TypeParamBound, Visibility};

/// What `#[thunder]` makes of a trait.
pub fn expand(mut t: ItemTrait, options: Options, diag: &mut Diagnostics) -> TokenStream {
    if let Some(token) = &t.unsafety {
        diag.error(token, "a `#[thunder]` trait can't be `unsafe`", "a plain `trait`");
    }
    let types = outer(&t.generics);
    types.rewrite_generics(&mut t.generics);
    let of = t.ident.unraw().to_string();
    let (mut modules, mut inside) = (TokenStream::new(), TokenStream::new());
    for item in std::mem::take(&mut t.items) {
        match item {
            TraitItem::Fn(TraitItemFn { attrs, sig, default: Some(block), .. }) => {
                let f = ImplItemFn { attrs, vis: Visibility::Inherited, defaultness: None, sig, block };
                if f.sig.receiver().is_some() {
                    let twin = super::twin::dispatched(&f.sig.ident, &types.generics.elems);
                    inside.extend(quote!(#[doc(hidden)] #twin));
                }
                let of = Of { name: &of, owner: None, of_trait: true, std_trait: None };
                let m = method(f, &types, of, diag, options);
                modules.extend(m.alias);
                inside.extend(m.wrapper);
                inside.extend(m.hidden);
            }
            TraitItem::Fn(f) => {
                if f.sig.receiver().is_some() {
                    let twin = super::twin::dispatched(&f.sig.ident, &types.generics.elems);
                    inside.extend(quote!(#[doc(hidden)] #twin));
                }
                let (alias, required) = required(f, &types, &of, diag);
                modules.extend(alias);
                inside.extend(required);
            }
            other @ (TraitItem::Const(_) | TraitItem::Type(_)) => inside.extend(other.into_token_stream()),
            other => {
                let what = "this can't stand in a `#[thunder]` trait";
                diag.error(&other, what, "methods, constants and types");
            }
        }
    }
    module_bound(&mut t);
    let (attrs, vis, name, token) = (&t.attrs, &t.vis, &t.ident, &t.trait_token);
    let (params, bounds, where_) = (&t.generics.params, &t.supertraits, &t.generics.where_clause);
    quote! {
        #modules
        #(#attrs)*
        #vis #token #name<#params>: #bounds #where_ {
            /// An `impl` bears it that is `#[thunder]`: another would not be traced.
            #[doc(hidden)]
            const PUT_THUNDER_ON_THIS_IMPL: ();
            #inside
        }
    }
}

/// A method without a body: its signature.
fn required(f: TraitItemFn, types: &Types, of: &str, diag: &mut Diagnostics) -> (TokenStream, TokenStream) {
    let module = alias(of, &f.sig.ident);
    let sig = Signature::parse(f.sig, types, Some(module), diag);
    let twin = super::twin::of_trait_function(&sig);
    let (alias, both, attrs, syntax) =
        (sig.types.alias_module(0), super::shared(&f.attrs), &f.attrs, &sig.syntax);
    (quote!(#(#both)* #alias), quote!(#(#attrs)* #syntax; #(#both)* #twin))
}

/// Whoever has methods of the language is a module: a receiver is an argument like another.
fn module_bound(t: &mut ItemTrait) {
    let has = t.supertraits.iter().any(|b| match b {
        TypeParamBound::Trait(b) => b.path.segments.last().is_some_and(|s| s.ident == "Module"),
        _ => false,
    });
    if !has {
        t.supertraits.push(syn::parse_quote!(::thunder::Module));
    }
}
