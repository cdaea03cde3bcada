//! Algebra that costs nothing and changes no value: each rule is a line that says what equals what.
//!
//! A rule holds for every operand: NaN, both zeros and both infinities included. Constants fold in their element type,
//! rounded as the executors round.

use super::rewrite;
use crate::op::{Lit, Op};
use crate::trace::{Builder, Kind, Trace, Value};
use crate::types::{DType, Elem, Shape};
use rustc_hash::FxHashMap;

/// The most instructions between two casts that are looked through.
const LONGEST_WAY: usize = 64;

/// Applies the rules once, in order of the instructions, to the trace's own body.
pub fn run(trace: Trace) -> Trace {
    rewrite::trace(trace, |b, i| {
        let data = b.trace.data(i);
        let Kind::Op(op) = data.kind else { return None };
        let args = data.args.clone();
        simpler(b, op, &args)
    })
}

/// The operation that gives `v`, with its operands.
fn made_by<'a>(b: &'a Builder, v: Value) -> Option<(&'a Op, &'a [Value])> {
    let data = b.trace.def(v)?;
    match &data.kind {
        Kind::Op(op) => Some((op, &data.args)),
        _ => None,
    }
}

/// The number, if `v` is a constant (of any shape).
fn constant(b: &Builder, v: Value) -> Option<Lit> {
    let mut at = v;
    loop {
        match made_by(b, at)? {
            (Op::Full { value: Lit::Free, .. }, _) => return None,
            (Op::Full { value, .. }, _) => return Some(*value),
            (Op::Expand { .. }, args) => at = args[0],
            _ => return None,
        }
    }
}

/// Whether `v` is the constant `x`: by its bits for a float, so that -0 is not 0.
fn is(b: &Builder, v: Value, x: f64) -> bool {
    constant(b, v).is_some_and(|c| c.is_exactly(x))
}

/// The operand that `op` gives, the other being a constant that changes nothing.
fn beside_neutral(b: &Builder, op: &Op, args: &[Value]) -> Option<Value> {
    let &[x, y] = args else { return None };
    let neutral = |i: usize, v| constant(b, v).is_some_and(|c| op.is_neutral(i, c));
    if neutral(1, y) { Some(x) } else { neutral(0, x).then_some(y) }
}

/// The truth value, if `v` is a constant one.
fn truth(b: &Builder, v: Value) -> Option<bool> {
    match constant(b, v)? {
        Lit::B(b) => Some(b),
        _ => None,
    }
}

/// `x`, if it has the type of the result of `op`.
fn same(b: &Builder, op: Op, args: &[Value], x: Value) -> Option<Value> {
    let types: Vec<_> = args.iter().map(|&a| b.ty(a)).collect();
    let ty = crate::op::infer(&op, &types, &[]).ok()?;
    (ty == b.ty(x)).then_some(x)
}

/// The value that `op` on `args` equals, if a rule knows.
fn simpler(b: &mut Builder, op: Op, args: &[Value]) -> Option<Value> {
    // x + -0 == x, x * 1 == x, and so on
    if let Some(x) = beside_neutral(b, &op, args) {
        return same(b, op, args, x);
    }
    match op {
        // x^2 == x * x, which is the value that a power function aims at, rounded once
        Op::Pow if is(b, args[1], 2.0) && same(b, op, args, args[0]).is_some() => Some(b.square(args[0])),
        // -(-x) == x
        Op::Neg => match made_by(b, args[0])? {
            (Op::Neg, inner) => Some(inner[0]),
            _ => None,
        },
        // !(!x) == x
        Op::Not => match made_by(b, args[0])? {
            (Op::Not, inner) => Some(inner[0]),
            _ => None,
        },
        // a cast to the type it has
        Op::Cast { elem } if elem == b.ty(args[0]).elem => Some(args[0]),
        // a cast there and back
        Op::Cast { elem } => match made_by(b, args[0])? {
            (&Op::Full { value, shape, .. }, _) => {
                let value = converted(value, b.dtype(args[0]), elem.known()?)?;
                Some(b.full(value, elem.known()?, shape))
            }
            _ => before_casts(b, args[0], elem),
        },
        // movement that moves nothing
        Op::Reshape { shape } | Op::Expand { shape } if shape == b.ty(args[0]).shape => Some(args[0]),
        // reshape of a reshape
        Op::Reshape { shape } => match made_by(b, args[0])? {
            (Op::Reshape { .. }, &[inner, ..]) => Some(b.reshape(inner, shape)),
            (&Op::Full { value, elem, .. }, _) => Some(b.op(Op::Full { value, elem, shape }, &[])),
            _ => None,
        },
        // expand of an expand
        Op::Expand { shape } => match made_by(b, args[0])? {
            (Op::Expand { .. }, &[inner, ..]) => Some(b.expand(inner, shape)),
            _ => None,
        },
        // permute of a permute; a permute that moves nothing
        Op::Permute { axes } => {
            let rank = b.ty(args[0]).shape.rank();
            let outer = axes.resolved(rank);
            if outer.iter().enumerate().all(|(i, &a)| i == a) {
                return Some(args[0]);
            }
            match made_by(b, args[0])? {
                (Op::Permute { axes: inner }, &[source, ..]) => {
                    let inner = inner.resolved(rank);
                    let both: Vec<usize> = outer.iter().map(|&a| inner[a]).collect();
                    Some(b.permute(source, &both))
                }
                _ => None,
            }
        }
        // a slice of everything
        Op::Slice { start, end } => {
            let shape = b.ty(args[0]).shape;
            (start.dims().iter().all(|s| s.is(0)) && end == shape).then_some(args[0])
        }
        // a pad of nothing
        Op::Pad { lo, hi, .. } => {
            (lo.dims().iter().all(|s| s.is(0)) && hi.dims().iter().all(|s| s.is(0))).then_some(args[0])
        }
        Op::Cat { .. } if args.len() == 1 => Some(args[0]),
        // a sum over nothing, or over dimensions of 1: x, and 0 for -0, as every sum begins with 0
        Op::Sum { axes, keepdim } => {
            let shape = b.ty(args[0]).shape;
            let over = axes.resolved(shape.rank());
            if !over.iter().all(|&a| shape.at(a).is(1)) {
                return None;
            }
            let types = [b.ty(args[0])];
            let ty = crate::op::infer(&Op::Sum { axes, keepdim }, &types, &[]).ok()?;
            let x = b.reshape(args[0], ty.shape);
            Some(if ty.dtype().is_float() && !over.is_empty() { b.add_c(x, 0.0) } else { x })
        }
        // x & false == false, x | true == true
        Op::And | Op::Or if b.dtype(args[0]) == DType::Bool => {
            let c = op == Op::Or;
            if ![args[0], args[1]].iter().any(|&v| truth(b, v) == Some(c)) {
                return None;
            }
            let types = [b.ty(args[0]), b.ty(args[1])];
            let ty = crate::op::infer(&op, &types, &[]).ok()?;
            Some(b.full(Lit::B(c), DType::Bool, ty.shape))
        }
        // a choice that is made
        Op::Select => {
            let chosen = if truth(b, args[0])? { args[1] } else { args[2] };
            let types = [b.ty(args[0]), b.ty(args[1]), b.ty(args[2])];
            let ty = crate::op::infer(&op, &types, &[]).ok()?;
            Some(b.expand(chosen, ty.shape))
        }
        // the transforms have run: nothing reads the mark any more
        Op::StopGradient => Some(args[0]),
        // arithmetic and comparisons of scalar constants, in their type
        _ => fold(b, op, args),
    }
}

/// `v` as it was before exact casts, if it is made of values of type `elem` by those and movement alone:
/// bf16 -> f32 -> bf16.
fn before_casts(b: &mut Builder, v: Value, elem: Elem) -> Option<Value> {
    // The instructions on the way, each before its operands.
    let (mut way, mut next) = (Vec::new(), vec![v]);
    while let Some(v) = next.pop() {
        let (op, args) = made_by(b, v)?;
        match op {
            Op::Cast { .. } => {
                let from = b.ty(args[0]).elem;
                if from != elem || !widens(from, b.ty(v).elem) {
                    return None;
                }
            }
            _ if op.moves() => next.extend(args),
            _ => return None,
        }
        way.push(v);
        if way.len() > LONGEST_WAY {
            return None;
        }
    }
    let mut before: FxHashMap<Value, Value> = FxHashMap::default();
    for v in way.into_iter().rev() {
        let new = match made_by(b, v)? {
            (Op::Cast { .. }, args) => args[0],
            (&op, args) => {
                let args: Option<Vec<Value>> = args.iter().map(|a| before.get(a).copied()).collect();
                b.op(op, &args?)
            }
        };
        before.insert(v, new);
    }
    before.get(&v).copied()
}

fn fold(b: &mut Builder, op: Op, args: &[Value]) -> Option<Value> {
    let ty = b.ty(*args.first()?);
    if args.iter().any(|&a| b.ty(a).shape.rank() != 0) {
        return None;
    }
    let dtype = ty.elem.known()?;
    let numbers: Option<Vec<Lit>> = args.iter().map(|&a| constant(b, a)).collect();
    let (value, dtype) = op.fold(dtype, &numbers?)?;
    Some(b.full(value, dtype, Shape::SCALAR))
}

/// A constant of type `from` as one of the float type `to`, rounded to the first, then to the second.
fn converted(value: Lit, from: DType, to: DType) -> Option<Lit> {
    match value {
        Lit::F(x) if to.is_float() => Some(Lit::F(to.nearest(from.nearest(x)))),
        Lit::I(i) if to.is_float() => Some(Lit::F(to.nearest_to_int(i))),
        _ => None,
    }
}

/// Whether every value of `from` is one of `to`.
fn widens(from: Elem, to: Elem) -> bool {
    matches!(
        (from.known(), to.known()),
        (Some(DType::BF16 | DType::F16), Some(DType::F32 | DType::F64))
            | (Some(DType::F32), Some(DType::F64))
            | (Some(DType::U8 | DType::I32 | DType::U32), Some(DType::I64 | DType::F64))
            | (Some(DType::Bool), Some(_))
    )
}
