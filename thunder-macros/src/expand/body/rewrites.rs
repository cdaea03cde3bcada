//! Expressions rewritten where Rust, or rustc's inference, would not allow what the user wrote.

use super::asks::{asked, asked_of_place, compared, configuration, is_place, question};
use super::syntax::{bare, call, operator, parenthesised, reference, take, turbofish};
use crate::lower::edits::Side;
use proc_macro2::{Ident, Literal};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

/// `a + b` of tensors, as a call.
pub(super) fn binary(e: &mut Expr, function: &str, lit_left: bool, lit_right: bool) {
    let Expr::Binary(b) = e else { return };
    let span = b.op.span();
    let side = |e: &mut Expr, lit: bool| {
        let e = take(e);
        if lit {
            call("lit", e.span(), [bare(e)])
        } else {
            call("TensorOperand::flat", e.span(), [reference(e)])
        }
    };
    let sides = [side(&mut b.left, lit_left), side(&mut b.right, lit_right)];
    *e = call(&operator(function), span, [call("both", span, sides)]);
}

/// An integer literal with a suffix.
pub(super) fn suffixed(e: &mut Expr, suffix: &str) {
    if let Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(i), .. }) = e {
        *i = syn::LitInt::new(&format!("{}{suffix}", i.base10_digits()), i.span());
    }
}

/// `-a` of a tensor, as a call.
pub(super) fn unary(e: &mut Expr, function: &str) {
    let Expr::Unary(u) = e else { return };
    let span = u.op.span();
    let x = take(&mut u.expr);
    let x = call("TensorOperand::flat", x.span(), [reference(x)]);
    *e = call(&operator(function), span, [call("alone", span, [x])]);
}

/// `a[i]`, if the code that indexes is known.
pub(super) fn indexed(e: &mut Expr) {
    let Expr::Index(i) = e else { return };
    if is_place(&i.expr) {
        let (asked, index) = (asked_of_place(&i.expr, "Index", i.expr.span()), &i.index);
        *i.index = Expr::Verbatim(quote!({ if false { #asked } #index }));
    } else {
        *i.expr = asked(&i.expr, "Index");
    }
}

/// `*a`, if the code that dereferences is known.
pub(super) fn dereferenced(e: &mut Expr) {
    let Expr::Unary(u) = e else { return };
    if is_place(&u.expr) {
        let (x, question) = (&u.expr, question("Deref", u.op.span()));
        *u.expr = Expr::Verbatim(quote_spanned!(u.op.span()=> (*#question::<()>::asked_place(&#x))));
    } else {
        *u.expr = asked(&u.expr, "Deref");
    }
}

/// A call of a function of std's that runs code of its arguments' types, if that is known.
pub(super) fn asked_arguments(e: &mut Expr, by: &str) {
    if let Expr::Call(c) = e {
        // What is compared is of one type.
        let several = !matches!(by, "Ord" | "PartialOrd" | "PartialEq");
        c.args.iter_mut().take(if several { 2 } else { 1 }).for_each(|a| *a = asked(a, by));
    }
}

/// A variable that is changed in its place, if it holds no tensor.
pub(super) fn changed(e: &mut Expr) {
    let inner = bare(take(e));
    let span = inner.span();
    let place = call("StaticPlace::known", span, [syn::parse_quote_spanned!(span=> &mut #inner)]);
    *e = parenthesised(quote!(*#place), span);
}

/// A comparison of which only rustc knows whether it is one of tensors.
pub(super) fn compared_sides(e: &mut Expr, function: &str, left: Side, right: Side) {
    let Expr::Binary(b) = e else { return };
    let span = b.op.span();
    let side = |e: &mut Expr, is: Side| {
        let e = take(e);
        let at = e.span();
        match is {
            Side::Unknown => call("Side", at, [reference(e)]).into_token_stream(),
            Side::Static => {
                let e = call("Side", at, [reference(e)]);
                quote_spanned!(at=> (&#e).__side())
            }
            Side::Number => call("lit", at, [bare(e)]).into_token_stream(),
        }
    };
    let (x, y) = (side(&mut b.left, left), side(&mut b.right, right));
    *e = compared(function, &x, &y, span);
}

/// `x.chunk(n, axis)` as an array.
pub(super) fn chunk(e: &mut Expr, count: usize) {
    let Expr::MethodCall(m) = e else { return };
    let span = m.method.span();
    let (x, axis) = (reference(take(&mut m.receiver)), m.args.iter().nth(1).cloned());
    let n = Literal::usize_unsuffixed(count);
    let path = quote_spanned!(span=> ::thunder::__rt::chunk::<#n, _, _>);
    *e = turbofish(path, span, [Some(x), axis].into_iter().flatten());
}

/// A product of tensors with generic leading dimensions.
pub(super) fn matmul(e: &mut Expr, function: &str) {
    let Expr::MethodCall(m) = e else { return };
    let span = m.method.span();
    let (x, args) = (reference(take(&mut m.receiver)), std::mem::take(&mut m.args));
    *e = call(function, span, [x].into_iter().chain(args));
}

/// `key.split(n)` as an array.
pub(super) fn key_split(e: &mut Expr, count: usize) {
    let Expr::MethodCall(m) = e else { return };
    let n = Literal::usize_unsuffixed(count);
    m.turbofish = Some(syn::parse_quote!(::<#n>));
    m.args.clear();
}

/// A method of std's as a call that logs what it did at the site.
pub(super) fn logged(e: &mut Expr, site: u16) {
    let Expr::MethodCall(m) = e else { return };
    let (name, span) = (m.method.to_string(), m.method.span());
    let site = Literal::u16_unsuffixed(site);
    let x = take(&mut m.receiver);
    // An operation takes its operand by reference, std's methods take theirs by value.
    let x = if name == "chunk_vec" { reference(x) } else { x };
    let args = std::mem::take(&mut m.args);
    *e = call(&name, span, [x].into_iter().chain(args).chain([Expr::Verbatim(quote!(#site))]));
}

/// A struct literal, if its type is std's or the language's.
pub(super) fn made(e: &mut Expr) {
    let at = if let Expr::Struct(s) = &*e { s.path.span() } else { e.span() };
    let (made, asked) = (Ident::new("__made", at), configuration(&Ident::new("__made", at), at));
    *e = parenthesised(quote!(match (#e) { #made => { #asked; #made } }), at);
}
