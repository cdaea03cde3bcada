//! Questions to rustc beside an expression: whether a call is traced, whether code of std's traits is known, whether static
//! integers overflow.

use super::syntax::{bare, parenthesised, placed, reference};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

/// `e`, type-checked against `check`, which never runs. The `match` hides the expected type from both, so that rustc
/// reports a mismatch at `span`.
pub(super) fn unless(check: TokenStream, e: &Expr, span: Span) -> Expr {
    let whole = quote_spanned!(span=> match (if false { #check } else { #e }) { given => given });
    parenthesised(whole, span)
}

/// A call which is refused by what it gave, at `span`, if not all of these hold.
pub(super) fn asserted<'t>(e: &Expr, traced: impl Iterator<Item = &'t TokenStream>, span: Span) -> Expr {
    let asserts: Vec<TokenStream> = traced
        .map(|holds| {
            let check = quote_spanned!(span=> __rt::facts::TracedCall::<<__rt::facts::Method<TRACED> as __rt::facts::Marked>::Marker>::ask(&given));
            quote!({ const TRACED: bool = #holds; #check })
        })
        .collect();
    if asserts.is_empty() {
        return e.clone();
    }
    parenthesised(quote_spanned!(span=> match #e { given => { #(#asserts)* given } }), span)
}

/// `made`, a call of the function at `path`: rustc takes that for a pattern, if it is a constructor.
pub(super) fn constructed(path: &Expr, made: &Expr, asks: bool) -> Expr {
    let given = Ident::new("__made", path.span());
    let asked = asks.then(|| configuration(&given, path.span()));
    let whole = quote!(match #made {
        #given => {
            #[allow(irrefutable_let_patterns)]
            if let #path(..) = &#given {}
            #asked;
            #given
        }
    });
    parenthesised(whole, path.span())
}

/// A method call whose receiver is evaluated first and named, so that it can be asked for its type.
pub(super) fn of_receiver(m: &syn::ExprMethodCall, span: Span, f: impl FnOnce(&Expr) -> TokenStream) -> Expr {
    if is_place(&m.receiver) {
        let x = &m.receiver;
        let call = f(&Expr::MethodCall(m.clone()));
        return Expr::Verbatim(replaced(call, &quote!(#x)));
    }
    let mut call = m.clone();
    let value = bare(std::mem::replace(&mut *call.receiver, syn::parse_quote!(__receiver)));
    let call = f(&Expr::MethodCall(call));
    Expr::Verbatim(quote_spanned!(span=> (match #value {
        #[allow(unused_mut)]
        mut __receiver => { #call }
    })))
}

/// `tokens` with `x` in the place of the receiver's name.
pub(super) fn replaced(tokens: TokenStream, x: &TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|t| match t {
            TokenTree::Ident(id) if id == "__receiver" => quote!(#x),
            TokenTree::Group(g) => {
                let mut group = proc_macro2::Group::new(g.delimiter(), replaced(g.stream(), x));
                group.set_span(g.span());
                TokenTree::Group(group).into()
            }
            other => other.into(),
        })
        .collect()
}

/// Whether an expression is a place in Rust's sense, which would be moved from if it were evaluated as a value.
pub(super) fn is_place(e: &Expr) -> bool {
    match e {
        Expr::Path(_) => true,
        Expr::Field(f) => is_place(&f.base),
        Expr::Index(i) => is_place(&i.expr),
        Expr::Paren(p) => is_place(&p.expr),
        Expr::Reference(r) => is_place(&r.expr),
        Expr::Unary(u) => matches!(u.op, syn::UnOp::Deref(_)),
        _ => false,
    }
}

/// Where a call's name stands.
pub(super) fn at_call(e: &Expr) -> Span {
    match e {
        Expr::MethodCall(m) => m.method.span(),
        Expr::Call(c) => match &*c.func {
            Expr::Path(p) => p.path.segments.last().map_or_else(|| e.span(), |s| s.ident.span()),
            _ => e.span(),
        },
        _ => e.span(),
    }
}

/// A question of `thunder_core::facts`, by the trait of std's that it is about: its path.
pub(super) fn question(by: &str, at: Span) -> TokenStream {
    let name = Ident::new(&format!("Traced{by}"), at);
    quote_spanned!(at=> ::thunder::__rt::facts::#name)
}

/// Asks the question about `by` of the type of the place `x`, if that is std's or the language's.
pub(super) fn asked_of_place(x: &impl ToTokens, by: &str, at: Span) -> TokenStream {
    let question = question(by, at);
    quote_spanned!(at=> #question::<()>::ask((&::thunder::__rt::facts::Only(&#x)).__left()))
}

/// `e`, if what `by` runs of its value is known.
pub(super) fn asked(e: &Expr, by: &str) -> Expr {
    let at = at_call(e);
    Expr::Verbatim(if is_place(e) {
        let check = asked_of_place(e, by, at);
        quote_spanned!(at=> ({ if false { #check } #e }))
    } else {
        let question = question(by, at);
        quote_spanned!(at=> (match #e { __asked => { if false { #question::<()>::ask(&__asked) } __asked } }))
    })
}

/// A receiver of a method that bears the name of one of `by`: the call `e`, if the method is traced or what `by` runs of
/// the receiver is known.
pub(super) fn asked_receiver(e: &mut Expr, by: &str, twin: Option<TokenStream>) {
    let Expr::MethodCall(m) = &mut *e else { return };
    let (at, question) = (m.method.span(), question(by, m.method.span()));
    if is_place(&m.receiver) {
        let x: TokenStream = m.receiver.to_token_stream().into_iter().map(|t| placed(t, at)).collect();
        let only = quote_spanned!(at=> (&::thunder::__rt::facts::Only(&#x)));
        let value = match twin {
            Some(twin) => quote_spanned!(at=> #only.__receiver(|| (&#x).__content().#twin)),
            None => quote_spanned!(at=> #only.__left()),
        };
        *e = parenthesised(quote_spanned!(at=> { if false { #question::<()>::ask(#value) } #e }), at);
        return;
    }
    let x = bare(std::mem::replace(&mut *m.receiver, Expr::Verbatim(TokenStream::new())));
    *m.receiver = Expr::Verbatim(match twin {
        Some(twin) => {
            let value = quote_spanned!(at=>
                ::thunder::__rt::facts::MethodReceiver::unless_traced(&__x, |__x| (&__x).__content().#twin)
            );
            quote_spanned!(at=> (match #x { __x => { if false { #question::<()>::ask(#value) } __x } }))
        }
        None => quote_spanned!(at=>
            (match #x { __asked => { if false { #question::<()>::ask(&__asked) } __asked } })
        ),
    });
}

/// `a - b` as it is, once its sides were asked for what it does with them.
pub(super) fn plain_binary(b: syn::ExprBinary, by: &str, asks: bool, overflow: Option<&str>) -> Expr {
    use syn::BinOp::{Eq, Ge, Gt, Le, Lt, Ne};
    let (op, span) = (b.op, b.op.span());
    let (x, y) = (Ident::new("__a", b.left.span()), Ident::new("__b", b.right.span()));
    let (left_asked, right_asked) = (question(by, span), question(&format!("{by}Right"), span));
    if matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_)) {
        let (left, right) = (reference(*b.left), reference(*b.right));
        let pair = quote_spanned!(span=> ::thunder::__rt::facts::Pair(#x, #y));
        let check = quote_spanned!(span=> #left_asked::ask_beside((&#pair).__left(), (&#pair).__right()));
        return Expr::Verbatim(
            quote_spanned!(span=> (match (#left, #right) { (#x, #y) => { if false { #check } *#x #op *#y } })),
        );
    }
    let assigns = op.to_token_stream().to_string().ends_with('=');
    let (mut left, right) = (*b.left, bare(*b.right));
    let mut place = quote!(#x);
    if assigns {
        // What is added is evaluated first, as it is of numbers.
        left = syn::parse_quote!(&mut #left);
        place = quote!(*#x);
    } else {
        left = bare(left);
    }
    let pair = quote_spanned!(span=> (&::thunder::__rt::facts::Pair(&#place, &#y)));
    let check = asks.then(|| {
        quote_spanned!(span=> if false {
            #left_asked::ask_beside(#pair.__left(), #pair.__right());
            #right_asked::ask_beside(#pair.__right(), #pair.__left());
        })
    });
    let overflow = overflow.map(|name| {
        let name = Ident::new(name, span);
        quote_spanned!(span=> (&::thunder::__rt::Operands(&#place, &#y)).#name();)
    });
    Expr::Verbatim(if assigns {
        quote_spanned!(span=> (match (#right, #left) { (#y, #x) => { #check #overflow #place #op #y; } }))
    } else {
        quote_spanned!(span=> (match (#left, #right) { (#x, #y) => { #check #overflow #x #op #y } }))
    })
}

/// The same of `-a`.
pub(super) fn plain_unary(u: syn::ExprUnary, by: &str, asks: bool, overflow: Option<&str>) -> Expr {
    let (op, span) = (u.op, u.op.span());
    let (x, value) = (Ident::new("__a", u.expr.span()), bare(*u.expr));
    let check = asks.then(|| {
        let check = asked_of_place(&x, by, span);
        quote_spanned!(span=> if false { #check })
    });
    let overflow = overflow.map(|name| {
        let name = Ident::new(name, span);
        quote_spanned!(span=> (&::thunder::__rt::Operands(&#x, &())).#name();)
    });
    Expr::Verbatim(quote_spanned!(span=> (match #value { #x => { #check #overflow #op #x } })))
}

/// A conversion, by a method or by a function's path, that is refused if one of its types is not known.
pub(super) fn converted(e: &Expr, by: &str, fallible: bool) -> Expr {
    let (mut call, at) = (e.clone(), at_call(e));
    let (to_asked, from_asked) = (question(by, at), question(&format!("{by}Right"), at));
    let given = match &mut call {
        Expr::MethodCall(m) => Some(&mut *m.receiver),
        Expr::Call(c) => c.args.first_mut(),
        _ => None,
    };
    let Some(given) = given else { return call };
    let from = Ident::new("__from", given.span());
    let value = std::mem::replace(given, syn::parse_quote!(#from));
    let value = bare(value);
    let to = if fallible {
        quote_spanned!(at=> ::thunder::__rt::facts::ok_of(&__to))
    } else {
        quote_spanned!(at=> &__to)
    };
    let check = quote_spanned!(at=> if false {
        let (__from, __to) = (::thunder::__rt::facts::value_of(__of), #to);
        #to_asked::ask_beside(__to, __from);
        #from_asked::ask_beside(__from, __to);
    });
    Expr::Verbatim(quote_spanned!(at=> (match #value {
        #from => {
            let __of = ::thunder::__rt::facts::type_of(&#from);
            match #call { __to => { #check __to } }
        }
    })))
}

/// `iterator.sum()` as a call of the runtime's.
pub(super) fn total(e: &Expr, function: &str) -> Expr {
    let at = at_call(e);
    let id = Ident::new(function, at);
    let (ty, iterator) = match e {
        Expr::MethodCall(m) => (m.turbofish.as_ref().map(|t| t.args.clone()), (*m.receiver).clone()),
        Expr::Call(c) => match c.args.first() {
            Some(a) => (None, a.clone()),
            None => return e.clone(),
        },
        _ => return e.clone(),
    };
    let (iterator, ty) = (bare(iterator), ty.map_or(quote_spanned!(at=> _), |ty| quote!(#ty)));
    let mut group = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, quote!(#iterator));
    group.set_span(at);
    Expr::Verbatim(quote_spanned!(at=> <#ty as ::thunder::__rt::Total<_>>::#id #group))
}

/// A method of a number that overflows in every profile.
pub(super) fn overflows(e: &Expr, method: &str) -> Expr {
    let (mut call, at, id) = (e.clone(), at_call(e), Ident::new(method, at_call(e)));
    if let Expr::MethodCall(m) = &mut call
        && is_place(&m.receiver)
    {
        // A place stays one: it may hold a tensor, which is not moved.
        let x = m.receiver.to_token_stream();
        let Some(arg) = m.args.first_mut() else {
            let check = quote_spanned!(at=> (&::thunder::__rt::Operands(&#x, &())).#id());
            return Expr::Verbatim(quote_spanned!(at=> ({ #check; #call })));
        };
        let name = Ident::new("__b", arg.span());
        let value = bare(std::mem::replace(arg, syn::parse_quote!(#name)));
        let check = quote_spanned!(at=> (&::thunder::__rt::Operands(&#x, &#name)).#id());
        return Expr::Verbatim(quote_spanned!(at=> (match #value { #name => { #check; #call } })));
    }
    let mut values: Vec<&mut Expr> = match &mut call {
        Expr::MethodCall(m) => std::iter::once(&mut *m.receiver).chain(&mut m.args).collect(),
        Expr::Call(c) => c.args.iter_mut().collect(),
        _ => return call,
    };
    let (mut names, mut given) = (Vec::new(), Vec::new());
    for (v, name) in values.iter_mut().zip(["__a", "__b"]) {
        let name = Ident::new(name, v.span());
        given.push(bare(std::mem::replace(&mut **v, syn::parse_quote!(#name))));
        names.push(name);
    }
    let sides = match &names[..] {
        [a, b] => quote!(&#a, &#b),
        [a] => quote!(&#a, &()),
        _ => return e.clone(),
    };
    let check = quote_spanned!(at=> (&::thunder::__rt::Operands(#sides)).#id());
    Expr::Verbatim(quote_spanned!(at=> (match (#(#given,)*) { (#(#names,)*) => { #check; #call } })))
}

/// A question that is refused at `span`, if the type of `value` is neither std's nor the language's.
pub(super) fn configuration(value: &impl ToTokens, span: Span) -> TokenStream {
    let value: TokenStream = value.to_token_stream().into_iter().map(|t| placed(t, span)).collect();
    quote_spanned!(span=> ::thunder::__rt::facts::StdOrThunder::ask(&#value))
}

/// A value that was parsed of a text, if the code that parses its type is known.
pub(super) fn parsed(e: &Expr) -> Expr {
    let (at, question) = (at_call(e), question("FromStr", at_call(e)));
    Expr::Verbatim(quote_spanned!(at=> (match #e {
        __parsed => {
            if false { #question::<()>::ask(::thunder::__rt::facts::ok_of(&__parsed)) }
            __parsed
        }
    })))
}

/// A comparison of two sides of which only rustc knows whether they are tensors, if the code that compares them is known.
pub(super) fn compared(function: &str, x: &TokenStream, y: &TokenStream, span: Span) -> Expr {
    let question = question(if matches!(function, "eq" | "ne") { "PartialEq" } else { "PartialOrd" }, span);
    let method = Ident::new(&format!("__{function}"), span);
    Expr::Verbatim(quote_spanned!(span=> (match ::thunder::__rt::Sides(#x, #y) {
        __sides => {
            if false { #question::ask_beside((&&__sides).__left(), (&&__sides).__right()) }
            (&__sides).#method()
        }
    })))
}
