//! Composites in terms of primitives.
//!
//! A decomposition emits primitives only. On 16-bit floats it computes in f32 and rounds once, at the end.

mod attention;
mod einsum;
mod loss;
mod movement;
mod norm;

pub(crate) use attention::Attention;
pub(crate) use loss::{Targets, target_distribution};
pub(crate) use norm::{gelu_argument, upper_tail};

use crate::op::{Op, class};
use crate::trace::{Builder, Value};
use crate::types::Elem;

/// Appends the primitives that compute the composite `op` on `args`, and gives their result; `None` for a
/// primitive.
pub fn decompose(op: &Op, args: &[Value], b: &mut Builder) -> Option<Value> {
    match *op {
        Op::Mean { axes, keepdim } => Some(norm::mean(args[0], axes, keepdim.is_yes(), b)),
        Op::Var { axes, keepdim, correction } => {
            Some(norm::var(args[0], axes, keepdim.is_yes(), correction, b))
        }
        Op::Logsumexp { axes, keepdim } => Some(norm::logsumexp(args[0], axes, keepdim.is_yes(), b)),
        Op::Softmax { axis } => Some(norm::softmax(args[0], axis, b)),
        Op::LogSoftmax { axis } => Some(norm::log_softmax(args[0], axis, b)),
        Op::LayerNorm { eps, weight, bias } => {
            Some(norm::layer_norm(args, eps.to_f64(), weight.is_yes(), bias.is_yes(), b))
        }
        Op::RmsNorm { eps, weight } => Some(norm::rms_norm(args, eps.to_f64(), weight.is_yes(), b)),

        Op::Relu => {
            let zero = b.scalar_like(args[0], 0.0);
            Some(b.maximum(args[0], zero))
        }
        Op::Gelu { tanh } => Some(wide(args[0], b, |x, b| norm::gelu(x, tanh.is_yes(), b))),
        Op::Silu => Some(wide(args[0], b, |x, b| {
            let s = b.sigmoid(x);
            b.mul(x, s)
        })),
        Op::Softplus => Some(wide(args[0], b, norm::softplus)),
        Op::Clamp { lo, hi } => {
            let (lo, hi) = (b.lit_like(args[0], lo), b.lit_like(args[0], hi));
            let y = b.maximum(args[0], lo);
            Some(b.minimum(y, hi))
        }

        // Rounded first; of 16-bit floats alone it is a primitive.
        Op::MatmulWide { elem: Elem::Known(elem) } if args.iter().any(|&a| b.dtype(a) != elem) => {
            let args = [b.cast(args[0], elem), b.cast(args[1], elem)];
            Some(b.op(*op, &args))
        }

        Op::Linear { bias } => Some(attention::linear(args, bias.is_yes(), b)),
        Op::Sdpa { causal, scale, mask } => Some(attention::sdpa(args, causal, scale, mask.is_yes(), b)),
        Op::Dropout { p } => Some(attention::dropout(args[0], args[1], p.to_f64(), b)),
        Op::CrossEntropy { ignore_index, label_smoothing, reduction } => {
            Some(loss::cross_entropy(args, ignore_index, label_smoothing.to_f64(), reduction, b))
        }
        Op::OneHot { classes, elem } => Some(loss::one_hot(args[0], classes, elem, b)),
        Op::Embedding => Some(b.op(Op::Take { axis: crate::types::Axis(0) }, &[args[1], args[0]])),

        Op::Chunk { n, axis, index } => Some(movement::chunk(args[0], n, axis, index, b)),
        Op::Narrow { axis, start, len } => Some(movement::narrow(args[0], axis, start, len, b)),
        Op::SelectIndex { axis, index } => Some(movement::select_index(args[0], axis, index, b)),
        Op::Transpose { a, b: c } => Some(movement::transpose(args[0], a, c, b)),
        Op::Unsqueeze { axis } => Some(movement::unsqueeze(args[0], axis, b)),
        Op::Squeeze { axis } => Some(movement::squeeze(args[0], axis, b)),
        Op::Stack { axis } => Some(movement::stack(args, axis, b)),
        Op::Rearrange { pattern } => Some(movement::rearrange(args[0], &pattern, b)),
        Op::Tril { diagonal } => Some(movement::triangle(args[0], diagonal, Op::Le, b)),
        Op::Triu { diagonal } => Some(movement::triangle(args[0], diagonal, Op::Ge, b)),
        Op::Einsum { spec } => Some(einsum::einsum(spec.as_str(), args, b)),

        class!(Op, Creation) | class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) => None,
        class!(Op, UnaryLogic) | class!(Op, Binary) | class!(Op, Compare) | class!(Op, BinaryLogic) => None,
        class!(Op, Elementwise) | class!(Op, Reduce) | class!(Op, Along) | class!(Op, View) => None,
        class!(Op, Movement) | class!(Op, Index) | class!(Op, Lookup) | class!(Op, Contract) => None,
        class!(Op, Key)
        | class!(Op, Draw)
        | class!(Op, Identity)
        | class!(Op, Effect)
        | class!(Op, Custom) => None,
    }
}

/// `f` of `x` in the type arithmetic runs in, rounded back.
fn wide(x: Value, b: &mut Builder, f: impl FnOnce(Value, &mut Builder) -> Value) -> Value {
    let dtype = b.dtype(x);
    let x = b.widen(x);
    let y = f(x, b);
    b.cast(y, dtype)
}
