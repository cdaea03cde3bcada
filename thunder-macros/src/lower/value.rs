//! Values: as operands, and where several ways join.

use super::Lower;
use crate::scope::{Const, Value};
use crate::trace::{Node, Operand, Step};
use thunder_core::item::Var;
use thunder_core::op::Lit;
use thunder_core::types::{Elem, Extent, Shape, Ty};

impl<'a> Lower<'a, '_> {
    /// The value as an operand; a tuple is packed.
    pub(super) fn operand(&mut self, value: &Value<'a>) -> Operand {
        match value {
            Value::Tensor(o, _)
            | Value::Key(o)
            | Value::List(o, _)
            | Value::Module(o)
            | Value::Unknown(o) => *o,
            Value::Callable(v, _) => Operand::Var(*v),
            Value::Static(c) => Operand::Static(c.lit()),
            Value::Options(_) => Operand::Static(Lit::Free),
            Value::Tuple(_) if value.is_static() => Operand::Static(Lit::Free),
            Value::Tuple(parts) => {
                let parts: Vec<(Step, Operand)> =
                    parts.iter().enumerate().map(|(i, v)| (Step::Index(i as u32), self.operand(v))).collect();
                self.pack(parts)
            }
            Value::Option(inner) => self.operand(inner),
            Value::Iter(_) | Value::Closure(_) | Value::Unset | Value::Never | Value::Failed => Operand::Hole,
        }
    }

    pub(super) fn pack(&mut self, parts: Vec<(Step, Operand)>) -> Operand {
        let dst = self.var(Ty::UNKNOWN);
        self.push(Node::Pack { dst, parts });
        Operand::Var(dst)
    }

    /// The type of a value as an operand of an operation.
    pub(super) fn ty(value: &Value<'a>) -> Ty {
        match value {
            Value::Tensor(_, ty) => *ty,
            Value::Key(_) => Ty::KEY,
            Value::Static(_) => Ty::new(Elem::Unknown, Shape::SCALAR),
            Value::Option(inner) => Self::ty(inner),
            _ => Ty::UNKNOWN,
        }
    }

    /// What is known of a value that is one of `values`, each given at the end of its arm's nodes.
    pub(super) fn join(&mut self, values: Vec<Value<'a>>, arms: &mut [Vec<Node>]) -> Value<'a> {
        if values.iter().any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        let live: Vec<usize> = (0..values.len()).filter(|&i| !matches!(values[i], Value::Never)).collect();
        let Some(&first) = live.first() else { return Value::Never };
        let kind = live[1..].iter().fold(values[first].clone(), |a, &i| meet(&a, &values[i]));
        self.join_into(&kind, &values, &live, arms)
    }

    /// A place for a value of this kind, holding `value` at first.
    pub(super) fn cell(&mut self, kind: &Value<'a>, value: &Value<'a>, arms: &mut [Vec<Node>]) -> Value<'a> {
        self.join_into(kind, std::slice::from_ref(value), &[0], arms)
    }

    fn join_into(
        &mut self,
        kind: &Value<'a>,
        values: &[Value<'a>],
        live: &[usize],
        arms: &mut [Vec<Node>],
    ) -> Value<'a> {
        match kind {
            Value::Static(_)
            | Value::Closure(_)
            | Value::Callable(..)
            | Value::Options(_)
            | Value::Iter(_)
            | Value::Unset => kind.clone(),
            Value::Tuple(parts) => {
                let joined = parts.iter().enumerate().map(|(i, part)| {
                    let column: Vec<Value<'a>> = values
                        .iter()
                        .map(|v| match v {
                            Value::Tuple(vs) => vs.get(i).cloned().unwrap_or(Value::Failed),
                            _ => Value::Never,
                        })
                        .collect();
                    self.join_into(part, &column, live, arms)
                });
                Value::Tuple(joined.collect())
            }
            Value::Option(inner) => {
                let column: Vec<Value<'a>> = values
                    .iter()
                    .map(|v| if let Value::Option(x) = v { (**x).clone() } else { v.clone() })
                    .collect();
                Value::Option(Box::new(self.join_into(inner, &column, live, arms)))
            }
            _ => {
                let var = self.var(Self::ty(kind));
                for &i in live {
                    self.assign_in(var, &values[i], &mut arms[i]);
                }
                with_operand(kind, Operand::Var(var))
            }
        }
    }

    /// Appends to `nodes` the assignment of `value` to `var`.
    pub(super) fn assign_in(&mut self, var: Var, value: &Value<'a>, nodes: &mut Vec<Node>) {
        let (value, pack) = self.nested(|s| s.operand(value));
        nodes.extend(pack);
        nodes.push(Node::Assign { var, value });
    }
}

/// The same kind of value, held in `operand`.
pub(super) fn with_operand<'a>(value: &Value<'a>, operand: Operand) -> Value<'a> {
    match value {
        Value::Tensor(_, ty) => Value::Tensor(operand, *ty),
        Value::Key(_) => Value::Key(operand),
        Value::List(_, elem) => Value::List(operand, elem.clone()),
        Value::Module(_) => Value::Module(operand),
        Value::Option(inner) => Value::Option(Box::new(with_operand(inner, operand))),
        _ => Value::Unknown(operand),
    }
}

/// The same kind of value, of which it is not known which one it is.
pub(super) fn with_unknown<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Tuple(parts) => Value::Tuple(parts.iter().map(with_unknown).collect()),
        Value::Tensor(..)
        | Value::Key(_)
        | Value::List(..)
        | Value::Module(_)
        | Value::Unknown(_)
        | Value::Option(_) => with_operand(value, Operand::Hole),
        other => other.clone(),
    }
}

/// What two values have in common.
pub(super) fn meet<'a>(a: &Value<'a>, b: &Value<'a>) -> Value<'a> {
    match (a, b) {
        (Value::Never | Value::Unset, other) | (other, Value::Never | Value::Unset) => other.clone(),
        (Value::Failed, _) | (_, Value::Failed) => Value::Failed,
        (Value::Tensor(o, x), Value::Tensor(_, y)) => Value::Tensor(*o, meet_types(x, y)),
        (Value::Key(o), Value::Key(_)) => Value::Key(*o),
        (Value::Static(x), Value::Static(y)) => {
            if x == y {
                return a.clone();
            }
            let e = x.extent();
            let same = !e.is_unknown() && e == y.extent();
            Value::Static(if same { Const::Extent(e) } else { Const::Unknown })
        }
        (Value::Static(Const::Nothing), Value::Option(x))
        | (Value::Option(x), Value::Static(Const::Nothing)) => Value::Option(x.clone()),
        (Value::Option(x), Value::Option(y)) => Value::Option(Box::new(meet(x, y))),
        (Value::Tuple(xs), Value::Tuple(ys)) if xs.len() == ys.len() => {
            Value::Tuple(xs.iter().zip(ys).map(|(x, y)| meet(x, y)).collect())
        }
        (Value::List(o, x), Value::List(_, y)) => Value::List(*o, Box::new(meet(x, y))),
        (Value::Module(o), Value::Module(_)) => Value::Module(*o),
        (Value::Closure(x), Value::Closure(y)) if std::ptr::eq(x.syntax, y.syntax) => a.clone(),
        (Value::Callable(x, _), Value::Callable(y, _)) if x == y => a.clone(),
        _ if a.is_static() && b.is_static() => Value::STATIC,
        _ => Value::Unknown(Operand::Hole),
    }
}

fn meet_types(a: &Ty, b: &Ty) -> Ty {
    let elem = if a.elem == b.elem { a.elem } else { Elem::Unknown };
    if a.shape.is_unknown()
        || b.shape.is_unknown()
        || a.shape.rank() != b.shape.rank()
        || a.shape.lead != b.shape.lead
    {
        return Ty::new(elem, Shape::UNKNOWN);
    }
    let mut shape = a.shape;
    for i in 0..shape.rank() {
        if a.shape.at(i) != b.shape.at(i) {
            shape = shape.with(i, Extent::UNKNOWN);
        }
    }
    Ty::new(elem, shape)
}
