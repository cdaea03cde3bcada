//! Calls that are one operation of the table: their operands, and their attributes as far as they can be read.

use super::Lower;
use crate::check::{
    shape, unkeyed_randomness, unknown_operation, value_dependent_branch, value_dependent_shape,
};
use crate::scope::{Const, Options, Value};
use proc_macro2::Span;
use syn::Expr;
use thunder_core::op::{ArgKind, AttrValue, Attrs, Causal, Flag, Label, Lit, Method, Op, Reduction};
use thunder_core::types::{Axes, Axis, Elem, Extent, Shape};

/// An argument: where it stands, and its value.
pub type Arg<'a> = (&'a Expr, Value<'a>);

impl<'a> Lower<'a, '_> {
    /// Whether these arguments can be those of `method`.
    pub(super) fn fits(method: &Method, args: &[Arg<'a>]) -> bool {
        args.len() == method.args.len()
            && method.args.iter().zip(args).all(|(kind, (_, v))| match kind {
                ArgKind::Tensor | ArgKind::Tensors | ArgKind::Key => {
                    !matches!(v, Value::Static(_) | Value::Module(_))
                }
                ArgKind::Operand => !matches!(v, Value::Module(_)),
                ArgKind::Optional => true,
                _ => v.is_static() || matches!(v, Value::Unknown(_)),
            })
    }

    /// A call of `method`, on `receiver` if it is one.
    pub(super) fn op_call(
        &mut self,
        method: &Method,
        receiver: Option<Arg<'a>>,
        args: Vec<Arg<'a>>,
        elem: Option<Elem>,
        span: Span,
    ) -> Value<'a> {
        if args.iter().any(|(_, v)| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        if args.len() != method.args.len() {
            if !unkeyed_randomness::missing_key(method, args.len(), span, self.diag) {
                unknown_operation::arity(method, args.len(), receiver.is_some(), span, self.diag);
            }
            return Value::Failed;
        }
        let mut refused = false;
        for (kind, (e, v)) in method.args.iter().zip(&args) {
            refused |= match kind {
                ArgKind::Shape | ArgKind::Extent | ArgKind::Ranges | ArgKind::Pads => {
                    value_dependent_shape::extent(e, v, self.diag)
                }
                ArgKind::Axis | ArgKind::Axes => value_dependent_branch::as_static(e, "axis", v, self.diag),
                ArgKind::Lit => value_dependent_branch::as_static(e, "number", v, self.diag),
                _ => false,
            };
        }
        if refused {
            return Value::Failed;
        }
        let receiver_value = receiver.as_ref().map(|(_, v)| v.clone());
        let rank = receiver_value.as_ref().map(|v| Self::ty(v).shape);
        let mut attrs = Attrs { values: Vec::new(), elem };
        let mut operands: Vec<Arg<'a>> = receiver.into_iter().collect();
        let mut numbers = Vec::new();
        for (kind, (e, v)) in method.args.iter().zip(args) {
            let attr = self.attr(*kind, &v, rank);
            let present = !matches!(attr, AttrValue::Flag(Flag::No));
            attrs.values.push(attr);
            if matches!(kind, ArgKind::Lit | ArgKind::Operand) {
                self.beside_tensor(e);
            }
            if let AttrValue::Lit(lit) = attr {
                numbers.push((e, lit));
            }
            match (kind, v) {
                (ArgKind::Tensor | ArgKind::Operand | ArgKind::Key, v) => operands.push((e, v)),
                (ArgKind::Optional, Value::Option(inner)) => operands.push((e, *inner)),
                (ArgKind::Optional, v) if present => operands.push((e, v)),
                (ArgKind::Tensors, Value::Tuple(parts)) => {
                    let places = elements(e, parts.len());
                    operands.extend(
                        parts.into_iter().enumerate().map(|(i, p)| (places.get(i).copied().unwrap_or(e), p)),
                    );
                }
                (ArgKind::Tensors, v) => operands.push((e, v)),
                _ => {}
            }
        }
        if method.name == "masked_fill" {
            // `x.masked_fill(mask, value)` is `select(mask, value, x)`.
            operands.rotate_left(1);
        }
        let op = (method.build)(&attrs);
        let dtype = match op {
            Op::Full { elem, .. } => elem.known(),
            Op::Pad { .. } | Op::Clamp { .. } => {
                receiver_value.as_ref().and_then(|v| Self::ty(v).elem.known())
            }
            _ => None,
        };
        if let Some(dtype) = dtype
            && shape::numbers(&op, dtype, &numbers, self.diag)
        {
            return Value::Failed;
        }
        self.typed_operation(op, operands, receiver_value.is_some(), span)
    }

    fn typed_operation(&mut self, op: Op, operands: Vec<Arg<'a>>, method: bool, span: Span) -> Value<'a> {
        let (places, values): (Vec<&Expr>, Vec<Value>) = operands.into_iter().unzip();
        if values.iter().any(|v| matches!(v, Value::Failed)) {
            return Value::Failed;
        }
        // A list of unknown length stands for any number of operands.
        let values: Vec<Value> = values
            .into_iter()
            .map(|v| if let Value::List(o, _) = v { Value::Unknown(o) } else { v })
            .collect();
        let key = matches!(op, Op::FoldIn);
        if self.number_beside_tensor(&op, &values, |i| places[i]) {
            return Value::Failed;
        }
        // A fault of a method's receiver shows at the method's name: the receiver may be a long chain.
        let out =
            self.apply(op, &values, span, |i| if method && i == 0 { None } else { places.get(i).copied() });
        match out {
            Value::Tensor(o, _) if key => Value::Key(o),
            other => other,
        }
    }

    /// An argument as an attribute.
    fn attr(&self, kind: ArgKind, v: &Value<'a>, rank: Option<Shape>) -> AttrValue {
        match kind {
            ArgKind::Axis => AttrValue::Axis(axis(v)),
            ArgKind::Axes => AttrValue::Axes(axes(v)),
            ArgKind::Shape => AttrValue::Shape(shape(v)),
            ArgKind::Extent => AttrValue::Extent(extent(v)),
            ArgKind::Lit => AttrValue::Lit(lit(v)),
            ArgKind::Label => match v {
                Value::Static(Const::Str(s)) => AttrValue::Label(Label::new(s)),
                _ => AttrValue::Free,
            },
            ArgKind::Ranges => ranges(v, rank.unwrap_or(Shape::UNKNOWN)),
            ArgKind::Pads => pads(v),
            ArgKind::Optional => AttrValue::Flag(match v {
                Value::Static(Const::Nothing) => Flag::No,
                Value::Tensor(..) => Flag::Yes,
                Value::Option(inner) if matches!(**inner, Value::Tensor(..)) && self.certain(v) => Flag::Yes,
                _ => Flag::Free,
            }),
            ArgKind::SdpaOptions => sdpa(v),
            ArgKind::CrossEntropyOptions => cross_entropy(v),
            ArgKind::Tensor | ArgKind::Operand | ArgKind::Tensors | ArgKind::Key => AttrValue::Free,
        }
    }

    /// Whether an option is certainly there; that of a parameter or a field may not be.
    fn certain(&self, _: &Value<'a>) -> bool {
        false
    }
}

/// The elements of an array literal.
fn elements(e: &Expr, len: usize) -> Vec<&Expr> {
    match e {
        Expr::Reference(r) => elements(&r.expr, len),
        Expr::Paren(p) => elements(&p.expr, len),
        Expr::Array(a) if a.elems.len() == len => a.elems.iter().collect(),
        _ => Vec::new(),
    }
}

fn axis(v: &Value<'_>) -> Axis {
    match v {
        Value::Static(Const::Int(n)) => i32::try_from(*n).map_or(Axis::UNKNOWN, Axis),
        _ => Axis::UNKNOWN,
    }
}

fn axes(v: &Value<'_>) -> Axes {
    match v {
        Value::Static(Const::Int(_)) => match axis(v) {
            Axis::UNKNOWN => Axes::UNKNOWN,
            a => Axes::new(&[a.0]),
        },
        Value::Static(Const::Range(None, None)) => Axes::ALL,
        Value::Tuple(parts) => {
            let list: Vec<i32> = parts.iter().map(|p| axis(p).0).collect();
            if list.contains(&Axis::UNKNOWN.0) { Axes::UNKNOWN } else { Axes::new(&list) }
        }
        _ => Axes::UNKNOWN,
    }
}

fn extent(v: &Value<'_>) -> Extent {
    match v {
        Value::Static(c) => c.extent(),
        _ => Extent::UNKNOWN,
    }
}

fn shape(v: &Value<'_>) -> Shape {
    match v {
        Value::Tuple(parts) => {
            let dims: Vec<Extent> = parts.iter().map(extent).collect();
            Shape::new(&dims)
        }
        _ => Shape::UNKNOWN,
    }
}

fn lit(v: &Value<'_>) -> Lit {
    match v {
        Value::Static(c) => c.lit(),
        _ => Lit::Free,
    }
}

fn ranges(v: &Value<'_>, of: Shape) -> AttrValue {
    let Value::Tuple(parts) = v else { return AttrValue::Free };
    let known = of.rank() == parts.len() && !of.is_unknown() && of.lead == 0;
    let (mut from, mut to) = (Vec::new(), Vec::new());
    for (i, p) in parts.iter().enumerate() {
        let whole = if known { of.at(i) } else { Extent::UNKNOWN };
        match p {
            Value::Static(Const::Range(a, b)) => {
                from.push(a.unwrap_or(Extent::new(0)));
                to.push(b.unwrap_or(whole));
            }
            _ => {
                from.push(Extent::UNKNOWN);
                to.push(Extent::UNKNOWN);
            }
        }
    }
    AttrValue::Pair(Shape::new(&from), Shape::new(&to))
}

fn pads(v: &Value<'_>) -> AttrValue {
    let Value::Tuple(parts) = v else { return AttrValue::Free };
    let side = |k: usize| {
        let list: Vec<Extent> = parts
            .iter()
            .map(|p| match p {
                Value::Tuple(pair) => pair.get(k).map_or(Extent::UNKNOWN, extent),
                _ => Extent::UNKNOWN,
            })
            .collect();
        Shape::new(&list)
    };
    AttrValue::Pair(side(0), side(1))
}

fn option<'v, 'a>(o: &'v Options<'a>, name: &str) -> Option<&'v Value<'a>> {
    o.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}

fn sdpa(v: &Value<'_>) -> AttrValue {
    let Value::Options(o) = v else {
        return AttrValue::Sdpa { causal: Causal::Free, scale: Some(Lit::Free) };
    };
    let alignment = match option(o, "alignment") {
        Some(Value::Static(Const::Variant(name))) => match name.as_str() {
            "Equal" => Causal::Equal,
            "UpperLeft" => Causal::UpperLeft,
            "LowerRight" => Causal::LowerRight,
            _ => Causal::Free,
        },
        None if !o.opaque => Causal::Equal,
        _ => Causal::Free,
    };
    let causal = match option(o, "causal") {
        Some(Value::Static(Const::Bool(true))) => alignment,
        Some(Value::Static(Const::Bool(false))) => Causal::No,
        None if !o.opaque => Causal::No,
        _ => Causal::Free,
    };
    AttrValue::Sdpa { causal, scale: maybe(o, "scale") }
}

fn cross_entropy(v: &Value<'_>) -> AttrValue {
    let Value::Options(o) = v else { return AttrValue::Free };
    let label_smoothing = match option(o, "label_smoothing") {
        Some(v) => lit(v),
        None if !o.opaque => Lit::F(0.0),
        None => Lit::Free,
    };
    let reduction = match option(o, "reduction") {
        Some(Value::Static(Const::Variant(name))) if name == "Mean" => Reduction::Mean,
        Some(Value::Static(Const::Variant(name))) if name == "Sum" => Reduction::Sum,
        None if !o.opaque => Reduction::Mean,
        _ => Reduction::Free,
    };
    AttrValue::CrossEntropy { ignore_index: maybe(o, "ignore_index"), label_smoothing, reduction }
}

/// A field that is an `Option` of a number: nothing if it is certainly `None`, free if it can't be read.
fn maybe(o: &Options<'_>, name: &str) -> Option<Lit> {
    match option(o, name) {
        Some(Value::Static(Const::Nothing)) => None,
        None if !o.opaque => None,
        _ => Some(Lit::Free),
    }
}
