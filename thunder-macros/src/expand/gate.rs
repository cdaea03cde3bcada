//! The way into a call, and what passes through it: of a type of the user's own only rustc knows whether it is one of the
//! language's, and is asked where the type stands.

use crate::parse::{Generics, Signature};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericArgument, PathArguments, Type};

/// The types of a signature that may be the user's own.
fn stated(sig: &Signature) -> Vec<&Type> {
    let stated = sig.owner.iter().chain(sig.params.iter().map(|p| &p.owned)).chain([&sig.output]);
    own_types(stated, &sig.types.generics)
}

/// The gate of a signature as the variable `__gate`; what does not pass is told where the call itself asks.
pub fn open(sig: &Signature) -> TokenStream {
    let types = stated(sig);
    let all = types.iter().rev().fold(quote!(()), |rest, ty| quote!((#ty, #rest)));
    quote! {
        use ::thunder::__rt::{Closed as _, Open as _};
        let __gate = &::thunder::__rt::Gate::<#all>::NEW;
    }
}

/// `call` of the runtime on the trace, the arguments and the body: `invoke`, `inline`, `call` or `explain`.
pub fn through(sig: &Signature, call: &str, given: TokenStream) -> TokenStream {
    let types = stated(sig);
    let asked = types.iter().map(|ty| passes(ty));
    let all = types.iter().rev().fold(quote!(()), |rest, ty| quote!((#ty, #rest)));
    let call = Ident::new(call, Span::call_site());
    quote!({
        use ::thunder::__rt::{self, Closed as _, Open as _};
        #(#asked)*
        (&__rt::Gate::<#all>::NEW).#call(#given)
    })
}

/// Asks, where a type stands, whether its values can go in or out of a call.
pub fn passes(ty: &Type) -> TokenStream {
    quote!(let _ = <#ty as ::thunder::__rt::Tree>::IS_STRUCT;)
}

/// The types, among those that `types` are made of, which may be the user's own, each once.
pub fn own_types<'t>(types: impl IntoIterator<Item = &'t Type>, generics: &Generics) -> Vec<&'t Type> {
    let mut out = Vec::new();
    types.into_iter().for_each(|ty| collect_own(ty, generics, &mut out));
    out
}

fn collect_own<'t>(ty: &'t Type, generics: &Generics, out: &mut Vec<&'t Type>) {
    match ty {
        Type::Path(p) => {
            let Some(last) = p.path.segments.last() else { return };
            let name = last.ident.to_string();
            match &last.arguments {
                PathArguments::AngleBracketed(a) if matches!(name.as_str(), "Option" | "Vec" | "Box") => {
                    for arg in &a.args {
                        if let GenericArgument::Type(ty) = arg {
                            collect_own(ty, generics, out);
                        }
                    }
                }
                _ => {
                    let known = matches!(name.as_str(), "Tensor" | "Scalar" | "Key" | "usize" | "Self")
                        || crate::parse::ty::is_static(&name)
                        || generics.closures.iter().any(|(n, _)| *n == name);
                    let text = |ty: &Type| ty.to_token_stream().to_string();
                    if !known && out.iter().all(|other| text(other) != text(ty)) {
                        out.push(ty);
                    }
                }
            }
        }
        Type::Tuple(t) => t.elems.iter().for_each(|ty| collect_own(ty, generics, out)),
        Type::Array(a) => collect_own(&a.elem, generics, out),
        Type::Slice(s) => collect_own(&s.elem, generics, out),
        Type::Paren(p) => collect_own(&p.elem, generics, out),
        Type::Group(g) => collect_own(&g.elem, generics, out),
        Type::Reference(r) => collect_own(&r.elem, generics, out),
        _ => {}
    }
}
