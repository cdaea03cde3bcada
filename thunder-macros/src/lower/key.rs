//! Methods of keys: each gives other keys, and the number of them is in the source.

use super::Lower;
use super::edits::Edit;
use crate::scope::{Const, Value};
use crate::trace::{Node, Operand};
use syn::{Expr, ExprMethodCall, GenericArgument};
use thunder_core::op::{Op, method};
use thunder_core::types::{Extent, Ty};

impl<'a> Lower<'a, '_> {
    /// `n` keys of one.
    fn split(&mut self, m: &'a ExprMethodCall, n: usize, key: &Value<'a>) -> Value<'a> {
        let keys = (0..n).map(|i| {
            let op = Op::KeySplit { n: Extent::new(n), index: Extent::new(i) };
            let dst = self.var(Ty::KEY);
            let args = vec![self.operand(key)];
            self.push(Node::Op { dst, op, args, at: Self::at(m.method.span()) });
            Value::Key(Operand::Var(dst))
        });
        Value::Tuple(keys.collect())
    }

    /// A method of a key.
    pub(super) fn key_method(
        &mut self,
        e: &'a Expr,
        m: &'a ExprMethodCall,
        name: &str,
        key: Value<'a>,
    ) -> Value<'a> {
        match (name, m.args.len()) {
            ("clone", 0) => key,
            ("split", 0) => {
                let count = m.turbofish.as_ref().and_then(|t| match t.args.first() {
                    Some(GenericArgument::Const(Expr::Lit(l))) => match &l.lit {
                        syn::Lit::Int(i) => i.base10_parse::<usize>().ok(),
                        _ => None,
                    },
                    _ => None,
                });
                let Some(n) = count.or(self.expected) else {
                    self.diag.error(
                        &m.method,
                        "the number of keys must be in the source",
                        "`let [a, b] = key.split();`, or `key.split(2)`",
                    );
                    return Value::Failed;
                };
                self.split(m, n, &key)
            }
            ("split", 1) => {
                let count = match self.expr(&m.args[0]) {
                    Value::Static(Const::Int(n)) => usize::try_from(n).ok().filter(|n| (1..=64).contains(n)),
                    _ => None,
                };
                let Some(n) = count else {
                    self.diag.error(
                        &m.args[0],
                        "the number of keys decides how many values there are: a literal from 1 to 64",
                        "`key.split(2)`; in a loop `key.fold_in(i)`, or `key.split_at(n, i)`",
                    );
                    return Value::Failed;
                };
                self.edits.expr(e, Edit::KeySplit { count: n });
                self.split(m, n, &key)
            }
            ("split_at", 2) => {
                let args = self.exprs(&m.args);
                let read =
                    |v: &Value<'a>| if let Value::Static(c) = v { c.extent() } else { Extent::UNKNOWN };
                let op = Op::KeySplit { n: read(&args[0]), index: read(&args[1]) };
                match self.apply(op, &[key], m.method.span(), |_| None) {
                    Value::Tensor(o, _) => Value::Key(o),
                    other => other,
                }
            }
            ("fold_in", 1) => {
                let args = self.args(m);
                match method(name) {
                    Some(op) => self.op_call(op, Some((&m.receiver, key)), args, None, m.method.span()),
                    None => Value::Failed,
                }
            }
            _ => {
                self.exprs(&m.args);
                self.diag.error(
                    &m.method,
                    format!("a key has no method `{name}`"),
                    "`key.split()`, `key.fold_in(step)`, or an operation that takes the key",
                );
                Value::Failed
            }
        }
    }
}
