//! The transforms: their closures are inlined as regions.

use super::Lower;
use super::value::with_operand;
use crate::check::no_derivative;
use crate::scope::Value;
use crate::trace::{Node, Operand, Step};
use syn::spanned::Spanned;
use syn::{Expr, ExprCall};
use thunder_core::item::{Transform, Var};
use thunder_core::types::{Elem, Extent, Shape, Ty};

/// The transform of this name.
pub(super) fn named(name: &str) -> Option<Transform> {
    Some(match name {
        "grad" => Transform::Grad,
        "value_and_grad" => Transform::ValueAndGrad,
        "vjp" => Transform::Vjp,
        "jvp" => Transform::Jvp,
        "vmap" => Transform::Vmap,
        "scan" => Transform::Scan,
        "checkpoint" => Transform::Checkpoint,
        "autocast" => Transform::Autocast,
        _ => return None,
    })
}

/// How a call of a transform is written.
fn usage(kind: Transform) -> &'static str {
    match kind {
        Transform::Grad => "`grad(&x, |x| loss)`",
        Transform::ValueAndGrad => "`value_and_grad(&x, |x| loss)`",
        Transform::Vjp => "`vjp(&x, |x| y, &dy)`",
        Transform::Jvp => "`jvp(&x, &dx, |x| y)`",
        Transform::Vmap => "`vmap(&xs, |x| y)`",
        Transform::Scan => "`scan(init, &xs, |carry, x| (carry, y))`",
        Transform::Checkpoint => "`checkpoint(|| y)`",
        Transform::Autocast => "`autocast::<bf16, _>(|| y)`",
    }
}

impl<'a> Lower<'a, '_> {
    pub(super) fn transform(&mut self, kind: Transform, c: &'a ExprCall) -> Value<'a> {
        let closure_at = match kind {
            Transform::Grad | Transform::ValueAndGrad | Transform::Vjp | Transform::Vmap => 1,
            Transform::Jvp | Transform::Scan => 2,
            Transform::Checkpoint | Transform::Autocast => 0,
        };
        let count = closure_at + 1 + usize::from(kind == Transform::Vjp);
        let values: Vec<Value<'a>> = self.exprs(&c.args);
        if values.iter().any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        if values.len() != count || !matches!(values[closure_at], Value::Closure(_) | Value::Callable(..)) {
            let at = c.args.get(closure_at).map_or(&*c.func, |e| e);
            let name = kind.name();
            self.diag.error(at, format!("`{name}` takes a closure, and it is not here"), usage(kind));
            return Value::Failed;
        }
        let inputs: Vec<Value<'a>> =
            values.iter().enumerate().filter(|(i, _)| *i != closure_at).map(|(_, v)| v.clone()).collect();
        let args: Vec<Operand> = inputs.iter().map(|v| self.operand(v)).collect();
        let at = Self::at(c.func.span());
        let mut params: Vec<Var> = Vec::new();
        let given: Vec<Value<'a>> = match kind {
            Transform::Grad | Transform::ValueAndGrad | Transform::Vjp | Transform::Jvp => {
                vec![self.region_param(&inputs[0], &mut params, |ty| ty)]
            }
            Transform::Vmap => vec![self.region_param(&inputs[0], &mut params, first_dropped)],
            Transform::Scan => vec![
                self.region_param(&inputs[0], &mut params, |ty| ty),
                self.region_param(&inputs[1], &mut params, first_dropped),
            ],
            Transform::Checkpoint | Transform::Autocast => Vec::new(),
        };
        self.regions.push(self.scope.newest());
        let (result, mut body) = self.nested(|s| {
            // A whole structure came in as one parameter: its parts are taken inside.
            let given = given.into_iter().map(|g| s.unpack(g)).collect();
            match &values[closure_at] {
                Value::Callable(v, of) => s.call_closure(*v, of, given, c.func.span()),
                f => s.apply_closure(f, given),
            }
        });
        self.regions.pop();
        if matches!(result, Value::Failed) {
            return Value::Failed;
        }
        if let (Transform::Grad | Transform::ValueAndGrad, Value::Tensor(_, ty)) = (kind, &result)
            && !ty.shape.is_unknown()
            && (ty.shape.rank() > 0 || ty.shape.lead != 0)
        {
            let at: &Expr = &c.args[closure_at];
            let dims = self.types.dims.list();
            let text = thunder_core::types::Text::new().shape(&ty.shape, &dims);
            let name = kind.name();
            self.diag.error(
                at,
                format!("`{name}` differentiates a scalar, and this closure gives {}", text.as_str()),
                "reduce it: `.mean(..)`, `.sum(..)`",
            );
            return Value::Failed;
        }
        if let (Transform::Scan, Value::Tuple(parts)) = (kind, &result)
            && let (Value::Tensor(_, start), Some(Value::Tensor(_, next))) = (&inputs[0], parts.first())
        {
            let dims = self.types.dims.list();
            if crate::check::shape::carry(&c.args[closure_at], [start, next], &dims, self.diag) {
                return Value::Failed;
            }
        }
        let (inner, pack) = self.nested(|s| s.operand(&result));
        body.extend(pack);
        let flow = no_derivative::Flow { types: &self.vars, spans: &self.spans };
        flow.check(kind, &params, &body, inner, self.diag);
        let dst = self.var(match kind {
            Transform::Grad => Self::ty(&inputs[0]),
            Transform::Checkpoint | Transform::Autocast => Self::ty(&result),
            _ => Ty::UNKNOWN,
        });
        self.push(Node::Region { dst, kind, args, params, body, result: inner, at });
        self.region_result(kind, Operand::Var(dst), &inputs, &result)
    }

    /// A parameter of a region, of the kind of `value`.
    fn region_param(&mut self, value: &Value<'a>, params: &mut Vec<Var>, of: fn(Ty) -> Ty) -> Value<'a> {
        let ty = match value {
            Value::Tensor(_, ty) => of(*ty),
            _ => Ty::UNKNOWN,
        };
        let var = self.var(ty);
        params.push(var);
        self.mapped(value, Operand::Var(var), of)
    }

    /// The same kind of value with other types, in `operand`; tuples keep their parts' kinds.
    fn mapped(&mut self, value: &Value<'a>, operand: Operand, of: fn(Ty) -> Ty) -> Value<'a> {
        match value {
            Value::Tensor(_, ty) => Value::Tensor(operand, of(*ty)),
            Value::Tuple(parts) => {
                let parts = parts.iter().map(|p| self.mapped(p, Operand::Hole, of)).collect();
                Value::List(operand, Box::new(Value::Tuple(parts)))
            }
            Value::Module(_) => Value::Module(operand),
            Value::Static(_) => Value::STATIC,
            other => with_operand(other, operand),
        }
    }

    /// Takes a tuple that came in as one value apart.
    fn unpack(&mut self, value: Value<'a>) -> Value<'a> {
        let Value::List(o, inner) = &value else { return value };
        let Value::Tuple(parts) = &**inner else { return value };
        let parts = parts
            .iter()
            .enumerate()
            .map(|(i, p)| {
                if p.is_static() {
                    return Value::STATIC;
                }
                let part = self.project(*o, Step::Index(i as u32), Self::ty(p));
                let part = match p {
                    Value::List(_, inner) if matches!(**inner, Value::Tuple(_)) => {
                        Value::List(part, inner.clone())
                    }
                    p => with_operand(p, part),
                };
                self.unpack(part)
            })
            .collect();
        Value::Tuple(parts)
    }

    fn region_result(
        &mut self,
        kind: Transform,
        dst: Operand,
        inputs: &[Value<'a>],
        result: &Value<'a>,
    ) -> Value<'a> {
        let whole = |s: &mut Self, v: &Value<'a>, o: Operand, of: fn(Ty) -> Ty| {
            let v = s.mapped(v, o, of);
            s.unpack(v)
        };
        let half = |s: &mut Self, v: &Value<'a>, i: u32, of: fn(Ty) -> Ty| {
            let ty = if let Value::Tensor(_, ty) = v { of(*ty) } else { Ty::UNKNOWN };
            let part = s.project(dst, Step::Index(i), ty);
            let v = s.mapped(v, part, of);
            s.unpack(v)
        };
        match kind {
            Transform::Grad => whole(self, &inputs[0], dst, |ty| ty),
            Transform::ValueAndGrad | Transform::Vjp => {
                let value = half(self, result, 0, |ty| ty);
                let grad = half(self, &inputs[0], 1, |ty| ty);
                Value::Tuple(vec![value, grad])
            }
            Transform::Jvp => {
                let value = half(self, result, 0, |ty| ty);
                let tangent = half(self, result, 1, |ty| ty);
                Value::Tuple(vec![value, tangent])
            }
            Transform::Vmap => whole(self, result, dst, first_added),
            Transform::Scan => {
                let carry = half(self, &inputs[0], 0, |ty| ty);
                let y = match result {
                    Value::Tuple(parts) if parts.len() == 2 => parts[1].clone(),
                    _ => Value::Unknown(Operand::Hole),
                };
                let ys = half(self, &y, 1, first_added);
                Value::Tuple(vec![carry, ys])
            }
            Transform::Checkpoint | Transform::Autocast => whole(self, result, dst, |ty| ty),
        }
    }
}

/// Without the first dimension.
fn first_dropped(ty: Ty) -> Ty {
    if ty.shape.is_unknown() || ty.shape.lead != 0 || ty.shape.rank() == 0 {
        return Ty::new(ty.elem, Shape::UNKNOWN);
    }
    Ty::new(ty.elem, ty.shape.remove(0))
}

/// With one dimension more in front.
fn first_added(ty: Ty) -> Ty {
    if ty.shape.is_unknown() || ty.shape.lead != 0 {
        return Ty::new(ty.elem, Shape::UNKNOWN);
    }
    let elem: Elem = ty.elem;
    Ty::new(elem, ty.shape.insert(0, Extent::UNKNOWN))
}
