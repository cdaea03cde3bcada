//! Lowering: a body is interpreted abstractly, in Rust's order of evaluation, into the compile-time trace.
//!
//! Every expression gives a [`Value`]: what is known of it. Operations on tensors append nodes, typed by
//! thunder-core's own inference. What is not understood is an error.

mod annotation;
mod block;
mod call;
mod closure;
mod custom;
pub mod edits;
mod einsum;
mod expr;
mod flow;
mod index;
mod iter;
mod key;
mod literal;
mod macros;
mod method;
mod op;
mod operator;
mod option;
mod pattern;
mod reached;
mod rearrange;
mod statics;
mod transform;
mod value;
mod walk;

pub use block::variables;
pub use macros::{MacroArgs, Macros, captured, collect as collect_macros};
pub use op::Arg;
pub use rearrange::pattern as rearrange_pattern;

use crate::check::opaque_call::StdName;
use crate::diagnostics::Diagnostics;
use crate::parse::{Kind, Named, Types};
use crate::scope::{Const, Scope, Value};
use crate::trace::{self, At, Node, Operand, Step};
use edits::{Edits, Place};
use proc_macro2::Span;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use thunder_core::item::Var;
use thunder_core::types::Ty;

/// Lowers the body of one item.
pub struct Lower<'a, 'd> {
    /// Where errors go.
    pub diag: &'d mut Diagnostics,
    /// The names that types use; extended by what annotations bind.
    pub types: Types,
    /// The changes to make.
    pub edits: Edits,
    /// Dimension names that the body reads as numbers.
    pub used_dims: BTreeSet<String>,
    /// The number of dimensions that the signature names.
    declared: u8,
    /// Whether unbound capitalised names may be dimensions of `self`.
    in_impl: bool,
    /// The parsed arguments of macro calls.
    macros: &'a Macros,
    scope: Scope<'a>,
    vars: Vec<Ty>,
    /// Open lists of nodes, innermost last.
    open: Vec<Vec<Node>>,
    sites: HashMap<Place, u16>,
    /// The loops around, innermost last.
    loops: Vec<Loop<'a>>,
    /// Closures being inlined, for the message about recursion.
    depth: usize,
    /// Whether the body returns early.
    returns: bool,
    /// Whether a method is called on what is walked that only an `Option` has.
    on_option: bool,
    /// The label of the loop that is about to be walked.
    label: Option<String>,
    /// Whether the pattern that is bound may not match, so that a capitalised name in it stands for a constant.
    refutable: bool,
    /// Whether the function gives an `Option`, which a `?` leaves with.
    gives_option: bool,
    /// For each closure around, how much had been traced when a `?` first left it.
    questions: Vec<Option<(usize, Span)>>,
    /// Filters of the iteration that is being walked: where its nodes were, and the choice that the rest is an arm of.
    filters: Vec<(usize, u16)>,
    /// How many nodes there have been that are recorded.
    work: usize,
    /// The number of values that the `let` around takes apart.
    expected: Option<usize>,
    /// Paths that are read as constants: whether one is a static, rustc knows.
    pub constants: Vec<syn::Path>,
    /// Constants whose methods are called, which says of what type they are.
    receivers: BTreeSet<String>,
    /// Names by which something of std's is called: whether it is std's, rustc knows.
    std_names: Vec<StdName>,
    /// The item itself, which it must not reach.
    pub own: Own,
    /// The newest binding of a parameter.
    parameters: u32,
    /// For each transform's closure around, the newest binding outside it.
    regions: Vec<u32>,
    /// Where operations stand, by their results.
    spans: HashMap<Var, Span>,
    /// What is asserted once rustc knows the callees.
    claims: Claims,
    /// The closures of the body, and which of them were called.
    closures: Vec<Value<'a>>,
    called: HashSet<Place>,
    /// The values of the expressions that may be results.
    results: HashMap<Place, Value<'a>>,
    /// The expressions that are returned early.
    returned: Vec<&'a syn::Expr>,
}

/// The item that is lowered.
#[derive(Clone, Default)]
pub struct Own {
    /// Its name.
    pub name: String,
    /// For a method of a type's own, the type.
    pub of: Option<String>,
    /// For a method of a trait: a method of the same name may be another.
    pub of_trait: bool,
}

impl Own {
    /// Whether a path leads to the item itself.
    fn is(&self, path: &syn::Path) -> bool {
        match &self.of {
            None => !self.name.is_empty() && crate::check::recursion::names(path, &self.name),
            Some(of) if !self.of_trait => {
                let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
                matches!(&names[..], [owner, name] if (owner == "Self" || owner == of) && *name == self.name)
            }
            Some(_) => false,
        }
    }

    /// Whether a call is `self.name(…)` of the item itself.
    fn is_method(&self, m: &syn::ExprMethodCall) -> bool {
        self.of.is_some()
            && !self.of_trait
            && m.method == self.name
            && crate::names::ident(&m.receiver).is_some_and(|id| id == "self")
    }
}

/// What a loop carries from one iteration to the next.
struct Loop<'a> {
    /// Names, and where their values are kept between iterations.
    cells: Vec<(String, Value<'a>)>,
    /// The values of those names at each end of an iteration.
    ends: Vec<Vec<Value<'a>>>,
    /// Its label.
    label: Option<String>,
}

/// What rustc is to check of a body, once it knows what the items say that the body calls.
#[derive(Default)]
pub struct Claims {
    /// Where calls stand, by their results: the name, and the arguments, the receiver of a method without a place.
    pub calls: HashMap<Var, (Span, Vec<Option<Ends>>)>,
    /// Where operations stand, by their results.
    pub ops: HashMap<Var, Span>,
    /// What a variant or a struct pattern took out: its way is not one of fields.
    pub payloads: HashSet<Var>,
    /// Names that are no dimension of the signature, and so of `self`: where each is read first.
    pub own_dims: BTreeMap<String, Span>,
    /// Results, with what the signature says.
    pub results: Vec<(Var, Ends, Ty)>,
    /// Annotated values, with what is said.
    pub annotations: Vec<(Var, Ends, Ty)>,
    /// Dimension variables that annotations bind: what they are equal to is not followed.
    pub fresh: BTreeSet<u8>,
}

/// The first and the last token of an expression.
#[derive(Clone, Copy)]
pub struct Ends(pub Span, pub Span);

impl Ends {
    /// Those of `tokens`.
    pub fn of(tokens: impl quote::ToTokens) -> Ends {
        let mut all = tokens.into_token_stream().into_iter();
        let first = all.next();
        let last = all.last().or_else(|| first.clone());
        let start = first.as_ref().map_or_else(Span::call_site, proc_macro2::TokenTree::span);
        Ends(start, last.as_ref().map_or(start, proc_macro2::TokenTree::span))
    }
}

/// What lowering gives.
pub struct Lowered {
    /// The trace.
    pub body: trace::Body,
    /// The changes to make.
    pub edits: Edits,
    /// The names of dimensions, with those the body added.
    pub types: Types,
    /// Dimension names that the body reads.
    pub used_dims: BTreeSet<String>,
    /// Paths that the body reads as constants.
    pub constants: Vec<syn::Path>,
    /// Those of them whose methods are called.
    pub receivers: BTreeSet<String>,
    /// Names by which the body calls something of std's.
    pub std_names: Vec<StdName>,
    /// What rustc is to check.
    pub claims: Claims,
}

impl<'a, 'd> Lower<'a, 'd> {
    /// A lowering of a body whose types use the names of `types`.
    pub fn new(types: Types, in_impl: bool, macros: &'a Macros, diag: &'d mut Diagnostics) -> Self {
        let of_owner = types.of_owner.iter().map(|id| (id.to_string(), id.span())).collect();
        Lower {
            diag,
            declared: types.dims.names.len() as u8,
            types: Types { in_body: true, ..types },
            edits: Edits::default(),
            used_dims: BTreeSet::new(),
            in_impl,
            macros,
            scope: Scope::default(),
            vars: Vec::new(),
            open: vec![Vec::new()],
            sites: HashMap::new(),
            loops: Vec::new(),
            depth: 0,
            returns: false,
            on_option: false,
            label: None,
            refutable: false,
            gives_option: false,
            questions: Vec::new(),
            filters: Vec::new(),
            work: 0,
            expected: None,
            constants: Vec::new(),
            receivers: BTreeSet::new(),
            std_names: Vec::new(),
            own: Own::default(),
            parameters: 0,
            regions: Vec::new(),
            spans: HashMap::new(),
            claims: Claims { own_dims: of_owner, ..Claims::default() },
            closures: Vec::new(),
            called: HashSet::new(),
            results: HashMap::new(),
            returned: Vec::new(),
        }
    }

    /// `self`, as the first var.
    pub fn receiver(&mut self) {
        let v = self.var(Ty::UNKNOWN);
        self.scope.bind("self", Value::Module(Operand::Var(v)));
    }

    /// The parameters, as the next vars: their kinds, and the names of those that are extents.
    pub fn parameters(&mut self, kinds: &[(&Kind, Option<String>)]) -> Vec<Value<'a>> {
        let vars: Vec<Var> = kinds
            .iter()
            .map(|(kind, _)| self.var(if let Kind::Tensor(ty) = kind { *ty } else { Ty::UNKNOWN }))
            .collect();
        kinds
            .iter()
            .zip(vars)
            .map(|((kind, size), v)| match size {
                Some(name) => self.dim_value(name),
                None => self.value_of(kind, Operand::Var(v)),
            })
            .collect()
    }

    /// Binds a parameter's pattern.
    pub fn bind(&mut self, pat: &'a syn::Pat, value: Value<'a>) {
        self.bind_pattern(pat, value);
    }

    /// Lowers the body, and gives the trace.
    ///
    /// What it gives must be what `declared` says.
    pub fn finish(mut self, block: &'a syn::Block, declared: &Kind) -> Lowered {
        self.parameters = self.scope.newest();
        self.gives_option = matches!(declared, Kind::Option(_));
        let value = self.block(block);
        self.uncalled_closures();
        self.check_results(block, declared);
        let output = match value {
            Value::Never => None,
            v => Some(self.operand(&v)),
        };
        let nodes = self.open.pop().unwrap_or_default();
        let output = output.or(if self.returns { None } else { Some(Operand::Hole) });
        let body = trace::Body { types: self.vars, nodes, output };
        Lowered {
            body,
            edits: self.edits,
            types: self.types,
            used_dims: self.used_dims,
            constants: self.constants,
            receivers: self.receivers,
            std_names: self.std_names,
            claims: Claims { ops: self.spans, ..self.claims },
        }
    }

    /// Refuses results that are not what the signature declares.
    fn check_results(&mut self, block: &'a syn::Block, declared: &Kind) {
        let mut list = std::mem::take(&mut self.returned);
        tails(block, &mut list);
        let elems: Vec<&str> = self.types.generics.elems.iter().map(String::as_str).collect();
        for e in list {
            if let Some(value) = self.results.get(&Place::of(e)) {
                let dims = self.types.dims.list();
                crate::check::shape::result(e, value, declared, &dims, &elems, self.diag);
                claims(e, value, declared, &mut self.claims.results);
            }
        }
    }

    /// What a value of this kind is, held in `operand`.
    fn value_of(&mut self, kind: &Kind, operand: Operand) -> Value<'a> {
        match kind {
            Kind::Tensor(ty) => Value::Tensor(operand, *ty),
            Kind::Key => Value::Key(operand),
            Kind::Static { .. } => Value::STATIC,
            Kind::Tuple(parts) if parts.is_empty() => Value::unit(),
            Kind::Tuple(parts) => {
                let values = parts.iter().enumerate().map(|(i, k)| {
                    let ty = if let Kind::Tensor(ty) = k { *ty } else { Ty::UNKNOWN };
                    if matches!(k, Kind::Static { .. }) {
                        return Value::STATIC;
                    }
                    let part = self.project(operand, Step::Index(i as u32), ty);
                    self.value_of(k, part)
                });
                Value::Tuple(values.collect())
            }
            Kind::List(inner) => {
                let elem = self.value_of(inner, Operand::Hole);
                if elem.is_static() { Value::STATIC } else { Value::List(operand, Box::new(elem)) }
            }
            Kind::Option(inner) => {
                let inner = self.value_of(inner, operand);
                if inner.is_static() { Value::STATIC } else { Value::Option(Box::new(inner)) }
            }
            Kind::Named(Named { dim: Some(name), .. }) => self.dim_value(&name.clone()),
            Kind::Closure(of) => match operand {
                Operand::Var(v) => Value::Callable(v, of.clone()),
                _ => Value::Failed,
            },
            Kind::Named(_) | Kind::Unknown => Value::Unknown(operand),
            Kind::Refused => Value::Failed,
        }
    }

    /// The extent of a dimension name.
    fn dim_value(&mut self, name: &str) -> Value<'a> {
        let v = self.types.dims.intern(name);
        Value::Static(v.map_or(Const::Unknown, |v| Const::Extent(thunder_core::types::Extent::var(v))))
    }

    /// A new var.
    fn var(&mut self, ty: Ty) -> Var {
        self.vars.push(ty);
        if self.vars.len() > usize::from(Var::MAX) {
            self.vars.truncate(usize::from(Var::MAX));
            if self.diag.is_empty() {
                self.diag.error_at(Span::call_site(), "this function is too long to trace", "split it");
            }
        }
        (self.vars.len() - 1) as Var
    }

    fn push(&mut self, node: Node) {
        self.work += usize::from(!matches!(node, Node::Project { .. }));
        if let Some(list) = self.open.last_mut() {
            list.push(node);
        }
    }

    /// The nodes that `f` appends.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, Vec<Node>) {
        self.open.push(Vec::new());
        let value = f(self);
        (value, self.open.pop().unwrap_or_default())
    }

    /// The marker number of a piece of syntax.
    fn site<T: 'static>(&mut self, syntax: &T) -> u16 {
        let next = self.sites.len() as u16;
        *self.sites.entry(Place::of(syntax)).or_insert(next)
    }

    /// The part of a structure at `step`.
    fn project(&mut self, base: Operand, step: Step, ty: Ty) -> Operand {
        match base {
            Operand::Var(base) => {
                let dst = self.var(ty);
                self.push(Node::Project { dst, base, step });
                Operand::Var(dst)
            }
            other => other,
        }
    }

    fn assign(&mut self, value: Operand, ty: Ty) -> Operand {
        let var = self.var(ty);
        self.push(Node::Assign { var, value });
        Operand::Var(var)
    }

    /// Reports what the macro does not know how to trace.
    fn not_understood(&mut self, tokens: impl quote::ToTokens, what: &str) -> Value<'a> {
        self.not_traced(tokens, what, "plain expressions, `if`, `match`, `for`, calls")
    }

    /// Reports what can't be traced, with what can.
    fn not_traced(&mut self, tokens: impl quote::ToTokens, what: &str, help: &str) -> Value<'a> {
        self.diag.error(tokens, format!("{what} can't be traced"), help);
        Value::Failed
    }

    fn at(span: Span) -> At {
        At::of(span)
    }
}

/// The parts of a result of which rustc is to check the extents.
fn claims(e: &syn::Expr, value: &Value<'_>, declared: &Kind, out: &mut Vec<(Var, Ends, Ty)>) {
    match (declared, value, e) {
        (Kind::Tensor(ty), Value::Unknown(Operand::Var(v)) | Value::Tensor(Operand::Var(v), _), e) => {
            out.push((*v, Ends::of(e), *ty));
        }
        (Kind::Tuple(kinds), Value::Tuple(parts), syn::Expr::Tuple(t)) if kinds.len() == parts.len() => {
            for ((kind, part), e) in kinds.iter().zip(parts).zip(&t.elems) {
                claims(e, part, kind, out);
            }
        }
        _ => {}
    }
}

/// The expressions that may be the value of a block.
fn tails<'a>(block: &'a syn::Block, out: &mut Vec<&'a syn::Expr>) {
    if let Some(syn::Stmt::Expr(e, None)) = block.stmts.last() {
        tail(e, out);
    }
}

fn tail<'a>(e: &'a syn::Expr, out: &mut Vec<&'a syn::Expr>) {
    use syn::Expr;
    match e {
        Expr::Block(b) => tails(&b.block, out),
        Expr::If(i) => {
            tails(&i.then_branch, out);
            if let Some((_, e)) = &i.else_branch {
                tail(e, out);
            }
        }
        Expr::Match(m) => m.arms.iter().for_each(|a| tail(&a.body, out)),
        Expr::Paren(p) => tail(&p.expr, out),
        Expr::Return(_) => {}
        e => out.push(e),
    }
}
