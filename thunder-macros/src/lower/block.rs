//! Blocks and statements.

use super::{Lower, edits::Marker};
use crate::check::conditional_compilation;
use crate::scope::{Const, Value};
use crate::trace::Node;
use syn::{Block, Item, Local, Pat, Stmt};
use thunder_core::types::Extent;

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
                let name: Option<&dyn quote::ToTokens> = match other {
                    Item::Fn(f) => Some(&f.sig.ident),
                    Item::Struct(s) => Some(&s.ident),
                    Item::Enum(e) => Some(&e.ident),
                    Item::Trait(t) => Some(&t.ident),
                    Item::Impl(i) => Some(&i.self_ty),
                    Item::Macro(m) => Some(&m.mac.path),
                    _ => None,
                };
                self.diag.error(
                    name.unwrap_or(other),
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
                self.on_option = says_option(&l.pat);
                let value = self.expr(&init.expr);
                (self.expected, self.on_option) = (None, false);
                value
            }
            None => Value::Unset,
        };
        if matches!(value, Value::Never) {
            return Value::Never;
        }
        if let Some(init) = l.init.as_ref().filter(|i| i.diverge.is_some())
            && crate::check::value_dependent_branch::branch(&*init.expr, "`let … else`", &value, self.diag)
        {
            self.bind_local(l, Value::Failed);
            return Value::unit();
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
            return match l.init.as_ref().and_then(|i| i.diverge.as_ref()) {
                Some(_) => self.bind_refutable(&l.pat, value),
                None => self.bind_pattern(&l.pat, value),
            };
        };
        match l.init.as_ref() {
            Some(init) => self.bind_annotated(t, value, &*init.expr),
            None => self.bind_annotated(t, value, t),
        }
    }
}

/// Whether a pattern is annotated as an `Option`.
fn says_option(pat: &Pat) -> bool {
    let Pat::Type(t) = pat else { return false };
    matches!(&*t.ty, syn::Type::Path(p) if p.path.segments.last().is_some_and(|s| s.ident == "Option"))
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
