//! `f::update`: a call whose state stands behind `&mut`, for functions that take state by value and give it back.

use super::{gate, traced};
use crate::parse::{Kind, Param, Pass, Signature};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Type;

/// The parameters that are state, by their index, and the other results: the parameters by value that carry tensors and
/// the first results, as far as their types are the same.
fn state(sig: &Signature) -> (Vec<usize>, Vec<&Type>) {
    let results: Vec<&Type> = match &sig.output {
        Type::Tuple(t) => t.elems.iter().collect(),
        one => vec![one],
    };
    let text = |ty: &Type| ty.to_token_stream().to_string();
    let given = sig.params.iter().enumerate().filter(|(_, p)| is_state(p));
    let same = given.zip(&results).take_while(|((_, p), result)| text(&p.owned) == text(result));
    let state: Vec<usize> = same.map(|((i, _), _)| i).collect();
    let rest = results[state.len()..].to_vec();
    (state, rest)
}

fn is_state(p: &Param) -> bool {
    p.pass == Pass::Own && !matches!(p.kind, Kind::Static { .. } | Kind::Key | Kind::Closure(_))
}

/// `update` and `try_update`, where there is state.
pub fn functions(sig: &Signature, turbofish: &TokenStream, refused: bool) -> Option<TokenStream> {
    let (state, rest) = state(sig);
    if state.is_empty() {
        return None;
    }
    let name = &sig.syntax.ident;
    let (params, where_) = (&sig.syntax.generics.params, &sig.syntax.generics.where_clause);
    let inputs = sig.params.iter().enumerate().map(|(i, p)| {
        let (id, ty) = (&p.ident, &p.ty);
        if state.contains(&i) { quote!(#id: &mut #ty) } else { quote!(#id: #ty) }
    });
    let inputs: Vec<TokenStream> = inputs.collect();
    let all: Vec<&Ident> = sig.params.iter().map(|p| &p.ident).collect();
    let places: Vec<&Ident> = state.iter().map(|&i| &sig.params[i].ident).collect();
    let values: Vec<Ident> =
        (0..state.len()).map(|i| format_ident!("__new{i}", span = Span::mixed_site())).collect();
    let others: Vec<Ident> =
        (0..rest.len()).map(|i| format_ident!("__rest{i}", span = Span::mixed_site())).collect();
    let args = sig.params.iter().enumerate().map(|(i, p)| {
        let id = &p.ident;
        if state.contains(&i) { quote!(__gate.take(&mut *#id)) } else { quote!(#id) }
    });
    let given = (0..sig.params.len()).map(|i| match state.iter().position(|s| *s == i) {
        Some(k) => values[k].to_token_stream(),
        None => quote!(_),
    });
    let result = match &rest[..] {
        [one] => one.to_token_stream(),
        more => quote!((#(#more),*)),
    };
    let other = if let [one] = &others[..] { quote!(#one) } else { quote!((#(#others),*)) };
    let outcome = match (&sig.output, &values[..]) {
        (Type::Tuple(_), _) => quote!((#(#values,)* #(#others,)*)),
        (_, [one]) => quote!(#one),
        _ => return None,
    };
    let open = gate::open(sig);
    let (update, try_update) = if refused {
        (traced::unimplemented(), traced::unimplemented())
    } else {
        let update = quote!({
            match #name::try_update #turbofish(#(#all),*) {
                ::core::result::Result::Ok(__result) => __result,
                ::core::result::Result::Err(__error) => ::thunder::__rt::refuse(__error),
            }
        });
        let try_update = quote!({
            #open
            match #name::call #turbofish(#(#args),*) {
                ::core::result::Result::Ok(#outcome) => {
                    #(*#places = #values;)*
                    ::core::result::Result::Ok(#other)
                }
                ::core::result::Result::Err(__refused) => {
                    if let ::core::option::Option::Some((#(#given,)*)) = __refused.args {
                        #(*#places = #values;)*
                    }
                    ::core::result::Result::Err(__refused.error)
                }
            }
        });
        (update, try_update)
    };
    let doc = format!(
        "Updates {} in place: moves it out, calls the function, and writes the new one back. Its memory is reused. A \
         call that is refused leaves it as it was; a device failure loses it.",
        places.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(" and ")
    );
    Some(quote! {
        #[doc = #doc]
        #[allow(dead_code)]
        #[track_caller]
        pub fn update<#params>(#(#inputs),*) -> #result #where_ #update

        #[doc = #doc]
        #[allow(dead_code)]
        #[track_caller]
        pub fn try_update<#params>(#(#inputs),*)
            -> ::core::result::Result<#result, ::thunder::Error> #where_
        #try_update
    })
}
