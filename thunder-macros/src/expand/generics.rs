//! Generic parameters, as declarations and as arguments.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, Generics};

/// `::<E, S>` for a call with these parameters; lifetimes are left to rustc.
pub fn turbofish(g: &Generics) -> TokenStream {
    let names: Vec<_> = g
        .params
        .iter()
        .filter_map(|p| match p {
            GenericParam::Type(t) => Some(&t.ident),
            GenericParam::Const(c) => Some(&c.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    if names.is_empty() { quote!() } else { quote!(::<#(#names),*>) }
}

/// `(declaration, arguments, where clause)` of a type's own parameters with one `bound` more on those that pass
/// `wants`.
pub fn bounded(g: &Generics, wants: impl Fn(&str) -> bool, bound: TokenStream) -> Generics {
    let mut g = g.clone();
    for p in g.type_params_mut() {
        p.default = None;
        if wants(&p.ident.to_string()) {
            p.bounds.push(syn::parse_quote!(#bound));
        }
    }
    g
}
