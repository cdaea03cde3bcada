//! Blocks and statements.

use super::edits::{Claim, Place, Stated};
use super::{Lower, edits::Marker};
use crate::check::{conditional_compilation, value_branch};
use crate::names;
use crate::parse::Kind;
use crate::scope::{Const, Value};
use crate::trace::{Node, Operand};
use quote::ToTokens;
use syn::{Block, Expr, Item, Local, Pat, Stmt};
use thunder_core::types::{Extent, Text};

impl<'a> Lower<'a, '_> {
    /// A block: its value is that of its last expression.
    pub(super) fn block(&mut self, b: &'a Block) -> Value<'a> {
        let outer = self.scope.bindings.len();
        let mut value = Value::unit();
        for (i, s) in b.stmts.iter().enumerate() {
            let last = i + 1 == b.stmts.len();
            value = self.stmt(s, last);
            if matches!(value, Value::Never) {
                // What follows never runs; rustc warns of it.
                break;
            }
        }
        self.scope.bindings.truncate(outer);
        value
    }

    fn stmt(&mut self, s: &'a Stmt, last: bool) -> Value<'a> {
        match s {
            Stmt::Local(l) => {
                conditional_compilation::attributes(&l.attrs, self.diag);
                self.local(l)
            }
            Stmt::Expr(e, semi) => {
                let value = self.expr(e);
                match value {
                    Value::Never => Value::Never,
                    value if last && semi.is_none() => value,
                    _ => Value::unit(),
                }
            }
            Stmt::Macro(m) => {
                conditional_compilation::attributes(&m.attrs, self.diag);
                let value = self.macro_call(&m.mac);
                if matches!(value, Value::Never) || (last && m.semi_token.is_none()) {
                    value
                } else {
                    Value::unit()
                }
            }
            Stmt::Item(item) => self.item(item),
        }
    }

    fn item(&mut self, item: &'a Item) -> Value<'a> {
        match item {
            Item::Use(_) => {}
            Item::Const(c) => {
                let value = self.expr(&c.expr);
                let value = match value {
                    Value::Static(Const::Float(_)) => Value::STATIC,
                    value if value.is_static() => value,
                    _ => Value::STATIC,
                };
                self.scope.bind(c.ident.to_string(), value);
            }
            Item::Static(s) => {
                crate::check::hidden_state::local_static(s, self.diag);
            }
            other => {
                self.diag.error(
                    other,
                    "an item inside the body of a `#[thunder]` function is not part of its trace",
                    "move it out of the body, with a `#[thunder]` of its own",
                );
            }
        }
        Value::unit()
    }

    fn local(&mut self, l: &'a Local) -> Value<'a> {
        let value = match &l.init {
            Some(init) => {
                self.expected = Self::expected_by(&l.pat);
                let value = self.expr(&init.expr);
                self.expected = None;
                value
            }
            None => Value::Unset,
        };
        if matches!(value, Value::Never) {
            return Value::Never;
        }
        if let Some((_, diverge)) = l.init.as_ref().and_then(|i| i.diverge.as_ref()) {
            let ((), nodes) = self.nested(|s| {
                s.expr(diverge);
            });
            if has_work(&nodes) {
                let site = self.site(l);
                self.edits.marker(&**diverge, Marker::Arm(site, 0));
                self.edits.marker(l, Marker::Arm(site, 1));
                self.push(Node::Choice { site, arms: vec![nodes, Vec::new()] });
            }
        }
        self.bind_local(l, value);
        Value::unit()
    }

    fn bind_local(&mut self, l: &'a Local, value: Value<'a>) {
        let Pat::Type(t) = &l.pat else {
            return self.bind_pattern(&l.pat, value);
        };
        let known = self.types.dims.names.len();
        self.types.collect_type(&t.ty);
        let kind = self.types.read(&t.ty, self.diag);
        let value = match (&kind, value, &*t.pat) {
            (Kind::Tensor(ty), value, Pat::Ident(name)) if !matches!(value, Value::Failed) => {
                let stated = self.stated(&name.ident.to_string(), ty, known);
                let at = l.init.as_ref().map(|i| &*i.expr);
                let value = self.state(value, ty, known, at);
                if let Value::Tensor(Operand::Var(v), ty) = &value {
                    self.vars[*v as usize] = *ty;
                }
                self.edits.stated.insert(Place::of(l), stated);
                value
            }
            (Kind::Static { .. }, Value::Unknown(_), _) => Value::STATIC,
            (Kind::Static { .. }, value @ Value::Tensor(..), _) => {
                let at = l.init.as_ref().map_or_else(|| t.to_token_stream(), |i| i.expr.to_token_stream());
                let wanted = t.ty.to_token_stream();
                value_branch::as_static(at, &format!("`{wanted}`"), &value, self.diag);
                Value::Failed
            }
            (Kind::List(elem), Value::List(o, inner), _) if matches!(*inner, Value::Unset) => {
                let elem = self.value_of(elem, Operand::Hole);
                Value::List(o, Box::new(elem))
            }
            (_, value, _) => value,
        };
        self.bind_pattern(&t.pat, value);
    }

    /// What `let name: Tensor<_, (B, T2)>` asserts and binds; dimensions from `known` on are new.
    fn stated(&mut self, name: &str, ty: &thunder_core::types::Ty, known: usize) -> Stated {
        let dims = self.types.dims.list();
        let (mut asserts, mut binds, mut bound) = (Vec::new(), Vec::new(), Vec::new());
        let rank = if ty.shape.is_unknown() || ty.shape.lead != 0 { 0 } else { ty.shape.rank() };
        for i in 0..rank {
            let e = ty.shape.at(i);
            let new = e.as_var().filter(|&v| v as usize >= known && !bound.contains(&v));
            if let Some(v) = new {
                bound.push(v);
                binds.push((dims[v as usize].to_string(), i));
                asserts.push(None);
            } else if e.is_unknown() {
                asserts.push(None);
            } else {
                let text = Text::new().extent(e, &dims).as_str().to_string();
                asserts.push(Some(Claim { text, extent: e }));
            }
        }
        for v in asserts.iter().flatten().flat_map(|c| variables(c.extent)) {
            let dim = self.types.dims.names[v as usize].clone();
            if names::is_capital(&dim) {
                self.used_dims.insert(dim);
            }
        }
        Stated { name: name.to_string(), asserts, binds }
    }

    /// The value, with what its annotation adds.
    fn state(
        &mut self,
        value: Value<'a>,
        ty: &thunder_core::types::Ty,
        known: usize,
        at: Option<&Expr>,
    ) -> Value<'a> {
        if let (Value::Unknown(Operand::Var(v)) | Value::Tensor(Operand::Var(v), _), Some(at)) = (&value, at)
        {
            self.claims.annotations.push((*v, super::Ends::of(at), *ty));
        }
        let (operand, old) = match value {
            Value::Tensor(o, old) => (o, old),
            other => (self.operand(&other), thunder_core::types::Ty::UNKNOWN),
        };
        let mut new = *ty;
        if old.shape.is_unknown() || new.shape.is_unknown() || old.shape.rank() != new.shape.rank() {
            return Value::Tensor(operand, new);
        }
        for i in 0..new.shape.rank() {
            let (said, is) = (new.shape.at(i), old.shape.at(i));
            match said.as_var() {
                // A new name for an extent that is known already.
                Some(v) if v as usize >= known && !is.is_unknown() => {
                    let name = self.types.dims.names[v as usize].clone();
                    self.scope.bind_dim(name, Value::Static(Const::Extent(is)));
                    new.shape = new.shape.with(i, is);
                }
                _ if said.is_unknown() => new.shape = new.shape.with(i, is),
                _ if said.differs(is) => {
                    let dims = self.types.dims.list();
                    let text = Text::new().str("the value has shape ").shape(&old.shape, &dims);
                    let text = text.str(", and its annotation says ").shape(&ty.shape, &dims);
                    let text = text
                        .str(": nothing says that ")
                        .extent(is, &dims)
                        .str(" equals ")
                        .extent(said, &dims);
                    self.diag.error(
                        at,
                        text.as_str(),
                        "annotate the shape that it has, `_` for an extent left open",
                    );
                    return Value::Failed;
                }
                _ => {}
            }
        }
        if matches!(new.elem, thunder_core::types::Elem::Unknown) {
            new.elem = old.elem;
        }
        Value::Tensor(operand, new)
    }
}

/// The variables of an extent.
pub fn variables(e: Extent) -> Vec<u8> {
    let mut out = Vec::new();
    if e.is_unknown() {
        return out;
    }
    for t in e.terms {
        if t.coef != 0 {
            out.extend(t.vars.iter().filter(|&&v| v != 0).map(|v| v - 1));
        }
    }
    out
}

/// Whether anything happens in these nodes.
pub(super) fn has_work(nodes: &[Node]) -> bool {
    nodes.iter().any(|n| !matches!(n, Node::Project { .. }))
}
