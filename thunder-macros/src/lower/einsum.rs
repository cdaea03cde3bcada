//! `einsum("bhqd,bhkd->bhqk", &q, &k)`.

use super::Lower;
use super::edits::Edit;
use crate::scope::{Const, Value};
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};
use thunder_core::op::{Label, Op};

impl<'a> Lower<'a, '_> {
    pub(super) fn einsum(&mut self, e: &'a Expr, c: &'a ExprCall) -> Value<'a> {
        let mut args = c.args.iter();
        let spec = match args.next() {
            Some(first) => match self.expr(first) {
                Value::Static(Const::Str(s)) => s,
                _ => {
                    self.diag.error(first, "the specification must be a string literal", "`\"ij,jk->ik\"`");
                    return Value::Failed;
                }
            },
            None => String::new(),
        };
        let operands: Vec<(&'a Expr, Value<'a>)> = args.map(|a| (a, self.expr(a))).collect();
        let Some((inputs, output)) = spec.split_once("->") else {
            self.diag.error(c.args.first(), "the specification must name its result", "`\"ij,jk->ik\"`");
            return Value::Failed;
        };
        if spec.len() > 62 {
            self.diag.error(c.args.first(), "the specification is longer than 62 characters", "two steps");
            return Value::Failed;
        }
        let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).count();
        let ranks: Vec<usize> = inputs.split(',').map(letters).collect();
        let edit = Edit::Einsum { ranks, result: letters(output) };
        self.edits.expr(e, edit);
        if let Some((at, _)) = operands.iter().find(|(_, v)| v.is_static()) {
            self.diag.error(at, "an operand of `einsum` is a tensor", "`&x`");
            return Value::Failed;
        }
        let (places, values): (Vec<&Expr>, Vec<Value>) = operands.into_iter().unzip();
        if values.iter().any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        // A fault that no operand alone has is the specification's; inference gives it to the first.
        let of_spec = self.fault_of_spec(&spec, &values);
        let place = |i: usize| if of_spec { c.args.first() } else { places.get(i).copied() };
        self.apply(Op::Einsum { spec: Label::new(&spec) }, &values, c.func.span(), place)
    }

    /// Whether the specification is wrong of itself: for any operands.
    fn fault_of_spec(&self, spec: &str, values: &[Value<'a>]) -> bool {
        let unknown = vec![thunder_core::types::Ty::UNKNOWN; values.len()];
        thunder_core::op::infer(&Op::Einsum { spec: Label::new(spec) }, &unknown, &[]).is_err()
    }
}
