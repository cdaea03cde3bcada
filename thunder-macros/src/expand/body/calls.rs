//! Calls beside which rustc is asked whether they are traced.

use super::Apply;
use super::asks::{asserted, at_call, is_place, of_receiver, question, unless};
use super::syntax::{bare, parenthesised, placed, reference, take};
use crate::expand::twin;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use thunder_core::item::Var;

impl Apply<'_> {
    /// A method call that must be traced.
    pub(super) fn traced_method(&self, e: &mut Expr) {
        let Expr::MethodCall(m) = &*e else { return };
        let (span, x, twin) = (m.method.span(), &m.receiver, self.twin_call(&m.method));
        let x = quote!(#x);
        let asked = quote_spanned!(span=> (&#x).__content().#twin);
        *e = unless(quote_spanned!(span=> ::thunder::__rt::facts::TracedCall::of_method(#asked)), e, span);
    }

    /// A call that must be traced, by what is known of its results.
    pub(super) fn traced_call(&self, e: &mut Expr, results: &[Var], asks: bool) {
        let span = at_call(e);
        let element = results.iter().find_map(|v| self.methods.elements.get(v));
        if let (Expr::MethodCall(m), Some(element)) = (&*e, element)
            && asks
            && thunder_core::op::method(&m.method.to_string()).is_none()
        {
            // A receiver that is no part of a parameter.
            let twin = Ident::new(&twin::twin_name(&m.method.to_string()).to_string(), span);
            let asked = quote_spanned!(span=> (&__receiver).__content().#twin(#element));
            let check = quote_spanned!(span=> ::thunder::__rt::facts::TracedCall::of_method(#asked));
            *e = of_receiver(m, span, |call| unless(check, call, span).into_token_stream());
            return;
        }
        let traced = results.iter().filter_map(|v| self.methods.traced.get(v));
        *e = asserted(e, traced, span);
    }

    /// A method that bears the name of one of std's, and may be a traced one.
    pub(super) fn std_method(
        &self,
        e: &mut Expr,
        called: Option<&syn::ExprMethodCall>,
        site: Option<u16>,
        changes: bool,
    ) {
        let Some(m) = called else { return };
        let place = is_place(&m.receiver);
        let (span, name) = (m.method.span(), m.method.to_string());
        // What is at fault is the method.
        let x: TokenStream = if place {
            m.receiver.to_token_stream().into_iter().map(|t| placed(t, span)).collect()
        } else {
            Ident::new("__receiver", span).to_token_stream()
        };
        let of_numbers = if crate::check::opaque_call::is_method_of_numbers(&name) {
            quote_spanned!(span=> ::thunder::__rt::facts::Std)
        } else {
            quote_spanned!(span=> ::thunder::__rt::facts::Untraced)
        };
        let twin = self.twin_call(&m.method);
        let changed = changes
            .then(|| quote_spanned!(span=> if false { ::thunder::__rt::facts::HoldsNoTensors::ask(&#x) }));
        let mark = quote_spanned!(span=> ::thunder::__rt::facts::MethodReceiver::reached::<#of_numbers, _>(
            &#x, || (&#x).__content().#twin
        ));
        let check = match site {
            None => quote_spanned!(span=> if false {
                let __mark = #mark;
                ::thunder::__rt::facts::TracedCall::ask_mark(&#x, &__mark);
                ::thunder::__rt::facts::TakenForStd::ask(&#x, &__mark)
            }),
            Some(site) => quote_spanned!(span=>
                ::thunder::__rt::arm(#site, ::thunder::__rt::facts::TracedCall::arm(&#x, #mark));
            ),
        };
        if place {
            *e = parenthesised(quote_spanned!(span=> { #changed #check #e }), span);
            return;
        }
        // What is no place is computed once.
        let Expr::MethodCall(call) = e else { return };
        let mut receiver = bare(take(&mut call.receiver));
        // What borrows from it outlives the `match`, and so does what it is computed in.
        if crate::check::opaque_call::borrows(&name) {
            receiver = reference(receiver);
        }
        *call.receiver = syn::parse_quote!(#x);
        let whole = quote_spanned!(span=> match #receiver {
            #[allow(unused_mut)]
            mut #x => { #changed #check #call }
        });
        *e = parenthesised(whole, span);
    }

    /// A call of an associated function that must be traced, or be one of std's traits that is known.
    pub(super) fn traced_associated(&self, e: &mut Expr) {
        let Expr::Call(c) = &*e else { return };
        let Expr::Path(p) = &*c.func else { return };
        let (mut path, args) = (p.clone(), &c.args);
        // By the trait or not, the twin is the type's.
        if let Some(q) = path.qself.as_mut().filter(|q| q.position > 0) {
            path.path.segments = path.path.segments.into_iter().skip(q.position).collect();
            path.path.leading_colon = Some(Default::default());
            q.position = 0;
            q.as_token = None;
        }
        let Some(last) = path.path.segments.last_mut() else { return };
        let (span, name) = (last.ident.span(), last.ident.to_string());
        last.ident = Ident::new(&twin::function_twin(&last.ident.to_string()).to_string(), span);
        last.arguments = syn::PathArguments::None;
        // The braces stand for the whole at the function's name; of a type that there is not rustc speaks there.
        let asked = quote_spanned!(span=> { #path (#args) });
        let of_std = thunder_core::item::std_trait_of(&name).map(|by| {
            let question = question(by, span);
            quote_spanned!(span=> #question::ask_beside((&__twin).__left(), (&__twin).__right());)
        });
        let check = quote_spanned!(span=> {
            let __twin = #asked;
            #of_std
            ::thunder::__rt::facts::TracedCall::of_function(__twin)
        });
        *e = unless(check, e, span);
    }
}
