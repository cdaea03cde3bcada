//! Forward derivatives: one line an operation, with the longer formulas in a file per family.
//!
//! Conventions at kinks are PyTorch's, and stand in the documentation of each operation in the table: `|x|` and `relu`
//! have slope 0 at 0, ties of `maximum` and `amax` share evenly, `√x` has slope `∞` at 0.
//!
//! What a rule appends is linear in the tangents: reverse mode transposes it, so a formula that reads its result
//! (`softmax`, the norms) is also the closed form of the gradient.

mod composite;
mod elementwise;
mod reduce;

use super::{custom, decompose};
use crate::error::Error;
use crate::op::{Lit, Op, class};
use crate::trace::{Builder, Kind, Value};
use std::collections::HashMap;
use std::f64::consts::LN_2;

/// The tangent of `out = op(args)`, given the tangents of `args`; `None` is zero.
///
/// A tangent has the type of its primal. What is appended to `b` is linear in the tangents.
///
/// # Errors
/// [`Error::NoDerivative`] at `b.loc` if the operation has none and a tangent reaches it.
#[allow(unreachable_patterns, reason = "the pattern of a class has the composites with a better rule again")]
pub fn jvp(
    op: &Op,
    args: &[Value],
    tangents: &[Option<Value>],
    out: Value,
    b: &mut Builder,
) -> Result<Option<Value>, Error> {
    let Some(dx) = tangents.iter().flatten().next().copied() else { return Ok(None) };
    let (x, y) = (args[0], out);
    let each = |b: &mut Builder, f: &dyn Fn(&mut Builder, usize, Value) -> Value| terms(b, out, tangents, f);
    Ok(match *op {
        Op::Neg => Some(b.neg(dx)),
        Op::Abs => Some(elementwise::abs(x, dx, b)),
        Op::Square => Some(elementwise::square(x, dx, b)),
        Op::Reciprocal => Some(elementwise::reciprocal(y, dx, b)),
        Op::Sqrt => Some(elementwise::sqrt(y, dx, b)),
        Op::Rsqrt => Some(elementwise::rsqrt(x, y, dx, b)),
        Op::Exp => Some(b.mul(dx, y)),
        Op::Exp2 => Some(elementwise::scaled(y, LN_2, dx, b)),
        Op::Expm1 => Some(elementwise::expm1(y, dx, b)),
        Op::Log => Some(b.div(dx, x)),
        Op::Log2 => Some(elementwise::log2(x, dx, b)),
        Op::Log1p => Some(elementwise::log1p(x, dx, b)),
        Op::Sin => Some(elementwise::sin(x, dx, b)),
        Op::Cos => Some(elementwise::cos(x, dx, b)),
        Op::Tanh => Some(elementwise::tanh(y, dx, b)),
        Op::Erf => Some(elementwise::erf(x, 1.0, dx, b)),
        Op::Erfc => Some(elementwise::erf(x, -1.0, dx, b)),
        Op::Sigmoid => Some(elementwise::sigmoid(y, dx, b)),
        Op::Relu => Some(elementwise::relu(x, dx, b)),
        Op::Gelu { tanh } => Some(elementwise::gelu(x, tanh.is_yes(), dx, b)),
        Op::Silu => Some(elementwise::silu(x, dx, b)),
        Op::Softplus => Some(elementwise::softplus(x, dx, b)),
        Op::Clamp { lo, hi } => Some(elementwise::clamp(x, lo, hi, dx, b)),
        Op::Cast { elem } => elementwise::cast(op, elem, dx, b)?,
        Op::Sign | Op::Floor | Op::Ceil | Op::Round | Op::Trunc => return Err(none(op, b)),
        class!(Op, Test) | class!(Op, UnaryLogic) | class!(Op, Compare) | class!(Op, BinaryLogic) => None,

        Op::Add => each(b, &|_, _, t| t),
        Op::Sub => each(b, &|b, i, t| if i == 0 { t } else { b.neg(t) }),
        Op::Mul => each(b, &|b, i, t| b.mul(t, args[1 - i])),
        Op::Div => each(b, &|b, i, t| elementwise::div(args, out, i, t, b)),
        Op::Rem => each(b, &|b, i, t| elementwise::rem(args, out, i, t, b)),
        Op::Pow => each(b, &|b, i, t| elementwise::pow(args, out, i, t, b)),
        Op::Atan2 => each(b, &|b, i, t| elementwise::atan2(args, i, t, b)),
        Op::Maximum => each(b, &|b, i, t| elementwise::extremum(args, Op::Gt, i, t, b)),
        Op::Minimum => each(b, &|b, i, t| elementwise::extremum(args, Op::Lt, i, t, b)),
        Op::Select => Some(elementwise::select(args, tangents, out, b)),

        Op::Sum { .. } | Op::Cumsum { .. } => Some(b.op(*op, &[dx])),
        Op::Prod { axes, keepdim } => reduce::prod(x, dx, axes, keepdim, b)?,
        Op::Amax { axes, .. } | Op::Amin { axes, .. } => Some(reduce::extremum(x, y, dx, axes, b)),
        Op::Mean { axes, keepdim } => Some(reduce::mean(dx, axes, keepdim, b)),
        Op::Var { axes, correction, .. } => Some(reduce::var(x, y, dx, axes, correction, b)),
        Op::Logsumexp { axes, .. } => Some(reduce::logsumexp(x, y, dx, axes, b)),
        Op::All { .. } | Op::Any { .. } => None,
        Op::Argmax { .. } | Op::Argmin { .. } => return Err(none(op, b)),

        Op::Reshape { .. } | Op::Permute { .. } | Op::Expand { .. } => Some(b.op(*op, &[dx])),
        Op::Slice { .. } | Op::Flip { .. } => Some(b.op(*op, &[dx])),
        Op::Pad { lo, hi, .. } => Some(b.op(Op::Pad { lo, hi, value: Lit::F(0.0) }, &[dx])),
        Op::Cat { .. } => {
            let all = dense(args, tangents, b);
            Some(b.op(*op, &all))
        }
        Op::SliceUpdate { .. } => {
            let all = dense(&args[..2], &tangents[..2], b);
            Some(b.op(*op, &[all[0], all[1], args[2]]))
        }
        Op::Take { .. } | Op::IndexAdd { .. } | Op::Gather { .. } | Op::ScatterAdd { .. } => {
            Some(b.op(*op, &[dx, args[1]]))
        }
        Op::MatmulWide { .. } => each(b, &|b, i, t| {
            let with = if i == 0 { [t, args[1]] } else { [args[0], t] };
            b.op(*op, &with)
        }),
        Op::Matmul => each(b, &|b, i, t| if i == 0 { b.matmul(t, args[1]) } else { b.matmul(args[0], t) }),

        Op::Softmax { axis } => Some(composite::softmax(y, dx, axis, b)),
        Op::LogSoftmax { axis } => Some(composite::log_softmax(x, y, dx, axis, b)),
        Op::LayerNorm { eps, weight, bias } => {
            composite::layer_norm(args, tangents, out, eps.to_f64(), weight.is_yes(), bias.is_yes(), b)
        }
        Op::RmsNorm { eps, weight } => {
            composite::rms_norm(args, tangents, out, eps.to_f64(), weight.is_yes(), b)
        }
        Op::CrossEntropy { ignore_index, label_smoothing, reduction } => {
            Some(composite::cross_entropy(args, dx, ignore_index, label_smoothing.to_f64(), reduction, b))
        }
        Op::Linear { .. } => composite::linear(args, tangents, out, b),
        Op::Dropout { .. } => Some(b.op(*op, &[dx, args[1]])),
        Op::Embedding => Some(b.op(*op, &[args[0], dx])),
        Op::Sdpa { causal, scale, mask } => composite::sdpa(args, tangents, causal, scale, mask.is_yes(), b),
        Op::Einsum { .. } => each(b, &|b, i, t| {
            let mut with = args.to_vec();
            with[i] = t;
            linear_composite(op, &with, b)
        }),
        Op::Chunk { .. } | Op::Narrow { .. } | Op::SelectIndex { .. } | Op::Transpose { .. } => {
            Some(linear_composite(op, &[dx], b))
        }
        Op::Unsqueeze { .. } | Op::Squeeze { .. } | Op::Rearrange { .. } => {
            Some(linear_composite(op, &[dx], b))
        }
        Op::Tril { .. } | Op::Triu { .. } => Some(linear_composite(op, &[dx], b)),
        Op::Stack { .. } => {
            let all = dense(args, tangents, b);
            Some(linear_composite(op, &all, b))
        }

        Op::StopGradient => None,
        Op::Barrier | Op::DebugPrint { .. } => Some(dx),

        // No float operand.
        class!(Op, Custom) => custom::tangent(op, args, tangents, out, b)?,

        class!(Op, Creation) | class!(Op, Key) | class!(Op, Draw) | Op::OneHot { .. } => None,

        // The derivative of its decomposition: a composite without a better one.
        class!(Op, CompositeUnary)
        | class!(Op, CompositeReduce)
        | class!(Op, CompositeAlong)
        | class!(Op, Composite) => through(args, tangents, b, |args, b| linear_composite(op, args, b))?,
    })
}

/// The error of an operation without a derivative.
fn none(op: &Op, b: &Builder) -> Error {
    Error::NoDerivative { op: op.label().into(), loc: b.loc }
}

/// The sum of `f(i, tangent)` over the operands that have one, each broadcast to the shape of `out`.
fn terms(
    b: &mut Builder,
    out: Value,
    tangents: &[Option<Value>],
    f: &dyn Fn(&mut Builder, usize, Value) -> Value,
) -> Option<Value> {
    let mut sum = None;
    for (i, t) in tangents.iter().enumerate() {
        let Some(t) = *t else { continue };
        let term = f(b, i, t);
        sum = Some(match sum {
            None => term,
            Some(s) => b.add(s, term),
        });
    }
    let shape = b.shape(out);
    sum.map(|s| b.expand(s, shape))
}

/// The tangents with zeros written out.
fn dense(args: &[Value], tangents: &[Option<Value>], b: &mut Builder) -> Vec<Value> {
    args.iter().zip(tangents).map(|(&x, &t)| t.unwrap_or_else(|| b.zeros_like(x))).collect()
}

/// A composite that is linear, on a tangent: its primitives, which have transposes.
fn linear_composite(op: &Op, args: &[Value], b: &mut Builder) -> Value {
    match decompose(op, args, b) {
        Some(y) => y,
        None => b.op(*op, args),
    }
}

/// The tangent of what `build` appends, as a function of `args`.
///
/// The operands are stood for by fresh values while it is built: the same value twice may have a tangent in one
/// place and none in the other.
fn through(
    args: &[Value],
    tangents: &[Option<Value>],
    b: &mut Builder,
    build: impl FnOnce(&[Value], &mut Builder) -> Value,
) -> Result<Option<Value>, Error> {
    let start = b.len();
    let stand_ins: Vec<Value> = args
        .iter()
        .map(|&a| {
            let ty = b.ty(a);
            b.trace.value(ty)
        })
        .collect();
    let out = build(&stand_ins, b);
    let end = b.len();
    let mut known: HashMap<Value, Value> =
        stand_ins.iter().zip(tangents).filter_map(|(&a, &t)| Some((a, t?))).collect();
    for i in start..end {
        let inst = b.trace.data(b.at(i)).clone();
        let Kind::Op(op) = inst.kind else { continue };
        let ts: Vec<Option<Value>> = inst.args.iter().map(|a| known.get(a).copied()).collect();
        if let Some(t) = jvp(&op, &inst.args, &ts, inst.results[0], b)? {
            known.insert(inst.results[0], t);
        }
    }
    let actual: HashMap<Value, Value> = stand_ins.iter().copied().zip(args.iter().copied()).collect();
    for i in start..b.len() {
        let inst = b.at(i);
        for a in &mut b.trace.data_mut(inst).args {
            *a = actual.get(a).copied().unwrap_or(*a);
        }
    }
    Ok(known.get(&out).copied())
}
