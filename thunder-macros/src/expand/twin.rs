//! Twins: hidden functions beside those of the language, by which rustc tells which a call reaches, and whether it is one.

use super::body::own_fields;
use super::example::example;
use crate::parse::Signature;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};
use syn::ext::IdentExt;
use syn::{Member, Type};
use thunder_core::types::{Elem, Ty};

/// The twin of a method: the type that bears its trace, and the hidden method.
pub fn twin(sig: &Signature, trace: &Ident) -> (TokenStream, TokenStream) {
    let receives = sig.receiver.is_some();
    let Some(owner) = sig.owner.as_ref().and_then(|ty| example(ty, &sig.types.generics, None)) else {
        let method = receives.then(|| dispatched(&sig.syntax.ident, &[]));
        let method = method.map(|m| quote!(#[doc(hidden)] #[allow(dead_code)] pub #m));
        let function = of_function(sig, quote!(::thunder::__rt::facts::Dispatched));
        return (quote!(), quote!(#method #function));
    };
    let name = sig.syntax.ident.unraw();
    let of = sig.own.of.as_deref().unwrap_or_default();
    let marker = format_ident!("Trace_{of}_{name}_{}", name.span().start().line, span = Span::call_site());
    let method = twin_name(&name.to_string());
    let marker_type = quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        pub struct #marker;
        impl ::thunder::__rt::facts::Traced for #marker {
            const ITEM: &'static ::thunder::__rt::item::Item = <#owner>::#trace;
        }
        impl ::thunder::__rt::facts::ThunderFunction for #marker {}
        impl<__T: ?::core::marker::Sized> ::thunder::__rt::facts::CodeOf<__T> for #marker {
            type Of = ::thunder::__rt::facts::Exempt;
        }
    };
    let method = receives.then(|| {
        quote! {
            #[doc(hidden)]
            #[allow(dead_code)]
            pub fn #method<__E>(&self, _: __E) -> #marker { #marker }
        }
    });
    let function = of_function(sig, quote!(#marker));
    (marker_type, quote!(#method #function))
}

/// The twin of a method or an associated function as such: it takes what that takes, and its result bears the trace's
/// marker beside the type of the result.
pub fn of_function(sig: &Signature, marker: TokenStream) -> TokenStream {
    let (name, syntax) = (function_twin(&sig.syntax.ident.to_string()), &sig.syntax);
    let (generics, where_, inputs) = (&syntax.generics, &syntax.generics.where_clause, &syntax.inputs);
    let result = &sig.output;
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, unused_variables, unused_mut, clippy::too_many_arguments, clippy::type_complexity)]
        pub fn #name #generics(#inputs) -> ::thunder::__rt::facts::Twin<#marker, #result> #where_ {
            ::thunder::__rt::facts::Twin::NEW
        }
    }
}

/// The twin of a function of a trait, which linking knows.
pub fn of_trait_function(sig: &Signature) -> TokenStream {
    let (name, syntax) = (function_twin(&sig.syntax.ident.to_string()), &sig.syntax);
    let (generics, inputs, result) = (&syntax.generics, &syntax.inputs, &sig.output);
    let predicates = syntax.generics.where_clause.iter().flat_map(|w| &w.predicates);
    quote! {
        #[doc(hidden)]
        #[allow(unused_variables, clippy::too_many_arguments, clippy::type_complexity)]
        fn #name #generics(#inputs)
            -> ::thunder::__rt::facts::Twin<::thunder::__rt::facts::Dispatched, #result>
        where Self: ::core::marker::Sized, #(#predicates),*
        {
            ::thunder::__rt::facts::Twin::NEW
        }
    }
}

/// What stands in for the twins of methods, and for the ways to fields, of these names that a type may not have.
///
/// It is found last: it takes a reference more. The way to the receiver is by `Content`, which has it so.
pub fn stand_ins(methods: &BTreeSet<String>, fields: &BTreeSet<String>) -> TokenStream {
    if methods.is_empty() && fields.is_empty() {
        return quote!();
    }
    let methods = methods.iter().map(|name| {
        let twin = twin_name(name);
        quote!(fn #twin<__E>(&self, _: __E) -> __rt::facts::Untraced { __rt::facts::Untraced })
    });
    let fields = fields.iter().map(|name| {
        let field = field(name);
        quote!(fn #field(&self) -> &'static __rt::facts::Foreign { &__rt::facts::Foreign })
    });
    quote! {
        #[allow(dead_code)]
        trait __NoTwin { #(#methods)* #(#fields)* }
        impl<T: ?::core::marker::Sized> __NoTwin for &T {}
    }
}

/// The method that leads to a struct's field: of a field that there is not, or that is private, the body speaks alone.
pub fn field(name: &str) -> Ident {
    format_ident!("__field_{}", name.trim_start_matches("r#"))
}

/// The methods that lead to the fields of a struct, by their names and types.
pub fn fields<'f>(list: impl Iterator<Item = (&'f Member, &'f Type)>) -> TokenStream {
    let methods = list.map(|(member, ty)| {
        let name = member.to_token_stream().to_string();
        let (part, own) = (field(&name), own_fields::own(&name));
        quote! {
            pub fn #part(&self) -> &#ty { &self.#member }
            pub fn #own(&self) -> ::thunder::__rt::facts::Exempt { ::thunder::__rt::facts::Exempt }
        }
    });
    quote!(#(#methods)*)
}

/// What stands in for the twins that associated functions of these names, with so many arguments, may not have.
pub fn function_stand_ins(functions: &BTreeMap<String, usize>) -> TokenStream {
    if functions.is_empty() {
        return quote!();
    }
    let functions = functions.iter().map(|(name, count)| {
        let twin = function_twin(name);
        let args: Vec<Ident> = (0..*count).map(|i| format_ident!("__A{i}")).collect();
        // A function of one of std's traits may be derived.
        let untraced = match thunder_core::item::std_trait_of(name) {
            Some(_) => {
                let with = match (name.as_str(), args.get(1), args.first()) {
                    ("from" | "try_from", _, Some(a))
                    | ("add" | "sub" | "mul" | "div" | "rem", Some(a), _) => quote!(#a),
                    _ => quote!(()),
                };
                let marker = if matches!(name.as_str(), "try_from" | "from_str") {
                    quote!(Fallible)
                } else {
                    quote!(OfStd)
                };
                quote!(__rt::facts::#marker<#with>)
            }
            None => quote!(__rt::facts::Untraced),
        };
        quote! {
            fn #twin<#(#args,)* __R>(#(_: #args),*) -> __rt::facts::Twin<#untraced, __R> {
                __rt::facts::Twin::NEW
            }
        }
    });
    quote! {
        #[allow(dead_code, non_camel_case_types)]
        trait __NoFunctionTwin { #(#functions)* }
        impl<T: ?::core::marker::Sized> __NoFunctionTwin for T {}
    }
}

/// The name of [`of_function`]'s twin.
pub fn function_twin(name: &str) -> Ident {
    format_ident!("__fn_{}", name.trim_start_matches("r#"))
}

/// The name of a method's twin.
pub fn twin_name(method: &str) -> Ident {
    format_ident!("__item_{}", method.trim_start_matches("r#"))
}

/// The twin of a trait's method, or of a type's that depends on more than element types. `elems` are the trait's: a type
/// may have the trait for every element type, so who asks says by [`element`] which one it means.
pub fn dispatched(name: &Ident, elems: &[String]) -> TokenStream {
    let method = twin_name(&name.unraw().to_string());
    let result = quote!(::thunder::__rt::facts::Dispatched);
    match elems {
        [elem] => {
            let elem = Ident::new(elem, Span::call_site());
            quote!(fn #method(&self, _: ::core::marker::PhantomData<#elem>) -> #result { #result })
        }
        _ => quote!(fn #method<__E>(&self, _: __E) -> #result { #result }),
    }
}

/// The element type that a method's twin is asked with: that of the first tensor in `given` whose type is known, else
/// the first float of the item. `generic` gives what stands for a generic one.
pub fn element(given: &[&Ty], item: &[Ty], generic: &dyn Fn(usize) -> Option<String>) -> TokenStream {
    let of = |ty: &Ty| match ty.elem {
        Elem::Known(d) => Some(d.name().to_string()),
        Elem::Param(i) => generic(usize::from(i)),
        Elem::Unknown => None,
    };
    let is_float = |ty: &&Ty| match ty.elem {
        Elem::Known(d) => d.is_float(),
        _ => true,
    };
    let name = given.iter().copied().find_map(of).or_else(|| item.iter().filter(is_float).find_map(of));
    let elem = match name.as_deref() {
        Some("f16") => quote!(::thunder::f16),
        Some("bf16") => quote!(::thunder::bf16),
        Some(name) => {
            let name = Ident::new(name, Span::call_site());
            quote!(#name)
        }
        None => quote!(f32),
    };
    quote!(::core::marker::PhantomData::<#elem>)
}
