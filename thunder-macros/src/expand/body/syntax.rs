//! Expressions made and taken apart: calls of the runtime, references, parentheses.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Expr;
use syn::spanned::Spanned;

/// `::thunder::__rt::name`, at `span`.
pub(super) fn rt(name: &str, span: Span) -> Expr {
    let ids = name.split("::").map(|name| Ident::new(name, span));
    syn::parse2(quote_spanned!(span=> ::thunder::__rt #(::#ids)*))
        .unwrap_or_else(|e| Expr::Verbatim(e.to_compile_error()))
}

/// The operator's method, by its trait.
pub(super) fn operator(name: &str) -> String {
    match name {
        "neg" => "Negate::neg".into(),
        "not" => "Invert::not".into(),
        "bitand" | "bitor" | "bitxor" => format!("Logical::{name}"),
        "eq" | "ne" | "lt" | "le" | "gt" | "ge" => format!("Comparison::{name}"),
        _ => format!("Arithmetic::{name}"),
    }
}

/// A call of a function of the runtime whose parentheses stand at `span`, where its caller is.
pub(super) fn call(name: &str, span: Span, args: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::Call(syn::ExprCall {
        attrs: Vec::new(),
        func: Box::new(rt(name, span)),
        paren_token: syn::token::Paren(span),
        args: args.into_iter().collect(),
    })
}

/// `&e`, in parentheses where `&` binds tighter.
pub(super) fn reference(e: Expr) -> Expr {
    let span = e.span();
    let atomic = matches!(
        e,
        Expr::Path(_)
            | Expr::Lit(_)
            | Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Field(_)
            | Expr::Paren(_)
            | Expr::Index(_)
            | Expr::Reference(_)
            | Expr::Macro(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Group(_)
    );
    let inner = if atomic {
        e
    } else {
        Expr::Paren(syn::ExprParen {
            attrs: Vec::new(),
            paren_token: syn::token::Paren(span),
            expr: Box::new(e),
        })
    };
    Expr::Reference(syn::ExprReference {
        attrs: Vec::new(),
        and_token: syn::Token![&](span),
        mutability: None,
        expr: Box::new(inner),
    })
}

/// `tokens` in parentheses that stand at `span`: a block or a `match` at the start of a statement, or behind `..`, would
/// be read as something else.
pub(super) fn parenthesised(tokens: TokenStream, span: Span) -> Expr {
    let mut group = proc_macro2::Group::new(proc_macro2::Delimiter::Parenthesis, tokens);
    group.set_span(span);
    Expr::Verbatim(TokenTree::Group(group).into())
}

/// The token, as if it stood at `span`.
pub(super) fn placed(mut t: TokenTree, span: Span) -> TokenTree {
    t.set_span(t.span().located_at(span));
    t
}

/// Takes an expression out of the tree.
pub(super) fn take(e: &mut Expr) -> Expr {
    std::mem::replace(e, Expr::Verbatim(TokenStream::new()))
}

/// Without parentheses, which would be superfluous around an argument.
pub(super) fn bare(e: Expr) -> Expr {
    match e {
        Expr::Paren(p) => bare(*p.expr),
        other => other,
    }
}

pub(super) fn turbofish(path: TokenStream, span: Span, args: impl IntoIterator<Item = Expr>) -> Expr {
    let func = syn::parse2(path).unwrap_or_else(|e| Expr::Verbatim(e.to_compile_error()));
    Expr::Call(syn::ExprCall {
        attrs: Vec::new(),
        func: Box::new(func),
        paren_token: syn::token::Paren(span),
        args: args.into_iter().collect(),
    })
}
