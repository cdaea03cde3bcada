//! `zip_map` and `parameters`: walks over a module's leaves, whose number and places only the run knows.
//!
//! A closure over them is a body that is run any number of times; its operands are holes.

use super::Lower;
use crate::scope::Value;
use crate::trace::Operand;
use syn::ExprCall;
use thunder_core::types::Ty;

/// A leaf of which nothing but that it is a tensor is known.
fn leaf<'a>() -> Value<'a> {
    Value::Tensor(Operand::Hole, Ty::UNKNOWN)
}

impl<'a> Lower<'a, '_> {
    /// A walk, if `name` is one.
    pub(super) fn walk(&mut self, name: &str, c: &'a ExprCall) -> Option<Value<'a>> {
        if name != "zip_map" && name != "parameters" {
            return None;
        }
        let args = self.exprs(&c.args);
        if args.iter().any(|a| matches!(a, Value::Failed)) {
            return Some(Value::Failed);
        }
        if name == "parameters" {
            return Some(Value::List(Operand::Hole, Box::new(leaf())));
        }
        let [Value::Tuple(trees), f @ Value::Closure(closure)] = &args[..] else {
            let what =
                "`zip_map` takes a tuple of structures and a closure over the path and the tensors at it";
            self.diag.error(
                &c.func,
                what,
                "`let (model, _) = zip_map((&model, &grads), |path, (p, g)| (p - g, g));`",
            );
            return Some(Value::Failed);
        };
        let leaves = Value::Tuple(trees.iter().map(|_| leaf()).collect());
        let host = closure.syntax;
        let done = self.collect_repeat(host, Some(host), |s, _| {
            match s.apply_closure(f, vec![Value::STATIC, leaves.clone()]) {
                Value::Failed => Value::Failed,
                _ => Value::STATIC,
            }
        });
        if matches!(done, Value::Failed) {
            return Some(Value::Failed);
        }
        Some(Value::Tuple(trees.iter().map(|_| Value::Module(Operand::Hole)).collect()))
    }
}
