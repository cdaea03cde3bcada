//! An `impl`: each method becomes a wrapper, with its trace and its body as hidden items beside it.

use super::traced;
use super::{generics, shared};
use crate::diagnostics::Diagnostics;
use crate::parse::signature::outer;
use crate::parse::{Options, Receiver, Signature, Types};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{ImplItem, ImplItemFn, ItemImpl, Type};

/// What `#[thunder]` makes of an `impl`.
pub fn expand(mut i: ItemImpl, _options: Options, diag: &mut Diagnostics) -> TokenStream {
    if let Some(t) = &i.unsafety {
        diag.error(t, "a `#[thunder]` `impl` can't be `unsafe`", "a plain `impl`");
    }
    let types = outer(&i.generics);
    types.rewrite(&mut i.self_ty);
    let of = type_name(&i.self_ty);
    let trait_name =
        i.trait_.as_ref().and_then(|(_, p, _)| p.segments.last()).map(|s| s.ident.unraw().to_string());
    let (mut modules, mut inside, mut hidden) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    for item in std::mem::take(&mut i.items) {
        match item {
            ImplItem::Fn(f) => {
                let m = method(f, &types, &of, trait_name.as_deref(), diag);
                modules.extend(m.alias);
                inside.extend(m.wrapper);
                hidden.extend(m.hidden);
            }
            other @ (ImplItem::Const(_) | ImplItem::Type(_)) => inside.extend(other.into_token_stream()),
            other => {
                diag.error(
                    &other,
                    "this can't stand in a `#[thunder]` `impl`",
                    "methods, constants and types",
                );
            }
        }
    }
    let both = shared(&i.attrs);
    let attrs = &i.attrs;
    let (params, self_ty, where_) = (&i.generics.params, &i.self_ty, &i.generics.where_clause);
    let allow = traced::allowances();
    match &i.trait_ {
        None => quote! {
            #modules
            #(#attrs)*
            impl<#params> #self_ty #where_ { #inside }
            #(#both)*
            #allow
            impl<#params> #self_ty #where_ { #hidden }
        },
        Some((bang, path, for_)) => quote! {
            #modules
            #(#attrs)*
            impl<#params> #bang #path #for_ #self_ty #where_ { #inside }
            #(#both)*
            #allow
            impl<#params> #self_ty #where_ { #hidden }
        },
    }
}

struct Method {
    alias: TokenStream,
    wrapper: TokenStream,
    hidden: TokenStream,
}

fn method(
    f: ImplItemFn,
    types: &Types,
    of: &str,
    trait_name: Option<&str>,
    diag: &mut Diagnostics,
) -> Method {
    let before = diag.mark();
    let name = f.sig.ident.clone();
    let line = name.span().start().line;
    let plain = name.unraw();
    let module = Ident::new(&format!("__{of}_{plain}_{line}"), Span::call_site());
    let mut sig = Signature::parse(f.sig, types, Some(module), diag);
    sig.own.of = Some(of.to_string());
    sig.own.of_trait = trait_name.is_some();
    let label = format!("{of}::{name}");
    // The body of a refused signature is lowered too: all errors at once.
    let lowered = traced::lower(&sig, &label, f.block, sig.receiver.is_some(), diag);
    let lowered = (diag.since(before) == 0).then_some(lowered);
    let suffix = match trait_name {
        Some(t) => format!("{t}_{plain}"),
        None => plain.to_string(),
    };
    let (trace, body_name) = (format_ident!("__TRACE_{suffix}"), format_ident!("__body_{suffix}"));
    let own = sig.receiver.map(|r| {
        if r == Receiver::Ref {
            quote!(::thunder::__rt::Ref(self))
        } else {
            quote!(::thunder::__rt::Own(self))
        }
    });
    let args = own.into_iter().chain(sig.params.iter().map(traced::argument));
    let turbofish = generics::turbofish(&sig.syntax.generics);
    let (result, types) = (&sig.output, traced::argument_types(&sig));
    let (params, where_) = (&sig.syntax.generics.params, &sig.syntax.generics.where_clause);
    let hidden_body = match &lowered {
        Some(t) if !sig.takes_closures() => {
            let (body, both) = (&t.body, shared(&f.attrs));
            quote! {
                #(#both)*
                #[doc(hidden)]
                #[allow(non_snake_case)]
                fn #body_name<#params>(__args: #types) -> #result #where_ { #body }
            }
        }
        _ => quote!(),
    };
    let (item, docs, wrapper) = match lowered {
        Some(t) => {
            let docs = if trait_name.is_none() { traced::documentation(&t.text) } else { quote!() };
            let allow = sig.takes_closures().then(traced::allowances);
            let wrapper = if sig.takes_closures() {
                let body = traced::inlined(&sig, &t);
                quote!({ ::thunder::__rt::inline(Self::#trace, (#(#args,)*), #body) })
            } else {
                quote!({ ::thunder::__rt::invoke(Self::#trace, (#(#args,)*), Self::#body_name #turbofish) })
            };
            (t.item, quote!(#docs #allow), wrapper)
        }
        None => (traced::refused(&sig, &label), traced::excuse(), traced::unimplemented()),
    };
    let (attrs, vis, syntax, both) = (&f.attrs, &f.vis, &sig.syntax, shared(&f.attrs));
    let alias = sig.types.alias_module(0);
    Method {
        alias: quote!(#(#both)* #alias),
        wrapper: quote! {
            #(#attrs)*
            #docs
            #[track_caller]
            #vis #syntax #wrapper
        },
        hidden: quote! {
            #(#both)*
            #[doc(hidden)]
            #[allow(non_upper_case_globals)]
            pub const #trace: &'static ::thunder::__rt::item::Item = #item;

            #hidden_body
        },
    }
}

/// The name of a type, for what is emitted beside it.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(p) => p.path.segments.last().map(|s| s.ident.unraw().to_string()).unwrap_or_default(),
        _ => "Self".into(),
    }
}
