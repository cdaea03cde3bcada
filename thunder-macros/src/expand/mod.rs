//! Tokens out: each kind of item, and what goes beside it.

pub mod body;
pub mod constant;
mod derived;
mod example;
mod extents;
pub mod facts;
pub mod function;
pub mod gate;
pub mod generics;
pub mod interface;
pub mod method;
pub mod opaque;
pub mod structure;
pub mod traced;
pub mod twin;
pub mod update;
pub mod variants;

use crate::diagnostics::Diagnostics;
use crate::parse::Options;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item};

/// What `#[thunder]` makes of an item.
pub fn item(item: Item, options: Options, diag: &mut Diagnostics) -> TokenStream {
    match item {
        Item::Fn(f) => function::expand(f, options, diag),
        Item::Impl(i) => method::expand(i, options, diag),
        Item::Struct(s) => structure::expand(s, diag),
        Item::Enum(e) => variants::expand(e, diag),
        Item::Trait(t) => interface::expand(t, options, diag),
        Item::Mod(m) => module(m, options, diag),
        other => {
            diag.error_at(
                proc_macro2::Span::call_site(),
                "`#[thunder]` does not go on this",
                "a function, an `impl`, a `trait`, a `struct`, an `enum`, or an inline `mod`",
            );
            other.into_token_stream()
        }
    }
}

/// `#[thunder] mod`: every item inside.
fn module(mut m: syn::ItemMod, options: Options, diag: &mut Diagnostics) -> TokenStream {
    let Some((_, items)) = m.content.take() else {
        diag.error(
            &m,
            "a `#[thunder]` module is inline",
            "`mod name { … }`, or `#[thunder]` on each item of the file",
        );
        return m.into_token_stream();
    };
    crate::check::recursion::mutual(&items, diag);
    let items: Vec<TokenStream> = items
        .into_iter()
        .map(|i| match i {
            // Imports, constants and type aliases of a module stay as they are.
            other @ (Item::Use(_) | Item::Const(_) | Item::Type(_)) => other.into_token_stream(),
            i @ (Item::Fn(_)
            | Item::Impl(_)
            | Item::Struct(_)
            | Item::Enum(_)
            | Item::Trait(_)
            | Item::Mod(_)) => item(i, options, diag),
            other => {
                let at = other.to_token_stream().into_iter().next();
                let what = "this can't stand in a `#[thunder]` module: the language has no place for it";
                diag.error(at, what, "move it out, beside the module");
                other.into_token_stream()
            }
        })
        .collect();
    let (attrs, vis, name) = (&m.attrs, &m.vis, &m.ident);
    quote!(#(#attrs)* #vis mod #name { #(#items)* })
}

/// The attributes that what is emitted beside an item bears too.
pub fn shared(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|a| a.path().is_ident("cfg") || a.path().is_ident("allow")).cloned().collect()
}
