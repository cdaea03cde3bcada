//! A free function: the wrapper, and the companion struct that bears its trace.

use super::traced::{self, Traced};
use super::{gate, generics, shared, update};
use crate::diagnostics::Diagnostics;
use crate::parse::{Options, Signature, Types};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ItemFn;

/// What `#[thunder]` makes of a function.
pub fn expand(f: ItemFn, options: Options, diag: &mut Diagnostics) -> TokenStream {
    let before = diag.mark();
    let name = f.sig.ident.clone();
    if name == "main" {
        let what =
            "`main` runs on the host, and makes the tensors that `#[thunder]` functions are called with";
        diag.error(&name, what, "the attribute on a function that `main` calls");
        return f.into_token_stream();
    }
    if let Some(r) = f.sig.receiver() {
        diag.error(r, "a method alone can't be traced: its type is not known", "`#[thunder]` on the `impl`");
        return method(f, diag);
    }
    let mut sig = Signature::parse(f.sig, &Types::default(), Some(traced::alias(&name)), diag);
    sig.options = options;
    let label = name.to_string();
    // The body of a refused signature is lowered too: all errors at once.
    let lowered = traced::lower(&sig, &label, *f.block, false, diag);
    let lowered = (diag.since(before) == 0).then_some(lowered);
    emit(&f.attrs, &f.vis, &sig, lowered)
}

/// A method that bears the attribute itself: nothing can stand beside it where it is.
fn method(f: ItemFn, diag: &mut Diagnostics) -> TokenStream {
    let (attrs, vis, sig) = (&f.attrs, &f.vis, Signature::parse(f.sig, &Types::default(), None, diag));
    let (syntax, excuse, refused) = (&sig.syntax, traced::excuse(), traced::unimplemented());
    quote!(#(#attrs)* #excuse #vis #syntax #refused)
}

fn emit(
    attrs: &[syn::Attribute],
    vis: &syn::Visibility,
    sig: &Signature,
    lowered: Option<Traced>,
) -> TokenStream {
    let name = &sig.syntax.ident;
    let (syntax, both) = (&sig.syntax, shared(attrs));
    let (params, where_) = (&sig.syntax.generics.params, &sig.syntax.generics.where_clause);
    let turbofish = generics::turbofish(&sig.syntax.generics);
    let inputs: Vec<TokenStream> = sig
        .params
        .iter()
        .map(|p| {
            let (id, ty) = (&p.ident, &p.ty);
            quote!(#id: #ty)
        })
        .collect();
    let args: Vec<TokenStream> = sig.params.iter().map(traced::argument).collect();
    let (result, types, back) = (&sig.output, traced::argument_types(sig), traced::given_back(sig));
    let (explained, explain_args): (Vec<_>, Vec<_>) = sig.params.iter().map(traced::explained).unzip();
    let alias = sig.types.alias_module(0);
    let allow = traced::allowances();
    let body = match &lowered {
        Some(t) if !sig.takes_closures() => {
            let body = &t.body;
            quote!(#[doc(hidden)] fn __body<#params>(__args: #types) -> #result #where_ { #body })
        }
        _ => quote!(),
    };
    let (refused, is_refused) = (traced::unimplemented(), lowered.is_none());
    let excuse = lowered.is_none().then(traced::excuse);
    let (item, docs, wrapper, call, explain) = match lowered {
        Some(t) if sig.takes_closures() => {
            let (docs, body) = (traced::documentation(&t.text), traced::inlined(sig, &t));
            let wrapper = gate::through(sig, "inline", quote!(#name::TRACE, (#(#args,)*), #body));
            (t.item, quote!(#docs #allow), wrapper, quote!(), quote!())
        }
        Some(t) => (
            t.item,
            traced::documentation(&t.text),
            gate::through(sig, "invoke", quote!(#name::TRACE, (#(#args,)*), #name::__body #turbofish)),
            gate::through(sig, "call", quote!(#name::TRACE, (#(#args,)*), #name::__body #turbofish)),
            gate::through(
                sig,
                "explain",
                quote!(#name::TRACE, (#(#explain_args,)*), #name::__body #turbofish),
            ),
        ),
        None => {
            let item = traced::refused(sig, &name.to_string());
            (item, traced::excuse(), refused.clone(), refused.clone(), refused)
        }
    };
    // What takes closures is called by bodies only.
    let host = (!sig.takes_closures()).then(|| {
        let update = update::functions(sig, &turbofish, is_refused);
        quote! {
            /// Runs the function; a call that is refused gives its arguments back.
            #[allow(dead_code)]
            #[track_caller]
            pub fn call<#params>(#(#inputs),*)
                -> ::core::result::Result<#result, ::thunder::CallError<#back>> #where_
            #call

            /// What happens for these arguments: every pass, every kernel, and why.
            #[allow(dead_code)]
            #[track_caller]
            pub fn explain<#params>(#(#explained),*)
                -> ::core::result::Result<::thunder::Explanation, ::thunder::Error> #where_
            #explain

            #update
        }
    });
    quote! {
        #(#both)* #alias

        #(#attrs)*
        #docs
        #[track_caller]
        #vis #syntax #wrapper

        #(#both)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #vis struct #name {}

        #(#both)*
        impl ::thunder::__rt::facts::ThunderFunction for #name {}

        #(#both)*
        #allow
        #excuse
        impl #name {
            /// The compile-time trace.
            pub const TRACE: &'static ::thunder::__rt::item::Item = #item;

            #host

            #body
        }
    }
}
