//! `custom(&SOFTSIGN, (x,))`: an operation that a user defined.

use super::Lower;
use super::op::Arg;
use crate::names;
use crate::scope::Value;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};
use thunder_core::op::{CustomRef, Flag, Op};
use thunder_core::types::{Elem, Shape};

/// Whether it has the form of such a call: a reference to a static, and a tuple.
pub(super) fn is_call(c: &ExprCall) -> bool {
    let Some((Expr::Reference(r), Expr::Tuple(_))) = c.args.first().zip(c.args.get(1)) else { return false };
    let Expr::Path(p) = &*r.expr else { return false };
    let name = p.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
    c.args.len() == 2 && r.mutability.is_none() && names::is_capital(&name)
}

impl<'a> Lower<'a, '_> {
    /// The definition is a constant of the program, which rustc checks; which one it is stays free in the compile-time
    /// trace. The operands are followed.
    pub(super) fn custom(&mut self, c: &'a ExprCall) -> Value<'a> {
        let Some(Expr::Tuple(operands)) = c.args.get(1) else { return Value::Failed };
        let operands: Vec<Arg<'a>> = operands.elems.iter().map(|a| (a, self.expr(a))).collect();
        if operands.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        if let Some((at, _)) = operands.iter().find(|(_, v)| v.is_static()) {
            self.diag.error(at, "an operand of `custom` is a tensor", "`full(shape, value)`, for a number");
            return Value::Failed;
        }
        let (places, values): (Vec<&Expr>, Vec<Value>) = operands.into_iter().unzip();
        let op =
            Op::Custom { op: CustomRef::FREE, tangent: Flag::No, elem: Elem::Unknown, shape: Shape::UNKNOWN };
        self.apply(op, &values, c.func.span(), |i| places.get(i).copied())
    }
}
