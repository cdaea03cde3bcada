//! The body as it is emitted: the user's own tokens, edited in place where Rust would not allow them.

mod asks;
mod syntax;

use super::constant::pattern;
use super::facts::Methods;
use crate::diagnostics::Diagnostics;
use crate::lower::edits::{Edit, Edits, Marker, Place, Side, Stated};
use crate::lower::{MacroArgs, Macros};
use crate::names;
use crate::parse::Types;
use crate::parse::pattern::Rearrange;
use asks::{
    asked, asked_of_place, asked_receiver, asserted, at_call, compared, configuration, constructed,
    converted, is_place, of_receiver, overflows, parsed, plain_binary, plain_unary, question, total, unless,
};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Stmt, Type};
use syntax::{bare, call, operator, parenthesised, placed, reference, take, turbofish};
use thunder_core::op::Pattern;
use thunder_core::types::{Extent, MAX_RANK};

/// Applies the edits that lowering asked for.
pub struct Apply<'a> {
    /// The edits.
    pub edits: &'a Edits,
    /// The parsed arguments of macro calls.
    pub macros: Macros,
    /// The names in types.
    pub types: &'a Types,
    /// Whether `self` is a local of another name.
    pub in_method: bool,
    /// What a method's twin is asked with.
    pub element: TokenStream,
    /// Whether methods are traced, where that is known.
    pub methods: Methods,
    /// The variables of dimensions that may not be there, with their names.
    pub uncertain: BTreeMap<String, String>,
}

fn marker(m: Marker) -> Stmt {
    let (name, args) = match m {
        Marker::Arm(site, arm) => ("arm", vec![site, arm]),
        Marker::Iter(site) => ("iter", vec![site]),
    };
    let name = Ident::new(name, Span::call_site());
    let args = args.into_iter().map(Literal::u16_unsuffixed);
    Stmt::Expr(
        Expr::Verbatim(quote!(::thunder::__rt::#name(#(#args),*))),
        Some(syn::Token![;](Span::call_site())),
    )
}

impl Apply<'_> {
    /// Edits the body.
    pub fn run(&mut self, block: &mut Block) {
        self.visit_block_mut(block);
    }

    /// The call of the twin of `method`, without its receiver.
    fn twin_call(&self, method: &Ident) -> TokenStream {
        let (span, element) = (method.span(), &self.element);
        let twin = Ident::new(&super::twin::twin_name(&method.to_string()).to_string(), span);
        quote_spanned!(span=> #twin(#element))
    }

    fn markers(&self, place: Place) -> Vec<Stmt> {
        self.edits.markers.get(&place).into_iter().flatten().map(|m| marker(*m)).collect()
    }

    /// Applies an edit to `e`, which was this method call, if it was one, before others were applied.
    fn edit(&mut self, e: &mut Expr, edit: &Edit, called: Option<&syn::ExprMethodCall>) {
        match edit {
            Edit::Binary { function, lit_left, lit_right } => {
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
                let sides = [side(&mut b.left, *lit_left), side(&mut b.right, *lit_right)];
                *e = call(&operator(function), span, [call("both", span, sides)]);
            }
            Edit::Suffix { suffix } => {
                if let Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(i), .. }) = e {
                    *i = syn::LitInt::new(&format!("{}{suffix}", i.base10_digits()), i.span());
                }
            }
            Edit::Unary { function } => {
                let Expr::Unary(u) = e else { return };
                let span = u.op.span();
                let x = take(&mut u.expr);
                let x = call("TensorOperand::flat", x.span(), [reference(x)]);
                *e = call(&operator(function), span, [call("alone", span, [x])]);
            }
            Edit::Plain { by, asks, overflow } => {
                *e = match take(e) {
                    Expr::Binary(b) => plain_binary(b, by, *asks, *overflow),
                    Expr::Unary(u) => plain_unary(u, by, *asks, *overflow),
                    other => other,
                };
            }
            Edit::Asked { by } => *e = asked(e, by),
            Edit::AskedReceiver { by, or_traced } => {
                let Expr::MethodCall(m) = &*e else { return };
                let twin = or_traced.then(|| self.twin_call(&m.method));
                asked_receiver(e, by, twin);
            }
            Edit::Indexed => {
                let Expr::Index(i) = e else { return };
                if is_place(&i.expr) {
                    let (asked, index) = (asked_of_place(&i.expr, "Index", i.expr.span()), &i.index);
                    *i.index = Expr::Verbatim(quote!({ if false { #asked } #index }));
                } else {
                    *i.expr = asked(&i.expr, "Index");
                }
            }
            Edit::Dereferenced => {
                let Expr::Unary(u) = e else { return };
                if is_place(&u.expr) {
                    let (x, question) = (&u.expr, question("Deref", u.op.span()));
                    *u.expr =
                        Expr::Verbatim(quote_spanned!(u.op.span()=> (*#question::<()>::asked_place(&#x))));
                } else {
                    *u.expr = asked(&u.expr, "Deref");
                }
            }
            Edit::Converted { by, fallible } => *e = converted(e, by, *fallible),
            Edit::Parsed => *e = parsed(e),
            Edit::AskedArguments { by } => {
                if let Expr::Call(c) = e {
                    // What is compared is of one type.
                    let several = !matches!(*by, "Ord" | "PartialOrd" | "PartialEq");
                    c.args.iter_mut().take(if several { 2 } else { 1 }).for_each(|a| *a = asked(a, by));
                }
            }
            Edit::Total { function } => *e = total(e, function),
            Edit::Overflows { method } => *e = overflows(e, method),
            Edit::Condition => {
                let inner = bare(take(e));
                *e = call("StaticBool::get", inner.span(), [inner]);
            }
            Edit::Number { function } => {
                let inner = bare(take(e));
                *e = call(function, inner.span(), [inner]);
            }
            Edit::Changed => {
                let inner = bare(take(e));
                let span = inner.span();
                let place = call("StaticPlace::known", span, [syn::parse_quote_spanned!(span=> &mut #inner)]);
                *e = parenthesised(quote!(*#place), span);
            }
            Edit::Compared { function, left, right } => {
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
                let (x, y) = (side(&mut b.left, *left), side(&mut b.right, *right));
                *e = compared(function, &x, &y, span);
            }
            Edit::Kept { site } => {
                let inner = bare(take(e));
                *e = call("kept", inner.span(), [inner, Expr::Verbatim(quote!(#site))]);
            }
            Edit::Question { site } => {
                let Expr::Try(t) = e else { return };
                let span = t.question_token.span();
                let asked = take(&mut t.expr);
                *t.expr = call("question", span, [asked, Expr::Verbatim(quote!(#site))]);
            }
            Edit::Formatted => {
                let inner = bare(take(e));
                let text = call("StaticText::known", inner.span(), [reference(inner)]);
                *e = Expr::Verbatim(quote!(*#text));
            }
            Edit::TracedMethod => {
                let Expr::MethodCall(m) = &*e else { return };
                let (span, x, twin) = (m.method.span(), &m.receiver, self.twin_call(&m.method));
                let x = quote!(#x);
                let asked = quote_spanned!(span=> (&#x).__content().#twin);
                *e = unless(
                    quote_spanned!(span=> ::thunder::__rt::facts::TracedCall::of_method(#asked)),
                    e,
                    span,
                );
            }
            Edit::TracedCall { results, asks } => {
                let span = at_call(e);
                let element = results.iter().find_map(|v| self.methods.elements.get(v));
                if let (Expr::MethodCall(m), Some(element)) = (&*e, element)
                    && *asks
                    && thunder_core::op::method(&m.method.to_string()).is_none()
                {
                    // A receiver that is no part of a parameter.
                    let twin = Ident::new(&super::twin::twin_name(&m.method.to_string()).to_string(), span);
                    let asked = quote_spanned!(span=> (&__receiver).__content().#twin(#element));
                    let check = quote_spanned!(span=> ::thunder::__rt::facts::TracedCall::of_method(#asked));
                    *e = of_receiver(m, span, |call| unless(check, call, span).into_token_stream());
                    return;
                }
                let traced = results.iter().filter_map(|v| self.methods.traced.get(v));
                *e = asserted(e, traced, span);
            }
            Edit::StdMethod { site, changes } => {
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
                let changed = changes.then(
                    || quote_spanned!(span=> if false { ::thunder::__rt::facts::HoldsNoTensors::ask(&#x) }),
                );
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
            Edit::Constructor { asks } => {
                let Expr::Call(c) = &*e else { return };
                *e = constructed(&c.func, e, *asks);
            }
            Edit::ConstructorGiven => {
                let made = constructed(&*e, &syn::parse_quote!(#e(__given)), true);
                *e = Expr::Verbatim(quote!(|__given| #made));
            }
            Edit::Made => {
                let at = if let Expr::Struct(s) = &*e { s.path.span() } else { e.span() };
                let (made, asked) = (Ident::new("__made", at), configuration(&Ident::new("__made", at), at));
                *e = parenthesised(quote!(match (#e) { #made => { #asked; #made } }), at);
            }
            Edit::Value => {
                let Expr::Path(p) = &*e else { return };
                let asked = configuration(p, p.span());
                *e = parenthesised(quote!({ if false { #asked } #e }), p.span());
            }
            Edit::TracedAssociated => {
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
                last.ident =
                    Ident::new(&super::twin::function_twin(&last.ident.to_string()).to_string(), span);
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
            Edit::TracedFn => {
                let Expr::Call(c) = &*e else { return };
                let Expr::Path(p) = &*c.func else { return };
                *e = parenthesised(super::opaque::call(c, &p.path), c.func.span());
            }
            Edit::Dim => {
                if let Some(id) = names::ident(e) {
                    let size = self.extent(Ident::new(&names::local(&id.to_string()), id.span()));
                    *e = syn::parse_quote!(#size);
                }
            }
            Edit::Constant => {
                let Expr::Path(p) = &*e else { return };
                let path = std::slice::from_ref(&p.path);
                let (probe, asked) = (
                    crate::check::hidden_state::probe(path),
                    crate::check::opaque_call::constants(path, &BTreeSet::new()),
                );
                *e = parenthesised(quote!({ #probe #asked #e }), p.span());
            }
            Edit::Rearrange { extents } => self.rearrange(e, extents),
            Edit::Einsum { ranks, result } => einsum(e, ranks, *result),
            Edit::Chunk { count } => {
                let Expr::MethodCall(m) = e else { return };
                let span = m.method.span();
                let (x, axis) = (reference(take(&mut m.receiver)), m.args.iter().nth(1).cloned());
                let n = Literal::usize_unsuffixed(*count);
                let path = quote_spanned!(span=> ::thunder::__rt::chunk::<#n, _, _>);
                *e = turbofish(path, span, [Some(x), axis].into_iter().flatten());
            }
            Edit::Matmul { function } => {
                let Expr::MethodCall(m) = e else { return };
                let span = m.method.span();
                let (x, args) = (reference(take(&mut m.receiver)), std::mem::take(&mut m.args));
                *e = call(function, span, [x].into_iter().chain(args));
            }
            Edit::KeySplit { count } => {
                let Expr::MethodCall(m) = e else { return };
                let n = Literal::usize_unsuffixed(*count);
                m.turbofish = Some(syn::parse_quote!(::<#n>));
                m.args.clear();
            }
            Edit::Logged { site } => {
                let Expr::MethodCall(m) = e else { return };
                let (name, span) = (m.method.to_string(), m.method.span());
                let site = Literal::u16_unsuffixed(*site);
                let x = take(&mut m.receiver);
                // An operation takes its operand by reference, std's methods take theirs by value.
                let x = if name == "chunk_vec" { reference(x) } else { x };
                let args = std::mem::take(&mut m.args);
                *e = call(&name, span, [x].into_iter().chain(args).chain([Expr::Verbatim(quote!(#site))]));
            }
        }
    }

    fn rearrange(&self, e: &mut Expr, names: &[Option<String>]) {
        let Expr::MethodCall(m) = e else { return };
        let span = m.method.span();
        let Some(Expr::Closure(c)) = m.args.first() else { return };
        let Some(r) = Rearrange::parse(c, &mut Diagnostics::default()) else { return };
        let p: Pattern = crate::lower::rearrange_pattern(&r, [Extent::UNKNOWN; MAX_RANK]);
        let extents = (0..MAX_RANK)
            .map(|i| match names.get(i) {
                Some(Some(name)) => {
                    let id = self.extent(Ident::new(name, r.atoms[i].span()));
                    quote!(::thunder::__rt::types::Extent::new(#id))
                }
                _ => quote!(::thunder::__rt::types::Extent::UNKNOWN),
            })
            .collect();
        let p = pattern(&p, extents);
        let (from, to) = (rank(r.inputs.len()), rank(r.outputs.len()));
        let path = quote_spanned!(span=> ::thunder::__rt::rearrange::<_, #from, #to>);
        let p = Expr::Verbatim(quote!({ use ::thunder::__rt; #p }));
        let x = reference(take(&mut m.receiver));
        *e = turbofish(path, span, [x, p]);
    }

    fn macro_args(&mut self, m: &mut syn::Macro) {
        let Some(mut args) = self.macros.remove(&Place::of(&*m)) else { return };
        m.tokens = match &mut *args {
            MacroArgs::List(list) => {
                list.iter_mut().for_each(|e| self.visit_expr_mut(e));
                quote!(#(#list),*)
            }
            MacroArgs::Repeat(x, n) => {
                self.visit_expr_mut(x);
                self.visit_expr_mut(n);
                quote!(#x; #n)
            }
            MacroArgs::Matches(x, p, guard) => {
                self.visit_expr_mut(x);
                self.visit_pat_mut(p);
                let guard = guard.as_mut().map(|g| {
                    self.visit_expr_mut(g);
                    quote!(if #g)
                });
                quote!(#x, #p #guard)
            }
            MacroArgs::Assert(list)
            | MacroArgs::Compare(list)
            | MacroArgs::Panic(list)
            | MacroArgs::Text(list) => {
                let asked = list.iter().filter_map(|e| self.edits.captured.get(&Place::of(e)));
                let asked: BTreeSet<String> = asked.flatten().cloned().collect();
                list.iter_mut().for_each(|e| self.visit_expr_mut(e));
                let named = self.captures(list, &asked);
                quote!(#(#list),* #(, #named)*)
            }
        };
    }

    /// Arguments for what a message names in braces: dimensions, and values that must hold no tensor.
    fn captures(&self, list: &[Expr], asked: &BTreeSet<String>) -> Vec<TokenStream> {
        let mut out: Vec<(String, TokenStream)> = Vec::new();
        for e in list {
            let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(s), .. }) = e else { continue };
            for name in crate::lower::captured(list, &s.value()) {
                if out.iter().any(|(n, _)| *n == name) {
                    continue;
                }
                let id = Ident::new(&name, s.span());
                if asked.contains(&name) {
                    let text = call("StaticText::known", s.span(), [syn::parse_quote!(&#id)]);
                    out.push((name, quote!(#id = *#text)));
                } else if names::is_capital(&name) && self.types.dims.find(&name).is_some() {
                    let local = self.extent(format_ident!("{}", names::local(&name)));
                    out.push((name, quote!(#id = #local)));
                }
            }
        }
        out.into_iter().map(|(_, t)| t).collect()
    }

    /// The statements after a `let` whose type states extents.
    fn stated(&self, s: &Stated) -> Vec<Stmt> {
        let name = format_ident!("{}", s.name);
        let mut out = Vec::new();
        for (dim, i) in &s.binds {
            let (id, at) = (format_ident!("{}", names::local(dim)), Literal::usize_unsuffixed(*i));
            out.push(syn::parse_quote!(
                #[allow(non_snake_case, unused_variables)]
                let #id: usize = #name.shape().#at;
            ));
        }
        if s.asserts.iter().any(Option::is_some) {
            let values = s.asserts.iter().map(|c| match c {
                Some(c) => {
                    let value = self.size(c.extent);
                    quote!(::core::option::Option::Some(#value))
                }
                None => quote!(::core::option::Option::None),
            });
            let list: Vec<&str> = s
                .asserts
                .iter()
                .enumerate()
                .map(|(i, c)| {
                    let bound = s.binds.iter().find(|(_, at)| *at == i).map_or("_", |(name, _)| name);
                    c.as_ref().map_or(bound, |c| c.text.as_str())
                })
                .collect();
            let label = format!("({}{})", list.join(", "), if list.len() == 1 { "," } else { "" });
            // The call stands where the annotation does: that is the place it reports.
            let args = quote_spanned!(s.span=> (&#name, &[#(#values),*], #label));
            out.push(Stmt::Expr(
                Expr::Verbatim(quote_spanned!(s.span=> ::thunder::__rt::assert_shape #args)),
                Some(syn::Token![;](Span::call_site())),
            ));
        }
        out
    }

    /// The size that a dimension's variable holds.
    fn extent(&self, id: Ident) -> TokenStream {
        match self.uncertain.get(&id.to_string()) {
            Some(name) => quote_spanned!(id.span()=> ::thunder::__rt::given(#id, #name)),
            None => quote!(#id),
        }
    }

    /// An extent as an expression over the variables of the body.
    fn size(&self, e: Extent) -> TokenStream {
        let mut sum = quote!(0i64);
        for t in e.terms.iter().filter(|t| t.coef != 0) {
            let coef = t.coef;
            let vars = t.vars.iter().filter(|v| **v != 0).map(|v| {
                let v = (v - 1) as usize;
                if let Some(path) = &self.types.dims.consts[v] {
                    return quote!(#path as i64);
                }
                let name = &self.types.dims.names[v];
                let id = if names::is_capital(name) && !self.types.generics.consts.contains(name) {
                    self.extent(format_ident!("{}", names::local(name)))
                } else {
                    let id = format_ident!("{name}");
                    quote!(#id)
                };
                quote!(#id as i64)
            });
            sum = quote!(#sum + #coef as i64 #(* (#vars))*);
        }
        let konst = e.konst;
        quote!((#sum + #konst) as usize)
    }
}

/// A shape type of this rank.
pub fn rank(n: usize) -> TokenStream {
    let places = (0..n).map(|_| quote!(usize));
    quote!((#(#places,)*))
}

fn einsum(e: &mut Expr, ranks: &[usize], result: usize) {
    let Expr::Call(c) = e else { return };
    let span = c.func.span();
    let mut args = std::mem::take(&mut c.args).into_iter();
    let spec = args.next();
    let operands = args.map(|e| {
        let at = e.span();
        reference(call("flat", at, [reference(e)]))
    });
    let shapes = ranks.iter().map(|r| rank(*r));
    let result = rank(result);
    let path = quote_spanned!(span=> ::thunder::__rt::einsum::<(#(#shapes,)*), #result, _>);
    let tuple = Expr::Verbatim(quote!((#(#operands,)*)));
    *e = turbofish(path, span, [spec, Some(tuple)].into_iter().flatten());
}

impl VisitMut for Apply<'_> {
    fn visit_block_mut(&mut self, b: &mut Block) {
        let mut stmts = self.markers(Place::of(&*b));
        let mut old = std::mem::take(&mut b.stmts);
        let mut edited = Vec::new();
        for s in &mut old {
            let place = if let Stmt::Local(l) = &*s { Some(Place::of(l)) } else { None };
            let said = if let Stmt::Local(l) = &*s { annotated(&l.pat) } else { None };
            self.visit_stmt_mut(s);
            let mut after: Vec<Stmt> = Vec::new();
            if let Some(place) = place {
                after.extend(
                    said.into_iter().flat_map(|s| self.edits.stated.get(&s)).flat_map(|s| self.stated(s)),
                );
                after.extend(self.markers(place));
            }
            edited.push(after);
        }
        for (s, after) in old.into_iter().zip(edited) {
            stmts.push(s);
            stmts.extend(after);
        }
        b.stmts = stmts;
    }

    fn visit_expr_mut(&mut self, e: &mut Expr) {
        let place = Place::of(&*e);
        let said: Vec<Place> = match &*e {
            Expr::Closure(c) => c.inputs.iter().filter_map(annotated).collect(),
            _ => Vec::new(),
        };
        let missing =
            if let Expr::If(i) = &*e { self.edits.missing.get(&Place::of(i)).copied() } else { None };
        visit_mut::visit_expr_mut(self, e);
        if self.in_method
            && let Some(id) = names::ident(e)
            && id == "self"
        {
            let id = Ident::new("__self", id.span());
            *e = syn::parse_quote!(#id);
        }
        let said =
            said.iter().filter_map(|p| self.edits.stated.get(p)).flat_map(|s| self.stated(s)).collect();
        if let Expr::Closure(c) = e {
            prepend(&mut c.body, said);
        }
        if let (Some(m), Expr::If(i)) = (missing, &mut *e) {
            let stmt = marker(m);
            i.else_branch =
                Some((syn::Token![else](Span::call_site()), Box::new(syn::parse_quote!({ #stmt }))));
        }
        let called = if let Expr::MethodCall(m) = &*e { Some(m.clone()) } else { None };
        for edit in self.edits.exprs.get(&place).into_iter().flatten() {
            self.edit(e, edit, called.as_ref());
        }
        prepend(e, self.markers(place));
    }

    fn visit_macro_mut(&mut self, m: &mut syn::Macro) {
        self.macro_args(m);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        self.types.rewrite(ty);
    }

    fn visit_path_mut(&mut self, p: &mut syn::Path) {
        self.types.rewrite_path(p);
    }
}

/// The place of the annotation of a pattern that has one.
fn annotated(pat: &syn::Pat) -> Option<Place> {
    if let syn::Pat::Type(t) = pat { Some(Place::of(t)) } else { None }
}

/// Puts statements before an expression.
fn prepend(e: &mut Expr, stmts: Vec<Stmt>) {
    match e {
        _ if stmts.is_empty() => {}
        Expr::Block(b) if b.label.is_none() => {
            b.block.stmts.splice(0..0, stmts);
        }
        other => {
            let inner = take(other);
            *other = Expr::Verbatim(quote!({ #(#stmts)* #inner }));
        }
    }
}

/// The tokens of a body.
pub fn tokens(block: &Block) -> TokenStream {
    let stmts = &block.stmts;
    stmts.iter().map(ToTokens::to_token_stream).collect()
}
