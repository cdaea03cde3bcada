//! The body as it is emitted: the user's own tokens, edited in place where Rust would not allow them.

mod asks;
mod calls;
pub mod own_fields;
mod rewrites;
mod syntax;

use super::constant::pattern;
use super::facts::Methods;
use crate::diagnostics::Diagnostics;
use crate::lower::edits::{Edit, Edits, Marker, Place, Stated};
use crate::lower::{MacroArgs, Macros};
use crate::names;
use crate::parse::Types;
use crate::parse::pattern::Rearrange;
use asks::{
    asked, asked_receiver, configuration, constructed, converted, overflows, parsed, plain_binary,
    plain_unary, total,
};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use rewrites::{
    asked_arguments, binary, changed, chunk, compared_sides, dereferenced, indexed, key_split, logged, made,
    matmul, suffixed, unary,
};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Stmt, Type};
use syntax::{bare, call, parenthesised, reference, take, turbofish};
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
    /// What is asked behind where a variable is bound.
    pub questions: own_fields::Questions,
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
        let markers = self.edits.markers.get(&place).into_iter().flatten().map(|m| marker(*m));
        markers.chain(self.questions.behind.get(&place).into_iter().flatten().cloned()).collect()
    }

    /// Applies an edit to `e`, which was this method call, if it was one, before others were applied.
    fn edit(&mut self, e: &mut Expr, edit: &Edit, called: Option<&syn::ExprMethodCall>) {
        match edit {
            Edit::Binary { function, lit_left, lit_right } => binary(e, function, *lit_left, *lit_right),
            Edit::Suffix { suffix } => suffixed(e, suffix),
            Edit::Unary { function } => unary(e, function),
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
            Edit::Indexed => indexed(e),
            Edit::Dereferenced => dereferenced(e),
            Edit::Converted { by, fallible } => *e = converted(e, by, *fallible),
            Edit::Parsed => *e = parsed(e),
            Edit::AskedArguments { by } => asked_arguments(e, by),
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
            Edit::Changed => changed(e),
            Edit::Compared { function, left, right } => compared_sides(e, function, *left, *right),
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
            Edit::TracedMethod => self.traced_method(e),
            Edit::TracedCall { results, asks } => self.traced_call(e, results, *asks),
            Edit::StdMethod { site, changes } => self.std_method(e, called, *site, *changes),
            Edit::Constructor { asks } => {
                let Expr::Call(c) = &*e else { return };
                *e = constructed(&c.func, e, *asks);
            }
            Edit::ConstructorGiven => {
                let made = constructed(&*e, &syn::parse_quote!(#e(__given)), true);
                *e = Expr::Verbatim(quote!(|__given| #made));
            }
            Edit::Made => made(e),
            Edit::Value => {
                let Expr::Path(p) = &*e else { return };
                let asked = configuration(p, p.span());
                *e = parenthesised(quote!({ if false { #asked } #e }), p.span());
            }
            Edit::TracedAssociated => self.traced_associated(e),
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
            Edit::Chunk { count } => chunk(e, *count),
            Edit::Matmul { function } => matmul(e, function),
            Edit::KeySplit { count } => key_split(e, *count),
            Edit::Logged { site } => logged(e, *site),
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
