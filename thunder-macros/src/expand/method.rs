//! An `impl`: each method becomes a wrapper, with its trace and its body as hidden items beside it.

use super::traced;
use super::{derived, gate, generics, shared};
use crate::diagnostics::Diagnostics;
use crate::parse::signature::outer;
use crate::parse::{Options, Receiver, Signature, Types};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{ImplItem, ImplItemFn, ItemImpl, Type};

/// What `#[thunder]` makes of an `impl`.
pub fn expand(mut i: ItemImpl, options: Options, diag: &mut Diagnostics) -> TokenStream {
    if let Some(t) = &i.unsafety {
        diag.error(t, "a `#[thunder]` `impl` can't be `unsafe`", "a plain `impl`");
    }
    let types = outer(&i.generics);
    types.rewrite(&mut i.self_ty);
    let of = type_name(&i.self_ty);
    let (mut modules, mut inside, mut hidden) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
    let std_trait = i.trait_.as_ref().map(|(_, path, _)| path.clone()).filter(derived::is_std_trait);
    let mut plain = true;
    for item in std::mem::take(&mut i.items) {
        match item {
            ImplItem::Fn(f) => {
                let of = Of {
                    name: &of,
                    owner: Some(&i.self_ty),
                    of_trait: i.trait_.is_some(),
                    std_trait: std_trait.as_ref(),
                };
                let m = method(f, &types, of, diag, options);
                plain &= m.plain;
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
        Some((bang, path, for_)) => {
            // A body calls `Type::make(…)` by the type, so that is where the twin is found. Only a type of this crate
            // can have it: of another's rustc says so.
            let named = i.generics.type_params().all(|p| names(self_ty, &p.ident.to_string()));
            let twins =
                (named && !hidden.is_empty()).then(|| quote!(impl<#params> #self_ty #where_ { #hidden }));
            // What a `#[thunder]` trait asks of its `impl`s.
            let mark = (!derived::is_foreign_trait(path)).then(|| {
                quote!(
                    const PUT_THUNDER_ON_THIS_IMPL: () = ();
                )
            });
            let marks =
                std_trait.filter(|_| plain).map(|path| derived::implemented(&path, self_ty, &i.generics));
            quote! {
                #modules
                #(#attrs)*
                impl<#params> #bang #path #for_ #self_ty #where_ { #mark #inside }
                #(#both)*
                #twins
                #(#both)* const _: () = { #marks };
            }
        }
    }
}

/// Whether `ty` names `id`.
pub fn names(ty: &Type, id: &str) -> bool {
    fn any(tokens: TokenStream, id: &str) -> bool {
        tokens.into_iter().any(|t| match t {
            TokenTree::Ident(i) => i == id,
            TokenTree::Group(g) => any(g.stream(), id),
            _ => false,
        })
    }
    any(ty.to_token_stream(), id)
}

/// What a method becomes.
pub struct Method {
    /// The module of its dimensions' aliases, which stands outside.
    pub alias: TokenStream,
    /// The method itself.
    pub wrapper: TokenStream,
    /// The trace and the body of a type's own method. Those of a trait's method stand inside it: the type may have it
    /// more than once, for each of the trait's arguments; only the twin of an associated function stands beside it.
    pub hidden: TokenStream,
    /// Whether it is a method of a trait of std's that holds no tensors: it runs as plain code does.
    pub plain: bool,
}

/// What a method is of.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    /// The name of the type or, for a default method, of the trait.
    pub name: &'a str,
    /// The type.
    pub owner: Option<&'a Type>,
    /// Whether it is a trait's.
    pub of_trait: bool,
    /// The trait, if it is one of std's that bodies reach without naming it.
    pub std_trait: Option<&'a syn::Path>,
}

/// A method.
pub fn method(f: ImplItemFn, types: &Types, of: Of<'_>, diag: &mut Diagnostics, options: Options) -> Method {
    let Of { name: of, owner, of_trait, std_trait } = of;
    let before = diag.mark();
    let name = f.sig.ident.clone();
    let mut sig = Signature::parse(f.sig, types, Some(alias(of, &name)), diag);
    sig.own.of = Some(of.to_string());
    sig.own.of_trait = of_trait;
    sig.owner = owner.cloned();
    sig.options = options;
    let label = format!("{of}::{name}");
    // The body of a refused signature is lowered too: all errors at once.
    let lowered = traced::lower(&sig, &label, f.block, sig.receiver.is_some(), diag);
    let lowered = (diag.since(before) == 0).then_some(lowered);
    let plain = name.unraw();
    let (trace, body_name) = (format_ident!("TRACE_OF_{plain}"), format_ident!("__body_{plain}"));
    let own = sig.receiver.map(|r| {
        if r == Receiver::Ref {
            quote!(::thunder::__rt::Ref(self))
        } else {
            quote!(::thunder::__rt::Own(self))
        }
    });
    let args = own.into_iter().chain(sig.params.iter().map(traced::argument));
    let inside = of_trait || sig.takes_closures();
    let hidden_body =
        lowered.as_ref().filter(|_| !inside).map(|t| hidden_body(&sig, &f.attrs, &body_name, t));
    let how = if sig.takes_closures() { "inline" } else { "invoke" };
    let plain = std_trait
        .is_some_and(|path| lowered.as_ref().is_some_and(|t| derived::compares(path) || !t.holds_tensors));
    let (item, docs, wrapper) = match lowered {
        Some(t) if plain => {
            let (docs, allow) = (traced::documentation(&t.text), traced::allowances());
            let body = traced::inlined(&sig, &t);
            (t.item, quote!(#docs #allow), quote!({ ::thunder::__rt::plain(#label, (#(#args,)*), #body) }))
        }
        Some(t) => {
            let docs = traced::documentation(&t.text);
            let allow = inside.then(traced::allowances);
            let (own_trace, body) = if of_trait {
                (quote!(__TRACE), traced::inlined(&sig, &t))
            } else if inside {
                (quote!(Self::#trace), traced::inlined(&sig, &t))
            } else {
                let turbofish = generics::turbofish(&sig.syntax.generics);
                (quote!(Self::#trace), quote!(Self::#body_name #turbofish))
            };
            let item = &t.item;
            let constant = of_trait.then(|| quote!(const __TRACE: &::thunder::__rt::item::Item = #item;));
            let call = gate::through(&sig, how, quote!(#own_trace, (#(#args,)*), #body));
            let wrapper = quote!({ #constant #call });
            (t.item, quote!(#docs #allow), wrapper)
        }
        None => (traced::refused(&sig, &label), traced::excuse(), traced::unimplemented()),
    };
    let (attrs, vis, syntax, both) = (&f.attrs, &f.vis, &sig.syntax, shared(&f.attrs));
    let alias = sig.types.alias_module(0);
    let (marker, twin) = if !of_trait { super::twin::twin(&sig, &trace) } else { (quote!(), quote!()) };
    // A type may have a method of the same name of its own; a function that both have it would not tell apart either.
    let function = match (of_trait, owner) {
        (true, None) => Some(super::twin::of_trait_function(&sig)),
        (true, Some(_)) if sig.receiver.is_none() && !plain => {
            Some(super::twin::of_function(&sig, quote!(::thunder::__rt::facts::Dispatched)))
        }
        _ => None,
    };
    let hidden = quote! {
        #(#both)*
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        pub const #trace: &'static ::thunder::__rt::item::Item = #item;

        #(#both)*
        #twin

        #hidden_body
    };
    Method {
        alias: quote!(#(#both)* #alias #(#both)* #marker),
        wrapper: quote! {
            #(#attrs)*
            #docs
            #[track_caller]
            #vis #syntax #wrapper
        },
        hidden: if of_trait { quote!(#function) } else { hidden },
        plain,
    }
}

/// The body of a type's own method, beside it.
fn hidden_body(sig: &Signature, attrs: &[syn::Attribute], name: &Ident, t: &traced::Traced) -> TokenStream {
    let (result, types) = (&sig.output, traced::argument_types(sig));
    let (params, where_) = (&sig.syntax.generics.params, &sig.syntax.generics.where_clause);
    let (body, both) = (&t.body, shared(attrs));
    quote! {
        #(#both)*
        #[doc(hidden)]
        #[allow(non_snake_case)]
        fn #name<#params>(__args: #types) -> #result #where_ { #body }
    }
}

/// The module of the aliases of a method's dimensions.
pub fn alias(of: &str, method: &Ident) -> Ident {
    let line = method.span().start().line;
    Ident::new(&format!("__{of}_{}_{line}", method.unraw()), Span::call_site())
}

/// The name of a type, for what is emitted beside it.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(p) => p.path.segments.last().map(|s| s.ident.unraw().to_string()).unwrap_or_default(),
        _ => "Self".into(),
    }
}
