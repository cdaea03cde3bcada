//! Shape and type inference: one definition, a `const fn`, over symbolic extents.
//!
//! It refutes what is certainly wrong and gives the most that is known of the result; on concrete types it
//! is exact. The messages are the ones users read, from the macro, from rustc or from a failed link.

macro_rules! tri {
    ($e:expr) => {
        match $e {
            Ok(v) => v,
            Err(e) => return Err(e),
        }
    };
}

mod axes;
mod broadcast;
mod check;
mod domain;
mod movement;
mod products;
mod rearrange;

pub use broadcast::broadcast;
pub use check::named;

use super::{Flag, Op, class};
use crate::types::{Axes, Axis, DType, Elem, Extent, Shape, Text, Ty};
use axes::{reduced, resolve, resolve_in};
use broadcast::{broadcast_at, same_shape};
use check::{cannot, elem_rule, index_elem, mixed, natural, out_of_range, pair, start_rank, x_unknown};
use movement::{cat, permute, replace, reshape, slice};
use products::{einsum, linear, matmul, sdpa};
use rearrange::rearrange;

/// Why the types of an operation's operands do not fit.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch {
    /// The operand at fault.
    pub arg: usize,
    /// What is wrong and what to write instead.
    pub text: Text,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text.as_str())
    }
}

const fn err<T: Copy>(arg: usize, text: Text) -> Result<T, Mismatch> {
    Err(Mismatch { arg, text })
}

const fn start(op: &Op) -> Text {
    Text::new().str("`").str(op.name()).str("`: ")
}

/// The type of the result of `op` on operands of types `args`; `dims` names the dimension variables.
///
/// # Errors
/// The operand that certainly does not fit, and why. Never for unknown types.
#[allow(
    unreachable_patterns,
    reason = "the pattern of a class has the operations with a rule of their own again"
)]
pub const fn infer(op: &Op, args: &[Ty], dims: &[&str]) -> Result<Ty, Mismatch> {
    let x = if args.is_empty() { Ty::UNKNOWN } else { args[0] };
    tri!(domain::check(op, x, dims));
    match op {
        Op::Full { elem, shape, .. } | Op::Uniform { elem, shape } | Op::Normal { elem, shape } => {
            Ok(Ty::new(*elem, *shape))
        }
        // What its definition says of the operands it was recorded with.
        Op::Custom { elem, shape, .. } => Ok(Ty::new(*elem, *shape)),
        Op::Iota { elem, shape, axis } => {
            tri!(resolve(op, *axis, shape, dims));
            Ok(Ty::new(*elem, *shape))
        }
        Op::Bernoulli { shape, .. } => Ok(Ty::new(Elem::Known(DType::Bool), *shape)),
        class!(Op, UnaryNum)
        | class!(Op, UnaryFloat)
        | class!(Op, UnaryLogic)
        | class!(Op, CompositeUnary)
        | class!(Op, Identity)
        | class!(Op, Effect)
        | Op::Dropout { .. } => {
            tri!(elem_rule(op, x, dims));
            Ok(x)
        }
        class!(Op, Test) => {
            tri!(elem_rule(op, x, dims));
            Ok(x.with_dtype(DType::Bool))
        }
        Op::Cast { elem } => Ok(Ty::new(*elem, x.shape)),
        class!(Op, Binary) | class!(Op, BinaryLogic) => {
            let (elem, shape) = tri!(pair(op, x, args[1], 1, dims));
            tri!(elem_rule(op, Ty::new(elem, shape), dims));
            Ok(Ty::new(elem, shape))
        }
        class!(Op, Compare) => {
            let (_, shape) = tri!(pair(op, x, args[1], 1, dims));
            Ok(Ty::new(Elem::Known(DType::Bool), shape))
        }
        Op::Select => {
            if x.elem.differs(Elem::Known(DType::Bool)) {
                return err(
                    0,
                    start(op).str("the condition must be a bool tensor, found ").ty(&x, dims, &[]),
                );
            }
            let (elem, shape) = tri!(pair(op, args[1], args[2], 2, dims));
            let shape = tri!(broadcast_at(op, &x.shape, &shape, 0, dims));
            Ok(Ty::new(elem, shape))
        }
        class!(Op, Reduce, axes, keepdim) | class!(Op, CompositeReduce, axes, keepdim) => {
            tri!(elem_rule(op, x, dims));
            Ok(Ty::new(x.elem, tri!(reduced(op, &x.shape, *axes, *keepdim, dims))))
        }
        Op::Argmax { axis, keepdim } | Op::Argmin { axis, keepdim } => {
            let axes = if axis.0 == Axis::UNKNOWN.0 { Axes::UNKNOWN } else { Axes::new(&[axis.0]) };
            Ok(Ty::new(Elem::Known(DType::I64), tri!(reduced(op, &x.shape, axes, *keepdim, dims))))
        }
        class!(Op, Along, axis) | class!(Op, CompositeAlong, axis) => {
            tri!(elem_rule(op, x, dims));
            tri!(resolve(op, *axis, &x.shape, dims));
            Ok(x)
        }
        Op::Reshape { shape } => reshape(op, x, *shape, dims),
        Op::Permute { axes } => permute(op, x, *axes, dims),
        Op::Expand { shape } => {
            let wide = tri!(broadcast_at(op, &x.shape, shape, 0, dims));
            if wide.is_unknown() || shape.is_unknown() {
                return Ok(Ty::new(x.elem, *shape));
            }
            let mut i = 0;
            while i < shape.rank() && wide.rank() == shape.rank() {
                if wide.at(i).differs(shape.at(i)) {
                    return err(0, cannot(op, &x.shape, shape, dims));
                }
                i += 1;
            }
            if wide.rank() != shape.rank() {
                return err(0, cannot(op, &x.shape, shape, dims));
            }
            Ok(Ty::new(x.elem, *shape))
        }
        Op::Slice { start, end } => slice(op, x, start, end, dims),
        Op::Pad { lo, hi, .. } => {
            if x.shape.is_unknown() || lo.is_unknown() || hi.is_unknown() {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            }
            if lo.rank() != x.shape.rank() || hi.rank() != x.shape.rank() {
                return err(0, start_rank(op, &x.shape, lo.rank(), dims));
            }
            let (mut out, mut i) = (x.shape, 0);
            while i < out.rank() {
                out = out.with(i, lo.at(i).add(out.at(i)).add(hi.at(i)));
                i += 1;
            }
            Ok(Ty::new(x.elem, out))
        }
        Op::Flip { axes } => {
            tri!(reduced(op, &x.shape, *axes, Flag::Yes, dims));
            Ok(x)
        }
        Op::Cat { axis } => cat(op, args, *axis, dims),
        Op::Stack { axis } => {
            let mut i = 1;
            while i < args.len() {
                tri!(same_shape(op, &x.shape, &args[i].shape, i, dims));
                i += 1;
            }
            let Some(at) = tri!(resolve_in(op, *axis, &x.shape, 1, dims)) else {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            };
            Ok(Ty::new(x.elem, x.shape.insert(at, Extent::new(args.len()))))
        }
        Op::SliceUpdate { axis } => {
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else { return Ok(x) };
            let u = args[1].shape;
            if x.elem.differs(args[1].elem) {
                return err(1, mixed(op, x, args[1], dims));
            }
            if u.is_unknown() || u.lead != x.shape.lead {
                return Ok(x);
            }
            if u.rank() != x.shape.rank() {
                return err(1, start_rank(op, &u, x.shape.rank(), dims));
            }
            let mut i = 0;
            while i < u.rank() {
                if i != at && u.at(i).differs(x.shape.at(i)) {
                    return err(1, cannot(op, &u, &x.shape, dims));
                }
                if let (Some(len), Some(size)) = (u.at(i).value(), x.shape.at(i).value())
                    && len > size
                {
                    return err(1, cannot(op, &u, &x.shape, dims));
                }
                i += 1;
            }
            Ok(x)
        }
        Op::Take { axis } => {
            tri!(index_elem(op, args[1], 1, dims));
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            };
            Ok(Ty::new(x.elem, replace(&x.shape, at, &args[1].shape)))
        }
        Op::Embedding => {
            tri!(index_elem(op, x, 0, dims));
            let w = args[1];
            if w.shape.is_unknown() || x.shape.is_unknown() {
                return Ok(Ty::new(w.elem, Shape::UNKNOWN));
            }
            if w.shape.rank() != 2 {
                return err(1, start_rank(op, &w.shape, 2, dims));
            }
            Ok(Ty::new(w.elem, x.shape.push(w.shape.at(1))))
        }
        Op::IndexAdd { axis, extent } => {
            let i = args[1].shape;
            tri!(index_elem(op, args[1], 1, dims));
            if x.shape.is_unknown() || i.is_unknown() || axis.0 < 0 {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            }
            let mut out = Shape::new(&[]);
            let mut k = 0;
            while k < x.shape.rank() {
                if k == axis.0 as usize {
                    out = out.push(*extent);
                }
                if k < axis.0 as usize || k >= axis.0 as usize + i.rank() {
                    out = out.push(x.shape.at(k));
                }
                k += 1;
            }
            if axis.0 as usize == x.shape.rank() {
                out = out.push(*extent);
            }
            Ok(Ty::new(x.elem, out))
        }
        Op::Gather { axis } => {
            tri!(index_elem(op, args[1], 1, dims));
            tri!(resolve(op, *axis, &x.shape, dims));
            if !x.shape.is_unknown() && !args[1].shape.is_unknown() && x.shape.rank() != args[1].shape.rank()
            {
                return err(1, start_rank(op, &args[1].shape, x.shape.rank(), dims));
            }
            Ok(Ty::new(x.elem, args[1].shape))
        }
        Op::ScatterAdd { axis, extent } => {
            tri!(index_elem(op, args[1], 1, dims));
            tri!(same_shape(op, &x.shape, &args[1].shape, 1, dims));
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else { return Ok(Ty::UNKNOWN) };
            Ok(Ty::new(x.elem, x.shape.with(at, *extent)))
        }
        Op::Matmul => {
            tri!(elem_rule(op, x, dims));
            if x.elem.differs(args[1].elem) {
                return err(1, mixed(op, x, args[1], dims));
            }
            Ok(Ty::new(x.elem, tri!(matmul(op, &x.shape, &args[1].shape, dims))))
        }
        Op::MatmulWide { elem } => {
            tri!(elem_rule(op, x, dims));
            let single = Elem::Known(DType::F32);
            if x.elem.differs(*elem) && x.elem.differs(single) {
                return err(0, mixed(op, Ty::new(*elem, x.shape), x, dims));
            }
            if args[1].elem.differs(*elem) && args[1].elem.differs(single) {
                return err(1, mixed(op, x, args[1], dims));
            }
            Ok(Ty::new(single, tri!(matmul(op, &x.shape, &args[1].shape, dims))))
        }
        Op::Linear { bias } => linear(op, args, bias.is_yes(), dims),
        Op::KeySplit { .. } | Op::FoldIn => Ok(Ty::KEY),
        Op::LayerNorm { .. } | Op::RmsNorm { .. } => {
            tri!(elem_rule(op, x, dims));
            if !x.shape.is_unknown() && x.shape.lead == 0 && x.shape.rank() == 0 {
                return err(0, start(op).str("needs at least 1 dimension, found ").shape(&x.shape, dims));
            }
            let mut i = 1;
            while i < args.len() {
                if x.elem.differs(args[i].elem) {
                    return err(i, mixed(op, x, args[i], dims));
                }
                let w = args[i].shape;
                if !w.is_unknown() && (w.rank() != 1 || w.at(0).differs(x.shape.get(Axis(-1)))) {
                    let text =
                        start(op).str("weights ").shape(&w, dims).str(" do not match the last dimension of ");
                    return err(i, text.shape(&x.shape, dims));
                }
                i += 1;
            }
            Ok(x)
        }
        Op::CrossEntropy { .. } => {
            tri!(elem_rule(op, x, dims));
            tri!(index_elem(op, args[1], 1, dims));
            let t = args[1].shape;
            if !x.shape.is_unknown() && !t.is_unknown() && x.shape.rank() > 0 {
                tri!(same_shape(op, &x.shape.remove(x.shape.rank() - 1), &t, 1, dims));
            }
            Ok(Ty::new(x.elem, Shape::SCALAR))
        }
        Op::Sdpa { mask, causal, .. } => {
            tri!(domain::aligned(op, *causal, args, dims));
            sdpa(op, args, mask.is_yes(), dims)
        }
        Op::Chunk { n, axis, .. } => {
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else { return Ok(x_unknown(x)) };
            let whole = x.shape.at(at);
            if let (Some(n), Some(size)) = (n.value(), whole.value())
                && (n == 0 || size % n != 0)
            {
                let text = start(op).str("dimension of ").int(size as i64).str(" does not divide into ");
                return err(0, text.int(n as i64).str(" equal parts"));
            }
            Ok(Ty::new(x.elem, x.shape.with(at, whole.div(*n))))
        }
        Op::Narrow { axis, start: from, len } => {
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else { return Ok(x_unknown(x)) };
            tri!(natural(op, *from));
            tri!(natural(op, *len));
            if let (Some(s), Some(l), Some(size)) = (from.value(), len.value(), x.shape.at(at).value())
                && s.saturating_add(l) > size
            {
                return err(0, out_of_range(op, s.saturating_add(l), size));
            }
            Ok(Ty::new(x.elem, x.shape.with(at, *len)))
        }
        Op::SelectIndex { axis, index } => {
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            };
            tri!(natural(op, *index));
            if let (Some(i), Some(size)) = (index.value(), x.shape.at(at).value())
                && i >= size
            {
                return err(0, out_of_range(op, i, size));
            }
            Ok(Ty::new(x.elem, x.shape.remove(at)))
        }
        Op::Transpose { a, b } => {
            let (a, b) = (tri!(resolve(op, *a, &x.shape, dims)), tri!(resolve(op, *b, &x.shape, dims)));
            let (Some(a), Some(b)) = (a, b) else { return Ok(x_unknown(x)) };
            Ok(Ty::new(x.elem, x.shape.with(a, x.shape.at(b)).with(b, x.shape.at(a))))
        }
        Op::Unsqueeze { axis } => {
            let Some(at) = tri!(resolve_in(op, *axis, &x.shape, 1, dims)) else {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            };
            Ok(Ty::new(x.elem, x.shape.insert(at, Extent::ONE)))
        }
        Op::Squeeze { axis } => {
            let Some(at) = tri!(resolve(op, *axis, &x.shape, dims)) else {
                return Ok(Ty::new(x.elem, Shape::UNKNOWN));
            };
            if x.shape.at(at).differs(Extent::ONE) {
                let text = start(op).str("dimension ").int(at as i64).str(" of ").shape(&x.shape, dims);
                return err(0, text.str(" is not 1"));
            }
            Ok(Ty::new(x.elem, x.shape.remove(at)))
        }
        Op::Rearrange { pattern } => rearrange(op, x, pattern, dims),
        Op::Einsum { spec } => einsum(op, spec.bytes(), args, dims),
        Op::OneHot { classes, elem } => {
            tri!(index_elem(op, x, 0, dims));
            Ok(Ty::new(*elem, x.shape.push(*classes)))
        }
        Op::Tril { .. } | Op::Triu { .. } => {
            if !x.shape.is_unknown() && x.shape.rank() < 2 {
                return err(0, start_rank(op, &x.shape, 2, dims));
            }
            Ok(x)
        }
    }
}
