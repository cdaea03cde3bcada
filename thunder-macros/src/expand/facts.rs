//! What must hold between items, which only rustc can check: constants that follow the extents through a body, and
//! assertions on them at the arguments, operations and results at fault.
//!
//! The facts themselves are in thunder-core. Functions are reached by their companions, methods by *twins*: a hidden
//! method of the same receiver whose result type bears the trace as a constant. A closure that is typed and never run
//! spells the way from a parameter to the receiver, so rustc resolves it as it does the call itself.

use super::constant::Constants;
use super::example::example;
use super::opaque;
use super::twin::{self, element, twin_name};
use crate::lower::{Claims, Ends, Lowered, variables};
use crate::parse::{Kind, Signature, Types};
use crate::trace::{Callee, Node, Operand, Step};
use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use syn::Type;
use thunder_core::item::{Transform, Var};
use thunder_core::op::{AttrRef, Op};
use thunder_core::types::{Extent, Ty};

/// Which methods that a body calls are traced, to be asked in the body.
#[derive(Default)]
pub struct Methods {
    /// Whether one is, as an expression, by the result of the call.
    pub traced: HashMap<Var, TokenStream>,
    /// The element type that the method's twin is asked with, by the result of a call whose receiver is no part of a
    /// parameter.
    pub elements: HashMap<Var, TokenStream>,
    /// The fields that the expressions name.
    pub fields: BTreeSet<String>,
}

/// The constants and assertions of a body, and of which methods rustc is to say that they are traced.
pub fn facts(sig: &Signature, lowered: &Lowered) -> (TokenStream, Methods) {
    if lowered.claims.calls.is_empty() && sig.receiver.is_none() && sig.types.bound.is_empty() {
        return (quote!(), Methods::default());
    }
    let mut f = Facts::new(sig, lowered);
    f.parameters(sig);
    f.dimensions(sig);
    for check in bindings(&sig.types, own_type(sig).as_ref()) {
        f.assert(&check);
    }
    f.nodes(&lowered.body.nodes);
    f.stated(&lowered.claims);
    f.finish()
}

/// What there is of a var.
#[derive(Clone)]
struct Known {
    /// Its fact, as an expression.
    fact: TokenStream,
    /// Whether it says more than the macro knows.
    more: bool,
    /// The parameter that it is a part of, and a reference to it, as an expression.
    place: Option<(Type, TokenStream)>,
}

struct Facts<'a> {
    c: Constants<'a>,
    types: &'a [Ty],
    claims: &'a Claims,
    known: HashMap<Var, Known>,
    twins: BTreeSet<String>,
    /// How often each var is assigned to.
    assigned: HashMap<Var, usize>,
    /// What a var is first assigned.
    first: HashMap<Var, Known>,
    /// Trials of loops so far, and the one under way: in it nothing is asserted.
    trials: usize,
    trial: Option<usize>,
    /// Whether anything is asserted.
    asserts: bool,
    methods: Methods,
    out: TokenStream,
}

impl<'a> Facts<'a> {
    fn new(sig: &Signature, lowered: &'a Lowered) -> Self {
        let c = Constants { types: &lowered.types };
        let owner = own_type(sig);
        let info = match &owner {
            Some(ty) if sig.receiver.is_some() => info(ty),
            _ => quote!(::core::option::Option::None),
        };
        let dims = &lowered.types.dims.names;
        let mut assigned = HashMap::new();
        assignments(&lowered.body.nodes, &mut |v, _| *assigned.entry(v).or_default() += 1);
        let out = quote! {
            #[allow(dead_code)]
            const __NAMES: &__rt::facts::Names = &__rt::facts::Names::new(&[#(#dims),*], #info);
        };
        Facts {
            c,
            types: &lowered.body.types,
            claims: &lowered.claims,
            known: HashMap::new(),
            twins: BTreeSet::new(),
            assigned,
            first: HashMap::new(),
            trials: 0,
            trial: None,
            asserts: false,
            methods: Methods::default(),
            out,
        }
    }

    /// `self` and the parameters that are modules.
    fn parameters(&mut self, sig: &Signature) {
        let owner = own_type(sig);
        let own = usize::from(sig.receiver.is_some());
        if let (1, Some(ty)) = (own, &owner) {
            let info = info(ty);
            self.define(0, quote!(__rt::facts::Fact::own(#info, __NAMES)), Some((ty.clone(), quote!(s))));
        }
        for (i, p) in sig.params.iter().enumerate() {
            let bindings = match &p.kind {
                Kind::Named(n) if n.dim.is_none() => &n.bindings[..],
                Kind::List(inner) if matches!(**inner, Kind::Named(_)) => &[],
                _ => continue,
            };
            let Some(ty) = example(&p.owned, &sig.types.generics, owner.as_ref()) else { continue };
            let bindings = bindings.iter().map(|(name, e)| {
                let e = self.c.extent(*e);
                quote!((#name, #e))
            });
            let info = info(&ty);
            let fact = quote!(__rt::facts::Fact::module(#info, &[#(#bindings),*]));
            self.define((own + i) as Var, fact, Some((ty, quote!(s))));
        }
    }

    /// The dimensions of `self` that the body reads.
    fn dimensions(&mut self, sig: &Signature) {
        let Some(ty) = own_type(sig) else { return };
        let modules = sig.params.iter().filter_map(|p| {
            let before = p.before_bindings()?;
            let info = info(&example(&p.owned, &sig.types.generics, Some(&ty))?);
            Some(quote!((#before, #info)))
        });
        let modules = quote!(&[#(#modules),*]);
        for (name, span) in &self.claims.own_dims {
            let info = info(&ty);
            let asked = quote!(#info, #name, #modules);
            self.assert(&at(Ends(*span, *span), quote!(__rt::facts::dimension), asked));
        }
    }

    /// The name of a constant about `v`; a loop that is tried first has constants of its own.
    fn name(&self, of: &str, v: Var) -> Ident {
        match self.trial {
            None => format_ident!("__{of}{v}"),
            Some(n) => format_ident!("__{of}{v}_{n}"),
        }
    }

    /// Asserts something.
    fn assert(&mut self, check: &TokenStream) {
        if self.trial.is_none() {
            self.asserts = true;
            self.out.extend(quote!(const _: () = #check;));
        }
    }

    /// States the fact of `v`.
    fn define(&mut self, v: Var, fact: TokenStream, place: Option<(Type, TokenStream)>) {
        let name = self.name("F", v);
        self.out.extend(quote! {
            #[allow(dead_code)]
            const #name: __rt::facts::Fact = #fact;
        });
        self.known.insert(v, Known { fact: quote!(#name), more: true, place });
    }

    /// What is known of an operand.
    fn of(&self, o: &Operand) -> Option<Known> {
        let literal = |fact| Known { fact, more: false, place: None };
        match o {
            Operand::Var(v) => self.known.get(v).cloned().or_else(|| {
                let ty = self.types.get(*v as usize).filter(|t| !t.shape.is_unknown())?;
                let ty = self.c.ty(&self.without_fresh(ty));
                Some(literal(quote!(__rt::facts::Fact::Tensor(#ty))))
            }),
            Operand::Static(_) => Some(literal(quote!(__rt::facts::Fact::Tensor(__rt::types::Ty::new(
                __rt::types::Elem::Unknown,
                __rt::types::Shape::SCALAR
            ))))),
            Operand::Hole => None,
        }
    }

    fn facts(&self, args: &[Operand]) -> TokenStream {
        let list = args.iter().map(|a| self.of(a).map_or(quote!(__rt::facts::Fact::Unknown), |k| k.fact));
        quote!(&[#(#list),*])
    }

    /// What a method's twin is asked with, for these arguments.
    fn element(&self, args: &[Operand]) -> TokenStream {
        let generics = &self.c.types.generics;
        let example = |i: usize| {
            let name = generics.elems.get(i)?;
            generics.examples.iter().find(|(e, _)| e == name).map(|(_, example)| (*example).to_string())
        };
        let given = args.iter().filter_map(|a| match a {
            Operand::Var(v) => self.types.get(*v as usize),
            _ => None,
        });
        element(&given.collect::<Vec<_>>(), self.types, &example)
    }

    /// The same in the body, where a generic element type is itself.
    fn element_here(&self, args: &[Operand]) -> TokenStream {
        let generics = &self.c.types.generics;
        let given = args.iter().filter_map(|a| match a {
            Operand::Var(v) => self.types.get(*v as usize),
            _ => None,
        });
        element(&given.collect::<Vec<_>>(), self.types, &|i| generics.elems.get(i).cloned())
    }

    fn is_fresh(&self, e: Extent) -> bool {
        variables(e).iter().any(|v| self.claims.fresh.contains(v))
    }

    fn without_fresh(&self, ty: &Ty) -> Ty {
        let mut ty = *ty;
        for i in 0..ty.shape.dims().len() {
            if self.is_fresh(ty.shape.at(i)) {
                ty.shape = ty.shape.with(i, Extent::UNKNOWN);
            }
        }
        ty
    }

    fn nodes(&mut self, list: &[Node]) {
        for n in list {
            self.node(n);
        }
    }

    fn node(&mut self, n: &Node) {
        match n {
            Node::Op { dst, op, args, .. } => self.op(*dst, op, args),
            Node::Call { dst, callee, args, .. } => self.call(*dst, callee, args),
            Node::Project { dst, base, step } => self.project(*dst, *base, step),
            Node::Choice { arms, .. } => self.choice(arms),
            Node::Repeat { body, .. } => self.repeat(body),
            Node::Assign { var, value } => {
                if let Some(known) = self.of(value) {
                    if self.assigned.get(var) == Some(&1) {
                        self.known.insert(*var, known.clone());
                    }
                    self.first.entry(*var).or_insert(known);
                }
            }
            Node::Closure { body, .. } => self.nodes(body),
            Node::Region { dst, kind, args, params, body, .. } => {
                // The first parameter of a gradient's closure is what is differentiated by; so is the gradient.
                let by = match (kind, args.first()) {
                    (Transform::Grad | Transform::ValueAndGrad | Transform::Vjp, Some(Operand::Var(v))) => {
                        self.known.get(v).cloned()
                    }
                    _ => None,
                };
                if let (Some(by), Some(p)) = (&by, params.first()) {
                    self.known.insert(*p, by.clone());
                }
                self.nodes(body);
                if let (Transform::Grad, Some(by)) = (kind, by) {
                    self.known.insert(*dst, by);
                }
            }
            Node::Pack { .. }
            | Node::Collect { .. }
            | Node::Return { .. }
            | Node::Break(_)
            | Node::Continue(_) => {}
        }
    }

    /// Arms, and what is known of the values that each of them assigns.
    fn choice(&mut self, arms: &[Vec<Node>]) {
        let mut values: BTreeMap<Var, Vec<Option<Known>>> = BTreeMap::new();
        for arm in arms {
            self.nodes(arm);
            for n in arm {
                if let Node::Assign { var, value } = n {
                    let known = self.of(value);
                    values.entry(*var).or_default().push(known);
                }
            }
        }
        for (v, all) in values {
            let whole = all.len() > 1 && self.assigned.get(&v) == Some(&all.len());
            let Some(all) = all.into_iter().collect::<Option<Vec<_>>>() else { continue };
            if whole && all.iter().any(|k| k.more) {
                let facts = all.iter().map(|k| &k.fact);
                self.define(v, quote!(__rt::facts::either(&[#(#facts),*])), None);
            }
        }
    }

    /// A loop. What it carries is what it starts with, if a trial of one iteration ends with the same.
    fn repeat(&mut self, body: &[Node]) {
        let mut ends: BTreeMap<Var, Vec<Operand>> = BTreeMap::new();
        assignments(body, &mut |v, value| ends.entry(v).or_default().push(*value));
        ends.retain(|v, list| {
            let unknown = self.types.get(*v as usize).is_none_or(|t| t.shape.is_unknown());
            unknown && self.first.contains_key(v) && self.assigned.get(v) == Some(&(list.len() + 1))
        });
        if !ends.is_empty() {
            let before = self.known.clone();
            self.trials += 1;
            let id = self.trials;
            let outer = self.trial.replace(id);
            for v in ends.keys() {
                let first = self.first[v].clone();
                self.known.insert(*v, Known { more: true, place: None, ..first });
            }
            self.nodes(body);
            let list = |ends: &[Operand]| {
                ends.iter().map(|o| self.of(o).map(|k| k.fact)).collect::<Option<Vec<_>>>()
            };
            let ends: Vec<_> = ends.into_iter().map(|(v, operands)| (v, list(&operands))).collect();
            self.trial = outer;
            self.known = before;
            // What changes takes with it what was concluded from it: all of them are carried, or none.
            if let Some(ends) = ends.iter().map(|(v, e)| Some((*v, e.clone()?))).collect::<Option<Vec<_>>>() {
                let all = ends.iter().map(|(v, ends)| {
                    let first = &self.first[v].fact;
                    quote!(__rt::facts::carries(&#first, &[#(#ends),*]))
                });
                let holds = format_ident!("__L{id}");
                self.out.extend(quote!(const #holds: bool = #(#all)&&*;));
                for (v, _) in &ends {
                    let first = &self.first[v].fact;
                    self.define(*v, quote!(if #holds { #first } else { __rt::facts::Fact::Unknown }), None);
                }
            }
        }
        self.nodes(body);
    }

    fn op(&mut self, dst: Var, op: &Op, args: &[Operand]) {
        let more = args.iter().any(|a| self.of(a).is_some_and(|k| k.more));
        if !more || op.fields().iter().any(|(_, a)| self.names_fresh(a)) {
            return;
        }
        let (facts, expr) = (self.facts(args), self.c.op(op));
        let help = crate::check::shape::refuted(op, "");
        let help = help.split("help: ").last().unwrap_or_default();
        let span = self.claims.ops.get(&dst).copied().unwrap_or_else(Span::call_site);
        self.assert(&quote_spanned!(span=> __rt::facts::operands(&#expr, #facts, __NAMES, #help)));
        let known = self
            .types
            .get(dst as usize)
            .is_some_and(|t| !t.shape.is_unknown() && t.shape.dims().iter().all(|e| !e.is_unknown()));
        if !known {
            self.define(dst, quote!(__rt::facts::op(&#expr, #facts, __NAMES)), None);
        }
    }

    fn names_fresh(&self, a: &AttrRef<'_>) -> bool {
        match a {
            AttrRef::Extent(e) => self.is_fresh(**e),
            AttrRef::Shape(s) => s.dims().iter().any(|e| self.is_fresh(*e)),
            AttrRef::Pattern(p) => p.extents.iter().any(|e| self.is_fresh(*e)),
            _ => false,
        }
    }

    fn call(&mut self, dst: Var, callee: &Callee, args: &[Operand]) {
        let item = match callee {
            Callee::Closure(_) => return,
            Callee::Fn(path) => {
                let id = opaque::alias(path);
                quote!(#id::TRACE)
            }
            Callee::Method(name) | Callee::Either(name) => {
                let Some((ty, place)) = args.first().and_then(|a| self.of(a)).and_then(|k| k.place) else {
                    let element = self.element_here(args.get(1..).unwrap_or_default());
                    self.methods.elements.insert(dst, element);
                    return;
                };
                self.twins.insert(name.clone());
                let twin = twin_name(name);
                let element = self.element(&args[1..]);
                let item = quote!(__rt::facts::item_of::<#ty, _>(|s| {
                    #place.__content().__content().__content().#twin(#element)
                }));
                if self.trial.is_none() {
                    let asked = quote!(#item, |s: &#ty| #place.__content().__content().__content().__type());
                    let std = crate::check::opaque_call::is_std_method(name);
                    let traced = if std || thunder_core::op::method(name).is_some() {
                        quote!(__rt::facts::is_traced(#asked))
                    } else {
                        // On a tensor it is more likely misspelt, and there is no such method.
                        let near = crate::check::unknown_operation::is_misspelt(name);
                        quote!(__rt::facts::is_own_traced(#asked, #near))
                    };
                    self.methods.traced.insert(dst, traced);
                }
                item
            }
        };
        if args.iter().all(|a| self.of(a).is_none()) {
            return;
        }
        let (callee, facts, list) = (self.name("C", dst), self.name("A", dst), self.facts(args));
        self.out.extend(quote! {
            const #callee: &__rt::item::Item = #item;
            const #facts: &[__rt::facts::Fact] = #list;
        });
        if let Some((name, places)) = self.claims.calls.get(&dst) {
            for (i, place) in places.iter().enumerate() {
                let place = place.unwrap_or(Ends(*name, *name));
                let i = Literal::usize_unsuffixed(i);
                self.assert(&at(place, quote!(__rt::facts::argument), quote!(#callee, #facts, #i, __NAMES)));
            }
        }
        self.define(dst, quote!(__rt::facts::call(#callee, #facts)), None);
    }

    fn project(&mut self, dst: Var, base: Var, step: &Step) {
        let Some(Known { fact, more: true, place }) = self.known.get(&base).cloned() else { return };
        let place = place.filter(|_| !self.claims.payloads.contains(&dst));
        match (step, place) {
            (Step::Field(name), Some((ty, place))) => {
                let field = twin::field(name);
                self.methods.fields.insert(name.clone());
                let place = quote!(#place.__content().__content().__content().#field());
                let info = quote!(__rt::facts::info_of::<#ty, _>(|s| #place.__type()));
                self.define(dst, quote!(#fact.field(#name, #info)), Some((ty, place)));
            }
            (Step::Iter(_) | Step::Any, Some((ty, place))) => {
                let place = quote!(#place.__content().__content().__content().__element());
                let info = quote!(__rt::facts::info_of::<#ty, _>(|s| #place.__type()));
                self.define(dst, quote!(#fact.element(#info)), Some((ty, place)));
            }
            (Step::Index(i), None) => {
                let i = Literal::usize_unsuffixed(*i as usize);
                self.define(dst, quote!(#fact.part(#i)), None);
            }
            _ => {}
        }
    }

    /// Results and annotations.
    fn stated(&mut self, claims: &Claims) {
        let lists = [(quote!(result), &claims.results), (quote!(annotation), &claims.annotations)];
        for (check, list) in lists {
            for (v, place, ty) in list {
                let Some(Known { fact, more: true, .. }) = self.known.get(v).cloned() else { continue };
                let ty = self.c.ty(&self.without_fresh(ty));
                self.assert(&at(*place, quote!(__rt::facts::#check), quote!(&#fact, &#ty, __NAMES)));
            }
        }
    }

    fn finish(self) -> (TokenStream, Methods) {
        if !self.asserts {
            return (quote!(), self.methods);
        }
        let (twins, out) = (twin::stand_ins(&self.twins, &self.methods.fields), self.out);
        let out = quote! {
            #[allow(unused_imports)]
            use __rt::facts::{Content as _, Elements as _, Itself as _, OfForeign as _, OfLanguage as _};
            #twins
            #out
        };
        (out, self.methods)
    }
}

/// Assertions that types have the dimensions that they bind.
pub fn bindings(types: &Types, owner: Option<&Type>) -> Vec<TokenStream> {
    let checks = types.bound.iter().filter_map(|(ty, name)| {
        let (info, text) = (info(&example(ty, &types.generics, owner)?), name.to_string());
        Some(at(Ends(name.span(), name.span()), quote!(__rt::facts::binding), quote!(#info, #text)))
    });
    checks.collect()
}

/// What is known of the struct `ty`.
fn info(ty: &Type) -> TokenStream {
    quote!(__rt::facts::info_of::<#ty, _>(|s| s.__type()))
}

/// Calls `f` for each assignment.
fn assignments(nodes: &[Node], f: &mut impl FnMut(Var, &Operand)) {
    for n in nodes {
        match n {
            Node::Assign { var, value } => f(*var, value),
            Node::Choice { arms, .. } => arms.iter().for_each(|a| assignments(a, f)),
            Node::Repeat { body, .. } | Node::Region { body, .. } | Node::Closure { body, .. } => {
                assignments(body, f);
            }
            _ => {}
        }
    }
}

/// The type of `self`, with examples for what is generic.
fn own_type(sig: &Signature) -> Option<Type> {
    sig.owner.as_ref().and_then(|ty| example(ty, &sig.types.generics, None))
}

/// A call that stands, for rustc's messages, at `place`.
fn at(place: Ends, path: TokenStream, args: TokenStream) -> TokenStream {
    let mut group = Group::new(proc_macro2::Delimiter::Parenthesis, args);
    group.set_span(place.1);
    let path = path.into_iter().map(|mut t| {
        t.set_span(place.0);
        t
    });
    path.chain([TokenTree::Group(group)]).collect()
}
