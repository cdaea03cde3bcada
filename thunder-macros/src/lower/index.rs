//! Indexing, which tensors do not have.

use super::Lower;
use crate::scope::{Const, Value};
use crate::trace::{Operand, Step};
use syn::ExprIndex;

impl<'a> Lower<'a, '_> {
    pub(super) fn index(&mut self, e: &'a syn::Expr, i: &'a ExprIndex) -> Value<'a> {
        let (base, index) = (self.expr(&i.expr), self.expr(&i.index));
        if matches!(base, Value::Failed) || matches!(index, Value::Failed) {
            return Value::Failed;
        }
        if crate::check::host_read::index(i, &base, &index, self.diag) {
            return Value::Failed;
        }
        if matches!(base, Value::Static(_) | Value::Unknown(_) | Value::Module(_)) {
            self.edits.expr(e, super::edits::Edit::Indexed);
        }
        if matches!(index, Value::Unknown(_)) {
            self.edits.expr(&i.index, super::edits::Edit::Number { function: "StaticIndex::known" });
        }
        let step = match index {
            Value::Static(Const::Int(n)) if n >= 0 => Step::Index(n as u32),
            Value::Static(Const::Range(..)) => {
                return match base {
                    base if base.is_static() => Value::STATIC,
                    // Which elements these are is not followed.
                    list @ Value::List(..) => self.sublist(&list),
                    Value::Tuple(parts) => {
                        let elem = parts[1..].iter().fold(parts[0].clone(), |a, b| super::value::meet(&a, b));
                        Value::List(Operand::Hole, Box::new(super::value::with_operand(&elem, Operand::Hole)))
                    }
                    list @ Value::Unknown(_) => self.part_at(&list, Step::Any),
                    _ => self.not_understood(&i.index, "a range of this"),
                };
            }
            _ => Step::Any,
        };
        match (&base, &step) {
            (Value::Tuple(parts), Step::Index(n)) => parts.get(*n as usize).cloned().unwrap_or(Value::Failed),
            (Value::Tuple(parts), _) if !base.is_static() => {
                let elem = parts[1..].iter().fold(parts[0].clone(), |a, b| super::value::meet(&a, b));
                let array = self.operand(&base);
                let list = Value::List(array, Box::new(elem));
                self.part_at(&list, step)
            }
            (Value::Tuple(_), _) => Value::STATIC,
            _ => self.part_at(&base, step),
        }
    }
}
