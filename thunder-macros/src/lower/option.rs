//! Methods of `Option`s of tensors and modules. A static choice says whether one is there: its closures run once or not
//! at all, and what stands for it is an arm.

use super::Lower;
use super::closure::assigned;
use super::edits::{Edit, Marker};
use super::value::{meet, with_operand};
use crate::check::value_dependent_branch;
use crate::scope::{Const, Iter, Value};
use crate::trace::{Node, Operand};
use std::rc::Rc;
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall};
use thunder_core::op::Lit;

impl<'a> Lower<'a, '_> {
    /// A method of an `Option` that may be there: its closures run at most once.
    pub(super) fn option_method(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        inner: Value<'a>,
    ) -> Value<'a> {
        let args = self.exprs(&m.args);
        let name = m.method.to_string();
        let whole = Value::Option(Box::new(inner.clone()));
        match (name.as_str(), &args[..]) {
            ("as_ref" | "as_deref" | "clone" | "cloned" | "copied" | "take" | "as_mut", []) => whole,
            ("ok_or", [_]) => whole,
            ("ok_or_else", [f]) => {
                self.static_closure(f);
                whole
            }
            ("is_some" | "is_none", []) => Value::STATIC,
            ("unwrap" | "expect" | "unwrap_or_default", _) => inner,
            ("is_some_and" | "is_none_or", [f]) => {
                self.once(m, f, vec![inner], Value::Static(Const::Nothing));
                Value::STATIC
            }
            ("map" | "and_then", [f]) => {
                let out = self.once(m, f, vec![inner], Value::Static(Const::Nothing));
                optional(out)
            }
            ("map_or", [default, f]) => self.once(m, f, vec![inner], default.clone()),
            ("map_or_else", [default, f]) => {
                let start = self.once(m, default, Vec::new(), Value::Static(Const::Nothing));
                self.once(m, f, vec![inner], start)
            }
            ("unwrap_or_else", [f]) => self.once(m, f, Vec::new(), inner),
            ("or_else", [f]) => {
                let out = self.once(m, f, Vec::new(), inner);
                optional(out)
            }
            ("unwrap_or", [default]) => self.one_of(e, m, inner, default.clone()),
            ("or", [other]) => {
                let out = self.one_of(e, m, inner, held(other));
                optional(out)
            }
            ("zip", [other]) => {
                let both = Value::Tuple(vec![inner, held(other)]);
                let out = self.one_of(e, m, both, Value::Static(Const::Nothing));
                optional(out)
            }
            ("filter", [f]) => {
                let keep = self.once(m, f, vec![inner.clone()], Value::Static(Const::Nothing));
                self.predicate(&m.args[0], f, &keep, "`filter`");
                let out = self.one_of(e, m, inner, Value::Static(Const::Nothing));
                optional(out)
            }
            ("iter" | "into_iter", []) => Value::Iter(Rc::new(Iter::Some(whole))),
            _ => self.not_understood(&m.method, "this method of an `Option`"),
        }
    }

    /// `x?`: of what is there or not, which the body logs. It leaves a function that gives an `Option`, or a closure that
    /// traces nothing after it.
    pub(super) fn question(&mut self, e: &'a Expr, t: &'a syn::ExprTry) -> Value<'a> {
        let value = self.expr(&t.expr);
        let at = t.question_token;
        if matches!(value, Value::Failed | Value::Never) {
            return value;
        }
        if value_dependent_branch::branch(at, "`?`", &value, self.diag) {
            return Value::Failed;
        }
        let inner = match value {
            Value::Option(inner) => *inner,
            v if v.is_static() => Value::STATIC,
            v @ Value::Unknown(_) => v,
            _ => {
                value_dependent_branch::no_option(at, self.diag);
                return Value::Failed;
            }
        };
        if self.depth > 0 {
            let before = self.work;
            if let Some(first) = self.questions.last_mut() {
                first.get_or_insert((before, at.span()));
            }
            return inner;
        }
        if !self.gives_option {
            value_dependent_branch::leaves(at, self.diag);
            return Value::Failed;
        }
        let site = self.site(t);
        let left = Node::Return { value: Operand::Static(Lit::Free) };
        self.returns = true;
        self.push(Node::Choice { site, arms: vec![Vec::new(), vec![left]] });
        self.edits.expr(e, Edit::Question { site });
        inner
    }

    /// What the closure gives, if it runs, which it does once or not at all; else `start`.
    fn once(
        &mut self,
        m: &'a ExprMethodCall,
        f: &Value<'a>,
        args: Vec<Value<'a>>,
        start: Value<'a>,
    ) -> Value<'a> {
        const OUT: &str = "#out";
        let Value::Closure(c) = f else {
            return self.not_understood(&m.args, "a function that is no closure here");
        };
        let site = self.site(c.syntax);
        let mut names = assigned(&c.syntax.body);
        // A first walk says what kind of value the closure gives.
        let mark = (self.diag.mark(), self.vars.len());
        let (given, _) = self.nested(|s| s.apply_closure(f, args.clone()));
        self.diag.rewind(mark.0);
        self.vars.truncate(mark.1);
        if given.is_static() && start.is_static() {
            let (_, kept) = self.repeat(site, &names, |s| {
                s.apply_closure(f, args.clone());
            });
            if kept {
                self.mark_closure(c.syntax, Marker::Iter(site));
            }
            return Value::STATIC;
        }
        let kind = match &start {
            Value::Static(Const::Nothing) => given,
            start => meet(start, &given),
        };
        let outer = self.scope.bindings.len();
        let operand = self.operand(&start);
        let cell = self.assign(operand, Self::ty(&kind));
        self.scope.bind(OUT, with_operand(&kind, cell));
        names.push(OUT.into());
        let (_, kept) = self.repeat(site, &names, |s| {
            let out = s.apply_closure(f, args.clone());
            s.scope.assign(OUT, out);
        });
        let out = self.scope.find(OUT).map_or(Value::Failed, |b| b.value.clone());
        self.scope.bindings.truncate(outer);
        if kept {
            self.mark_closure(c.syntax, Marker::Iter(site));
        }
        out
    }

    /// `there` or `other`: which, the body logs.
    fn one_of(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        there: Value<'a>,
        other: Value<'a>,
    ) -> Value<'a> {
        if there.is_static() && other.is_static() {
            return Value::STATIC;
        }
        let site = self.site(m);
        let mut arms = [Vec::new(), Vec::new()];
        let value = self.join(vec![there, other], &mut arms);
        self.push(Node::Choice { site, arms: arms.into() });
        self.edits.expr(e, Edit::Logged { site });
        value
    }
}

/// What an `Option` holds.
fn held<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Option(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

/// The value as that of an `Option`.
fn optional(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Option(_) | Value::Failed | Value::Never => value,
        v if v.is_static() => Value::STATIC,
        v => Value::Option(Box::new(v)),
    }
}

/// Whether only an `Option`, of what std has, has a method of this name.
pub(super) fn only_option(name: &str) -> bool {
    matches!(
        name,
        "unwrap_or"
            | "unwrap_or_else"
            | "map_or"
            | "map_or_else"
            | "or"
            | "or_else"
            | "and_then"
            | "is_some_and"
            | "is_none_or"
            | "unwrap_or_default"
    )
}
