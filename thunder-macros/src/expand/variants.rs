//! An enum: configuration, or a choice of submodules.

use super::structure::{FieldOf, With, check_generics, clone, derives_clone, module, passes, refused, tree};
use super::{derived, shared, traced};
use crate::diagnostics::Diagnostics;
use crate::parse::signature::outer;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use syn::{Fields, ItemEnum, Member};

/// What `#[thunder]` makes of an enum.
pub fn expand(mut e: ItemEnum, diag: &mut Diagnostics) -> TokenStream {
    let before = diag.mark();
    check_generics(&e.generics, diag);
    let mut types = outer(&e.generics);
    types.alias = Some(traced::alias(&e.ident));
    for f in e.variants.iter().flat_map(|v| &v.fields) {
        types.collect_type(&f.ty);
    }
    let with = With::of(&e.generics, &types.generics, e.variants.iter().flat_map(|v| &v.fields));
    let (mut visits, mut maps, mut clones, mut recasts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut asked, mut held) = (TokenStream::new(), Vec::new());
    for (index, v) in e.variants.iter_mut().enumerate() {
        crate::check::conditional_compilation::attributes(&v.attrs, diag);
        let fields: Vec<FieldOf> =
            v.fields.iter_mut().enumerate().map(|(i, f)| FieldOf::read(i, f, &mut types, diag)).collect();
        let (name, text, index) = (&v.ident, v.ident.to_string(), Literal::usize_unsuffixed(index));
        let named = matches!(v.fields, Fields::Named(_));
        let locals: Vec<_> = (0..fields.len()).map(|i| format_ident!("x{i}")).collect();
        let pattern = fields.iter().zip(&locals).map(|(f, x)| {
            let member: &Member = &f.member;
            quote!(#member: #x)
        });
        let pattern = quote!(Self::#name { #(#pattern),* });
        let seen = fields.iter().zip(&locals).map(|(f, x)| {
            let (enter, ty) = (f.enter(quote!(v), named), &f.ty);
            quote!(#enter <#ty as ::thunder::__rt::Tree>::visit(#x, v); v.leave();)
        });
        visits.push(quote!(#pattern => { v.variant(#index, #text); #(#seen)* }));
        let mapped = fields.iter().zip(&locals).map(|(f, x)| {
            let (enter, member, ty) = (f.enter(quote!(m), named), &f.member, &f.ty);
            quote!(#member: { #enter let y = <#ty as ::thunder::__rt::Tree>::map(#x, m); m.leave(); y })
        });
        maps.push(quote!(#pattern => Self::#name { #(#mapped),* }));
        let copied = fields.iter().zip(&locals).map(|(f, x)| {
            let (member, copy) = (&f.member, f.copy(quote!(#x)));
            quote!(#member: #copy)
        });
        clones.push(quote!(#pattern => Self::#name { #(#copied),* }));
        asked.extend(passes(fields.iter(), &types.generics));
        held.extend(fields.iter().map(|f| f.ty.clone()));
        let recast = fields.iter().zip(&locals).zip(&v.fields).map(|((f, x), syntax)| {
            let (enter, member) = (f.enter(quote!(m), named), &f.member);
            let value = with.field(&syntax.ty, quote!(#x));
            quote!(#member: { #enter let y = #value; m.leave(); y })
        });
        let whole = &e.ident;
        recasts.push(quote!(#pattern => #whole::#name { #(#recast),* }));
    }
    let name = &e.ident;
    let visit = quote!(#asked match self { #(#visits)* });
    let map = quote!(#asked match self { #(#maps),* });
    let tree = tree(&e.generics, &types.generics, name, None, visit, map);
    let copy = quote!(#asked match self { #(#clones),* });
    let clone = clone(&e.attrs, &e.generics, &types.generics, name, copy);
    let recast = quote!(match self { #(#recasts),* });
    let module = module(&e.generics, &types.generics, name, &with, recast);
    if diag.since(before) > 0 {
        return refused(&e, &e.ident, &e.generics, types.alias_module(0), derives_clone(&e.attrs));
    }
    let (both, alias) = (shared(&e.attrs), types.alias_module(0));
    // `as` numbers the variants of an enum without fields, and a message may show it.
    let number = e.variants.iter().all(|v| matches!(v.fields, Fields::Unit)).then(|| {
        let (params, args, where_) = e.generics.split_for_impl();
        quote! {
            #(#both)*
            impl #params ::thunder::__rt::PlainEnum for #name #args #where_ {
                type This = Self;
                fn plain(self) -> Self { self }
            }
            #(#both)*
            impl #params ::thunder::__rt::PlainText for #name #args #where_ {
                type This = Self;
                fn plain(&self) -> &Self { self }
            }
        }
    });
    let marks = derived::marks(&e.attrs, &e.generics, name, &held, true);
    quote! {
        #number
        #(#both)* #alias
        #e
        #(#both)* const _: () = { #marks };
        #(#both)* #clone
        #(#both)* #tree
        #(#both)* #module
    }
}
