//! Expressions: the dispatch, and the simple ones.

use super::edits::Edit;
use super::{Lower, value::with_operand};
use crate::check::{
    attribute_write, conditional_compilation, hidden_state, host_read, in_place_mutation, side_effect,
    value_dependent_branch,
};
use crate::names;
use crate::scope::{Closure, Const, Options, Value};
use crate::trace::{Node, Operand, Step};
use std::rc::Rc;
use syn::{Expr, ExprField, ExprStruct, Member};
use thunder_core::op::Lit;
use thunder_core::types::Ty;

impl<'a> Lower<'a, '_> {
    /// The value of an expression; what it computes is appended to the trace.
    pub(super) fn expr(&mut self, e: &'a Expr) -> Value<'a> {
        let value = self.expr_unkept(e);
        if matches!(value, Value::Tensor(..) | Value::Unknown(_) | Value::Tuple(_) | Value::Option(_)) {
            self.results.insert(super::edits::Place::of(e), value.clone());
        }
        value
    }

    fn expr_unkept(&mut self, e: &'a Expr) -> Value<'a> {
        conditional_compilation::attributes(conditional_compilation::of(e), self.diag);
        match e {
            Expr::Array(a) => Value::Tuple(self.exprs(&a.elems)),
            Expr::Assign(a) => self.assignment(a),
            Expr::Binary(b) => self.binary(e, b),
            Expr::Block(b) => {
                if b.label.is_some() {
                    let help = "an `if` with an `else`, or a `let mut` that the arms assign to";
                    return self.not_traced(&b.label, "a labelled block", help);
                }
                self.block(&b.block)
            }
            Expr::Break(b) => self.break_loop(b),
            Expr::Call(c) => self.call(e, c),
            Expr::Cast(c) => self.cast(c),
            Expr::Closure(c) => {
                if let Some(token) = c.asyncness {
                    side_effect::async_code(token, self.diag);
                    return Value::Failed;
                }
                if c.constness.is_some() || c.movability.is_some() {
                    return self.not_understood(c, "this kind of closure");
                }
                let closure = Value::Closure(Rc::new(Closure { syntax: c, scope: self.scope.clone() }));
                self.closures.push(closure.clone());
                closure
            }
            Expr::Continue(c) => self.continue_loop(c),
            Expr::Field(f) => self.field(f),
            Expr::ForLoop(f) => self.for_loop(f),
            Expr::Group(g) => self.expr(&g.expr),
            Expr::If(i) => self.if_else(i),
            Expr::Index(i) => self.index(e, i),
            Expr::Let(l) => self.condition_let(l),
            Expr::Lit(l) => self.literal(&l.lit),
            Expr::Loop(l) => self.forever(l),
            Expr::Macro(m) => self.macro_call(&m.mac),
            Expr::Match(m) => self.match_arms(m),
            Expr::MethodCall(m) => self.method_call(e, m),
            Expr::Paren(p) => self.expr(&p.expr),
            Expr::Path(p) => self.path(e, p),
            Expr::Range(r) => self.range(r),
            Expr::Reference(r) => self.reference(r),
            Expr::Repeat(r) => {
                let value = self.expr(&r.expr);
                let outer = std::mem::replace(&mut self.edits.constant, true);
                self.expr(&r.len);
                self.edits.constant = outer;
                if value.is_static() {
                    return Value::STATIC;
                }
                let operand = self.operand(&value);
                let all = self.pack(vec![(Step::Any, operand)]);
                Value::List(all, Box::new(with_operand(&value, Operand::Hole)))
            }
            Expr::Return(r) => {
                let value = match &r.expr {
                    Some(e) => self.expr(e),
                    None => Value::unit(),
                };
                if self.depth > 0 {
                    let help = "let the last expression of the closure be its value";
                    return self.not_traced(r.return_token, "`return` from a closure", help);
                }
                if let Some(e) = &r.expr {
                    super::tail(e, &mut self.returned);
                }
                let value = self.operand(&value);
                self.returns = true;
                self.push(Node::Return { value });
                Value::Never
            }
            Expr::Struct(s) => self.structure(e, s),
            Expr::Try(t) => self.question(e, t),
            Expr::Tuple(t) => Value::Tuple(self.exprs(&t.elems)),
            Expr::Unary(u) => self.unary(e, u),
            Expr::While(w) => self.while_loop(w),
            Expr::Unsafe(u) => {
                side_effect::unsafe_code(u.unsafe_token, self.diag);
                Value::Failed
            }
            Expr::Async(a) => {
                side_effect::async_code(a.async_token, self.diag);
                Value::Failed
            }
            Expr::Await(a) => {
                side_effect::async_code(a.await_token, self.diag);
                Value::Failed
            }
            Expr::Infer(i) => self.not_understood(i, "`_` as a value"),
            Expr::Const(c) => {
                self.not_traced(c.const_token, "a `const` block", "a `const` item: `const K: usize = …;`")
            }
            Expr::RawAddr(r) => self.not_understood(r, "a raw pointer"),
            Expr::TryBlock(t) => self.not_understood(t, "a `try` block"),
            Expr::Yield(y) => self.not_understood(y, "`yield`"),
            other => self.not_understood(other, "this expression"),
        }
    }

    pub(super) fn exprs(&mut self, list: impl IntoIterator<Item = &'a Expr>) -> Vec<Value<'a>> {
        list.into_iter().map(|e| self.expr(e)).collect()
    }

    fn path(&mut self, e: &'a Expr, p: &'a syn::ExprPath) -> Value<'a> {
        let Some(id) = names::single(&p.path).filter(|_| p.qself.is_none()) else {
            // `f32::EPSILON`, `E::DTYPE`, `Act::Relu`, `consts::PI`.
            self.constant(&p.path, p.qself.is_some());
            self.configuration(e, p);
            let last = p.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            return if names::is_camel(&last) { Value::Static(Const::Variant(last)) } else { Value::STATIC };
        };
        let name = id.to_string();
        if let Some(b) = self.scope.find(&name) {
            let value = b.value.clone();
            if b.dim {
                self.edits.expr(e, Edit::Dim);
            }
            return value;
        }
        if name == "None" {
            return Value::Static(Const::Nothing);
        }
        if matches!(name.as_str(), "Some" | "Ok" | "Err") {
            // Given to std by name.
            return Value::STATIC;
        }
        if self.types.generics.consts.contains(&name) {
            return self.dim_value(&name);
        }
        if names::is_capital(&name) {
            let stated =
                self.types.dims.find(&name).is_some_and(|v| self.types.dims.consts[v as usize].is_none());
            if stated && !self.types.generics.shapes.contains(&name)
                || self.in_impl && names::is_dimension(&name)
            {
                self.edits.expr(e, Edit::Dim);
                if !stated {
                    self.claims.own_dims.entry(name.clone()).or_insert(id.span());
                }
                self.used_dims.insert(name.clone());
                return self.dim_value(&name);
            }
            if !names::is_camel(&name) {
                self.constant(&p.path, false);
                let v = self.types.dims.constant(&p.path);
                return Value::Static(
                    v.map_or(Const::Unknown, |v| Const::Extent(thunder_core::types::Extent::var(v))),
                );
            }
        }
        // A constant, a unit struct, or a function given by name: no name tells that it is no static.
        if names::is_capital(&name) {
            self.constant(&p.path, false);
            self.configuration(e, p);
        } else {
            self.edits.expr(e, Edit::Constant);
        }
        Value::STATIC
    }

    /// Notes a path that reads as that of a constant of some module.
    fn constant(&mut self, path: &syn::Path, qualified: bool) {
        let owner = path.segments.iter().rev().nth(1).map(|s| s.ident.to_string());
        let of_a_type = owner.is_some_and(|n| names::is_capital(&n) || crate::parse::ty::is_static(&n));
        if !qualified && !of_a_type && !crate::check::opaque_call::is_pure(path) {
            self.constants.push(path.clone());
        }
    }

    /// Whether the signature has the type at `path`, or that of a variant at it: there it is refused already.
    pub(super) fn in_signature(&self, path: &syn::Path) -> bool {
        let mut names = path.segments.iter().rev().take(2).map(|s| s.ident.to_string());
        names.any(|n| n == "Self" || self.types.named.contains(&n) || self.own.of.as_ref() == Some(&n))
    }

    /// Asks rustc of what type a variant, a unit struct or a type's constant is. What a generic type has only its bounds
    /// say, and numbers have numbers.
    fn configuration(&mut self, e: &'a Expr, p: &'a syn::ExprPath) {
        let mut names = p.path.segments.iter().rev().map(|s| s.ident.to_string());
        let (last, owner) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        let generics = &self.types.generics;
        let of_any = owner == "Self" || generics.types.contains(&owner) || generics.elems.contains(&owner);
        // A module's constant is asked where the body begins; what is not capitalised is a function given by name.
        let asks = names::is_camel(&last) || names::is_capital(&last) && names::is_capital(&owner);
        if asks && !of_any && p.qself.is_none() && !crate::parse::ty::is_static(&owner) {
            self.edits.expr(e, Edit::Value);
        }
    }

    fn field(&mut self, f: &'a ExprField) -> Value<'a> {
        let base = self.expr(&f.base);
        self.part(base, &f.member)
    }

    /// A field or a tuple element of a value.
    pub(super) fn part(&mut self, base: Value<'a>, member: &Member) -> Value<'a> {
        let step = match member {
            Member::Named(id) => Step::Field(id.to_string()),
            Member::Unnamed(i) => Step::Index(i.index),
        };
        match (&base, &step) {
            (Value::Tuple(parts), Step::Index(i)) => parts.get(*i as usize).cloned().unwrap_or(Value::Failed),
            (Value::Static(_) | Value::Options(_), _) => Value::STATIC,
            (Value::Failed | Value::Never, _) => base,
            (Value::Module(o) | Value::Unknown(o), _) => Value::Unknown(self.project(*o, step, Ty::UNKNOWN)),
            _ => {
                // A field that rustc will not find either.
                Value::Unknown(Operand::Hole)
            }
        }
    }

    fn reference(&mut self, r: &'a syn::ExprReference) -> Value<'a> {
        let value = self.expr(&r.expr);
        if r.mutability.is_some() {
            // A place that is borrowed to be changed is read nowhere.
            self.edits.exprs.remove(&super::edits::Place::of(&*r.expr));
        }
        if let Some(m) = &r.mutability
            && !value.is_static()
            && !matches!(value, Value::Failed | Value::Unset)
        {
            in_place_mutation::borrow(*m, self.diag);
            return Value::Failed;
        }
        value
    }

    fn cast(&mut self, c: &'a syn::ExprCast) -> Value<'a> {
        let value = self.expr(&c.expr);
        if host_read::cast(c, &value, self.diag) {
            return Value::Failed;
        }
        if let syn::Type::Ptr(p) = &*c.ty {
            side_effect::pointer(p, self.diag);
            return Value::Failed;
        }
        let ty = match &*c.ty {
            syn::Type::Path(p) => names::single(&p.path).map(ToString::to_string).unwrap_or_default(),
            _ => String::new(),
        };
        if matches!(value, Value::Unknown(_)) {
            self.edits.expr(&c.expr, Edit::Number { function: "StaticNumber::known" });
        }
        match (&value, ty.as_str()) {
            (Value::Failed, _) => Value::Failed,
            (Value::Static(Const::Int(n)), "f32" | "f64") => Value::Static(Const::Float(*n as f64)),
            (
                Value::Static(c @ (Const::Int(_) | Const::Extent(_))),
                "usize" | "i64" | "i32" | "u32" | "u64",
            ) => Value::Static(c.clone()),
            (Value::Static(Const::Float(x)), "f64") => Value::Static(Const::Float(*x)),
            _ => Value::STATIC,
        }
    }

    fn range(&mut self, r: &'a syn::ExprRange) -> Value<'a> {
        let end = |s: &mut Self, e: &'a Option<Box<Expr>>| {
            e.as_ref().map(|e| {
                let value = s.expr(e);
                value_dependent_branch::branch(&**e, "a range bound", &value, s.diag);
                if matches!(value, Value::Unknown(_)) {
                    s.edits.expr(e, Edit::Number { function: "StaticBound::known" });
                }
                value
            })
        };
        let (from, to) = (end(self, &r.start), end(self, &r.end));
        let extent = |v: Option<Value<'a>>| match v {
            Some(Value::Static(c)) => Some(c.extent()),
            Some(_) => Some(thunder_core::types::Extent::UNKNOWN),
            None => None,
        };
        let (from, mut to) = (extent(from), extent(to));
        if matches!(r.limits, syn::RangeLimits::Closed(_)) {
            to = to.map(|e| e.add(thunder_core::types::Extent::ONE));
        }
        Value::Static(Const::Range(from, to))
    }

    fn structure(&mut self, e: &'a Expr, s: &'a ExprStruct) -> Value<'a> {
        let mut fields = Vec::new();
        for f in &s.fields {
            let name = match &f.member {
                Member::Named(id) => id.to_string(),
                Member::Unnamed(i) => i.index.to_string(),
            };
            conditional_compilation::attributes(&f.attrs, self.diag);
            let value = self.expr(&f.expr);
            fields.push((name, value));
        }
        let options = s.path.segments.last().is_some_and(|s| s.ident == "Sdpa" || s.ident == "CrossEntropy");
        if options {
            for (f, (name, value)) in s.fields.iter().zip(&mut fields) {
                if value_dependent_branch::as_static(&f.expr, &format!("`{name}` option"), value, self.diag) {
                    *value = Value::Failed;
                }
            }
        }
        let (mut rest, mut opaque) = (None, false);
        if let Some(e) = &s.rest {
            opaque = !is_default(e);
            let value = self.expr(e);
            rest = (!value.is_static()).then_some(value);
        }
        if fields.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        let name = s.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let plain = rest.is_none() && fields.iter().all(|(_, v)| v.is_static());
        if !options && !self.in_signature(&s.path) {
            self.edits.expr(e, Edit::Made);
        }
        if plain && matches!(name.as_str(), "Sdpa" | "CrossEntropy") {
            return Value::Options(Rc::new(Options { fields, opaque }));
        }
        let mut parts: Vec<(Step, Operand)> = Vec::new();
        for (name, value) in &fields {
            let operand = self.operand(value);
            parts.push((Step::Field(name.clone()), operand));
        }
        if let Some(rest) = rest {
            if parts.is_empty() {
                return rest;
            }
            let operand = self.operand(&rest);
            parts.push((Step::Any, operand));
        }
        if parts
            .iter()
            .all(|(_, o)| matches!(o, Operand::Static(Lit::Free | Lit::B(_) | Lit::F(_) | Lit::I(_))))
        {
            return Value::STATIC;
        }
        Value::Module(self.pack(parts))
    }

    fn assignment(&mut self, a: &'a syn::ExprAssign) -> Value<'a> {
        let value = self.expr(&a.right);
        if matches!(value, Value::Never) {
            return Value::Never;
        }
        self.assign_to(&a.left, value);
        Value::unit()
    }

    fn assign_to(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Path(_) | Expr::Paren(_) | Expr::Group(_) if names::ident(target).is_some() => {
                let name = names::ident(target).map(ToString::to_string).unwrap_or_default();
                if self.captured(&name) {
                    side_effect::captured(target, &name, self.diag);
                    return;
                }
                if self.scope.find(&name).is_none() {
                    hidden_state::write(target, self.diag);
                    return;
                }
                self.scope.assign(&name, settle(value));
            }
            Expr::Tuple(t) => {
                for (i, e) in t.elems.iter().enumerate() {
                    let part = self.element(&value, i, t.elems.len());
                    self.assign_to(e, part);
                }
            }
            Expr::Array(t) => {
                for (i, e) in t.elems.iter().enumerate() {
                    let part = self.element(&value, i, t.elems.len());
                    self.assign_to(e, part);
                }
            }
            Expr::Infer(_) => {}
            Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) => self.write(target, value.is_static()),
            other => {
                self.not_understood(other, "an assignment to this");
            }
        }
    }
}

impl<'a> Lower<'a, '_> {
    /// An assignment, compound or not, to a part of something: fine within static values, refused else.
    pub(super) fn write(&mut self, place: &'a Expr, is_static: bool) {
        if attribute_write::is_field(place) {
            return attribute_write::write(place, self.diag);
        }
        let base = match place {
            Expr::Field(f) => self.expr(&f.base),
            Expr::Unary(u) => self.expr(&u.expr),
            Expr::Index(i) => {
                let base = self.expr(&i.expr);
                self.expr(&i.index);
                base
            }
            _ => Value::Failed,
        };
        if matches!(base, Value::Failed) {
            return;
        }
        let root = in_place_mutation::root(place).map(ToString::to_string);
        match (place, root) {
            (_, Some(name)) if name != "self" && self.scope.find(&name).is_none() => {
                hidden_state::write(place, self.diag);
            }
            (_, Some(name)) if self.captured(&name) => side_effect::captured(place, &name, self.diag),
            (_, Some(name)) if is_static && base.is_static() => self.scope.assign(&name, Value::STATIC),
            // A part of which rustc knows whether it is a tensor.
            (_, Some(_)) if is_static && may_be_plain(&base) => self.edits.expr(place, Edit::Changed),
            (Expr::Index(i), _) => in_place_mutation::index_write(i, &base, self.diag),
            (Expr::Field(_), _) => in_place_mutation::tuple_write(place, self.diag),
            _ => in_place_mutation::deref_write(place, self.diag),
        }
    }

    /// Whether `name` was bound outside the transform's closure that is being walked.
    pub(super) fn captured(&self, name: &str) -> bool {
        match (self.regions.last(), self.scope.find(name)) {
            (Some(&outer), Some(b)) => b.id <= outer,
            _ => false,
        }
    }
}

/// Whether a value, or a part of it, may turn out to hold no tensor.
fn may_be_plain(value: &Value<'_>) -> bool {
    match value {
        Value::Unknown(_) => true,
        Value::Tuple(parts) => parts.iter().any(|p| p.is_static() || may_be_plain(p)),
        Value::List(_, elem) => elem.is_static() || may_be_plain(elem),
        _ => false,
    }
}

/// A static value that is assigned more than once is none that can be read.
pub(super) fn settle(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Static(_) => Value::STATIC,
        other => other,
    }
}

/// Whether this is `Default::default()` or `T::default()`.
fn is_default(e: &Expr) -> bool {
    match e {
        Expr::Call(c) => match &*c.func {
            Expr::Path(p) => {
                c.args.is_empty() && p.path.segments.last().is_some_and(|s| s.ident == "default")
            }
            _ => false,
        },
        _ => false,
    }
}
