//! Fields that a place has by itself, and not by a hand-written `Deref` of its type, whose code would run unseen.
//!
//! Only rustc knows which type a name leads to. `#[thunder]` gives each type a hidden method for each of its fields
//! ([`own`]). Method lookup takes the first type along the dereferences that has one; a type of the language that lacks it
//! has a stand-in, and then it is asked whether the type has a `Deref`. The question stands right behind where the place's
//! variable is bound, because later a part of it may have been moved.

use super::syntax::placed;
use crate::lower::edits::Place;
use crate::lower::{MacroArgs, Macros};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::{BTreeSet, HashMap};
use syn::visit::{self, Visit};
use syn::{Block, Expr, Member, Pat, Stmt};

/// The questions of a body.
#[derive(Default)]
pub struct Questions {
    /// Those of parameters and constants, which stand first in the body.
    pub first: TokenStream,
    /// Those of variables that are bound elsewhere.
    pub behind: HashMap<Place, Vec<Stmt>>,
    /// The hidden methods that are asked for.
    methods: BTreeSet<Ident>,
}

/// The hidden method of a type that has a field of this name.
pub fn own(name: &str) -> Ident {
    format_ident!("__own_{}", name.trim_start_matches("r#"))
}

/// The questions of the body `block`, whose parameters `by_reference` are references.
pub fn collect(block: &Block, macros: &Macros, by_reference: BTreeSet<String>) -> Questions {
    let mut c =
        Collect { macros, by_reference, bound: Vec::new(), seen: BTreeSet::new(), out: Questions::default() };
    c.visit_block(block);
    c.out
}

impl Questions {
    /// What stands in for the hidden methods that a type may not have.
    pub fn stand_ins(&self) -> TokenStream {
        if self.methods.is_empty() {
            return quote!();
        }
        let methods: Vec<&Ident> = self.methods.iter().collect();
        quote! {
            #[allow(dead_code)]
            trait __OfDeclared {
                #(fn #methods(&self) -> __rt::facts::ByDeref<Self> { __rt::facts::ByDeref::NEW })*
            }
            impl<__T: __rt::facts::Declared + ?::core::marker::Sized> __OfDeclared for __T {}
            #[allow(dead_code)]
            trait __OfOthers {
                #(fn #methods(&self) -> __rt::facts::Exempt { __rt::facts::Exempt })*
            }
            impl<__T: ?::core::marker::Sized> __OfOthers for &__T {}
        }
    }
}

struct Collect<'m> {
    macros: &'m Macros,
    /// The variables in sight, innermost last.
    bound: Vec<Bound>,
    /// The parameters that are references.
    by_reference: BTreeSet<String>,
    seen: BTreeSet<(Option<usize>, String)>,
    out: Questions,
}

/// A variable.
struct Bound {
    name: String,
    /// The syntax behind which it is bound, if a question can stand there.
    behind: Option<Place>,
    /// Whether it is likely to be a reference.
    refers: bool,
}

impl<'a> Collect<'a> {
    /// Asks for `hidden` of the place `base`, where `at` stands.
    fn ask(&mut self, base: &Expr, hidden: Ident, at: Span) {
        let Some(root) = root(base) else { return };
        let index = self.bound.iter().rposition(|b| b.name == root);
        let text = format!("{}.{hidden}", base.to_token_stream());
        if !self.seen.insert((index, text)) {
            return;
        }
        let refers = match (base, index) {
            (Expr::Path(_), Some(i)) => self.bound[i].refers,
            (Expr::Path(_), None) => self.by_reference.contains(&root),
            // A type of the language owns its fields.
            _ => false,
        };
        let mut place: TokenStream = renamed(base).into_iter().map(|t| placed(t, at)).collect();
        if !refers {
            // With one reference, what is no type of the language is found behind one more.
            place = quote_spanned!(at=> &#place);
        }
        let method = Ident::new(&hidden.to_string(), at);
        let check = quote_spanned!(at=> if false {
            ::thunder::__rt::facts::OwnField::ask((&(#place).#method()).__left())
        });
        self.out.methods.insert(hidden);
        match index.map(|i| self.bound[i].behind) {
            None => self.out.first.extend(check),
            Some(Some(place)) => {
                let stmt = Stmt::Expr(Expr::Verbatim(check), Some(syn::Token![;](Span::call_site())));
                self.out.behind.entry(place).or_default().push(stmt);
            }
            Some(None) => {}
        }
    }

    fn bind(&mut self, pat: &Pat, behind: Option<Place>, refers: bool) {
        struct Names<'n>(&'n mut Vec<Bound>, Option<Place>, bool);
        impl<'a> Visit<'a> for Names<'_> {
            fn visit_pat_ident(&mut self, p: &'a syn::PatIdent) {
                let (name, refers) = (p.ident.to_string(), self.2 || p.by_ref.is_some());
                self.0.push(Bound { name, behind: self.1, refers });
                visit::visit_pat_ident(self, p);
            }
            fn visit_pat_reference(&mut self, p: &'a syn::PatReference) {
                let refers = std::mem::replace(&mut self.2, false);
                visit::visit_pat_reference(self, p);
                self.2 = refers;
            }
        }
        Names(&mut self.bound, behind, refers).visit_pat(pat);
    }

    /// A condition, whose patterns bind for the block at `place`.
    fn condition(&mut self, e: &'a Expr, place: Place) {
        match e {
            Expr::Let(l) => {
                self.visit_expr(&l.expr);
                self.bind(&l.pat, Some(place), true);
            }
            Expr::Binary(b) if matches!(b.op, syn::BinOp::And(_)) => {
                self.condition(&b.left, place);
                self.condition(&b.right, place);
            }
            other => self.visit_expr(other),
        }
    }

    /// Visits by `f`, and forgets what it bound.
    fn inside(&mut self, f: impl FnOnce(&mut Self)) {
        let before = self.bound.len();
        f(self);
        self.bound.truncate(before);
    }
}

impl<'a> Visit<'a> for Collect<'a> {
    fn visit_block(&mut self, b: &'a Block) {
        self.inside(|c| visit::visit_block(c, b));
    }

    fn visit_local(&mut self, l: &'a syn::Local) {
        if let Some(init) = &l.init {
            self.visit_expr(&init.expr);
            if let Some((_, diverges)) = &init.diverge {
                self.visit_expr(diverges);
            }
        }
        // What is not initialised here can't be asked here.
        let refers = l.init.as_ref().is_some_and(|i| matches!(&*i.expr, Expr::Reference(_)));
        self.bind(&l.pat, l.init.as_ref().map(|_| Place::of(l)), refers);
    }

    fn visit_expr(&mut self, e: &'a Expr) {
        match e {
            Expr::Field(f) => {
                if let Member::Named(name) = &f.member {
                    self.ask(&f.base, own(&name.to_string()), name.span());
                }
                self.visit_expr(&f.base);
            }
            Expr::Closure(c) => self.inside(|s| {
                c.inputs.iter().for_each(|p| s.bind(p, Some(Place::of(&*c.body)), true));
                s.visit_expr(&c.body);
            }),
            Expr::ForLoop(f) => {
                self.visit_expr(&f.expr);
                self.inside(|s| {
                    s.bind(&f.pat, Some(Place::of(&f.body)), true);
                    s.visit_block(&f.body);
                });
            }
            Expr::If(i) => {
                self.inside(|s| {
                    s.condition(&i.cond, Place::of(&i.then_branch));
                    s.visit_block(&i.then_branch);
                });
                if let Some((_, other)) = &i.else_branch {
                    self.visit_expr(other);
                }
            }
            Expr::While(w) => self.inside(|s| {
                s.condition(&w.cond, Place::of(&w.body));
                s.visit_block(&w.body);
            }),
            Expr::Match(m) => {
                self.visit_expr(&m.expr);
                for arm in &m.arms {
                    self.inside(|s| {
                        s.bind(&arm.pat, Some(Place::of(&*arm.body)), true);
                        if let Some((_, guard)) = &arm.guard {
                            s.visit_expr(guard);
                        }
                        s.visit_expr(&arm.body);
                    });
                }
            }
            other => visit::visit_expr(self, other),
        }
    }

    fn visit_macro(&mut self, m: &'a syn::Macro) {
        match self.macros.get(&Place::of(m)).map(|args| &**args) {
            Some(
                MacroArgs::List(list)
                | MacroArgs::Assert(list)
                | MacroArgs::Compare(list)
                | MacroArgs::Panic(list)
                | MacroArgs::Text(list),
            ) => list.iter().for_each(|e| self.visit_expr(e)),
            Some(MacroArgs::Repeat(x, n)) => {
                self.visit_expr(x);
                self.visit_expr(n);
            }
            // The guard sees what the pattern binds, which no statement stands behind.
            Some(MacroArgs::Matches(x, ..)) => self.visit_expr(x),
            None => {}
        }
    }
}

/// The variable that a place is a part of, if it is one by its fields alone.
fn root(e: &Expr) -> Option<String> {
    match e {
        Expr::Path(p) => p.path.get_ident().map(ToString::to_string),
        Expr::Field(f) => root(&f.base),
        Expr::Paren(p) => root(&p.expr),
        _ => None,
    }
}

/// The tokens of a place, with the name that `self` has in a body.
fn renamed(e: &Expr) -> TokenStream {
    fn all(tokens: TokenStream) -> TokenStream {
        tokens
            .into_iter()
            .map(|t| match t {
                TokenTree::Ident(id) if id == "self" => Ident::new("__self", id.span()).into(),
                TokenTree::Group(g) => {
                    let mut group = proc_macro2::Group::new(g.delimiter(), all(g.stream()));
                    group.set_span(g.span());
                    group.into()
                }
                other => other,
            })
            .collect()
    }
    all(e.to_token_stream())
}
