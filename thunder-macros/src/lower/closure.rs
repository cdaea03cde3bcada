//! Closures, inlined where they are called.

use super::Lower;
use super::edits::{Marker, Place};
use crate::scope::Value;
use crate::trace::{Node, Operand};
use syn::ExprClosure;
use thunder_core::types::Ty;

impl<'a> Lower<'a, '_> {
    /// The closure's result on these arguments.
    pub(super) fn apply_closure(&mut self, callee: &Value<'a>, args: Vec<Value<'a>>) -> Value<'a> {
        let Value::Closure(c) = callee else {
            return match callee {
                Value::Static(_) if args.iter().all(Value::is_static) => Value::STATIC,
                Value::Static(_) => Value::Unknown(Operand::Hole),
                _ => Value::Failed,
            };
        };
        self.called.insert(Place::of(c.syntax));
        let outer = std::mem::replace(&mut self.scope, c.scope.clone());
        self.scope.adopt(&outer);
        let mut args = args.into_iter();
        for pat in &c.syntax.inputs {
            let value = args.next().unwrap_or(Value::Failed);
            self.bind_pattern(pat, value);
        }
        self.depth += 1;
        self.questions.push(None);
        let loops = std::mem::take(&mut self.loops);
        let mut value = self.expr(&c.syntax.body);
        self.loops = loops;
        self.depth -= 1;
        if let Some((before, at)) = self.questions.pop().flatten()
            && self.work > before
        {
            crate::check::value_dependent_branch::leaves_closure(at, self.diag);
            value = Value::Failed;
        }
        let inner = std::mem::replace(&mut self.scope, outer);
        self.scope.adopt(&inner);
        value
    }

    /// Walks the closures that nothing calls: what they would do is checked like the rest, and traced nowhere.
    ///
    /// Beside other errors a call may only be missing because it was refused.
    pub(super) fn uncalled_closures(&mut self) {
        for closure in std::mem::take(&mut self.closures) {
            let Value::Closure(c) = &closure else { continue };
            if self.called.contains(&Place::of(c.syntax)) {
                continue;
            }
            let args = vec![Value::Unknown(Operand::Hole); c.syntax.inputs.len()];
            let vars = self.vars.len();
            self.nested(|s| s.apply_closure(&closure, args));
            self.vars.truncate(vars);
        }
    }

    /// Walks a closure that std calls with static values only.
    pub(super) fn static_closure(&mut self, f: &Value<'a>) -> Value<'a> {
        let Value::Closure(c) = f else { return Value::STATIC };
        let args = vec![Value::STATIC; c.syntax.inputs.len()];
        let names = assigned(&c.syntax.body);
        let site = self.site(c.syntax);
        let (value, kept) = self.repeat(site, &names, |s| s.apply_closure(f, args.clone()));
        if kept {
            self.mark_closure(c.syntax, Marker::Iter(site));
        }
        value
    }

    /// The array that a closure on static values gives, element by element.
    pub(super) fn repeat_closure(&mut self, f: &Value<'a>) -> Value<'a> {
        let Value::Closure(c) = f else { return Value::STATIC };
        let args = vec![Value::STATIC; c.syntax.inputs.len()];
        self.collect_repeat(c.syntax, Some(c.syntax), |s, _| s.apply_closure(f, args.clone()))
    }

    /// Runs `body` any number of times and collects what it gives.
    pub(super) fn collect_repeat<K: 'static>(
        &mut self,
        key: &'a K,
        host: Option<&'a ExprClosure>,
        mut body: impl FnMut(&mut Self, u16) -> Value<'a>,
    ) -> Value<'a> {
        let names = host.map(|h| assigned(&h.body)).unwrap_or_default();
        let site = self.site(key);
        let list = self.var(Ty::UNKNOWN);
        let at = self.open.last().map_or(0, Vec::len);
        self.push(Node::Pack { dst: list, parts: Vec::new() });
        let (value, kept) = self.repeat(site, &names, |s| {
            let value = body(s, site);
            if !value.is_static() && !matches!(value, Value::Failed | Value::Never) {
                let value = s.operand(&value);
                s.push(Node::Collect { dst: list, value });
            }
            value
        });
        if kept && let Some(host) = host {
            self.mark_closure(host, Marker::Iter(site));
        }
        match value {
            Value::Failed => Value::Failed,
            v if v.is_static() => {
                // Nothing was collected: no list.
                if let Some(open) = self.open.last_mut() {
                    open.remove(at);
                }
                Value::STATIC
            }
            v => Value::List(Operand::Var(list), Box::new(super::value::with_operand(&v, Operand::Hole))),
        }
    }

    /// Logs `marker` first thing in a closure.
    pub(super) fn mark_closure(&mut self, c: &'a ExprClosure, marker: Marker) {
        self.edits.marker(&*c.body, marker);
    }
}

/// The names that an expression assigns to.
pub(super) fn assigned(e: &syn::Expr) -> Vec<String> {
    use syn::visit::{self, Visit};
    #[derive(Default)]
    struct Names(Vec<String>);
    impl Names {
        fn target(&mut self, e: &syn::Expr) {
            match e {
                syn::Expr::Tuple(t) => t.elems.iter().for_each(|e| self.target(e)),
                syn::Expr::Array(t) => t.elems.iter().for_each(|e| self.target(e)),
                other => {
                    if let Some(id) = crate::names::ident(other) {
                        let name = id.to_string();
                        if !self.0.contains(&name) {
                            self.0.push(name);
                        }
                    }
                }
            }
        }
    }
    impl<'a> Visit<'a> for Names {
        fn visit_expr_assign(&mut self, a: &'a syn::ExprAssign) {
            self.target(&a.left);
            visit::visit_expr_assign(self, a);
        }
    }
    let mut names = Names::default();
    names.visit_expr(e);
    names.0
}

/// The names that a block assigns to.
pub(super) fn assigned_in(b: &syn::Block) -> Vec<String> {
    let mut names = Vec::new();
    for s in &b.stmts {
        let list = match s {
            syn::Stmt::Expr(e, _) => assigned(e),
            syn::Stmt::Local(l) => l.init.as_ref().map(|i| assigned(&i.expr)).unwrap_or_default(),
            _ => Vec::new(),
        };
        for n in list {
            if !names.contains(&n) {
                names.push(n);
            }
        }
    }
    names
}
