//! Shape and type inference: one definition, a `const fn`, over symbolic extents.
//!
//! It refutes what is certainly wrong and gives the most that is known of the result; on concrete types it
//! is exact. The messages are the ones users read, from the macro, from rustc or from a failed link.

use super::{Class, Flag, Op, Pattern};
use crate::types::{Axes, Axis, DType, Elem, Extent, MAX_RANK, Shape, Text, Ty};

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

macro_rules! tri {
    ($e:expr) => {
        match $e {
            Ok(v) => v,
            Err(e) => return Err(e),
        }
    };
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
pub const fn infer(op: &Op, args: &[Ty], dims: &[&str]) -> Result<Ty, Mismatch> {
    let x = if args.is_empty() { Ty::UNKNOWN } else { args[0] };
    match op {
        Op::Full { elem, shape, .. } | Op::Uniform { elem, shape } | Op::Normal { elem, shape } => {
            Ok(Ty::new(*elem, *shape))
        }
        Op::Iota { elem, shape, axis } => {
            tri!(resolve(op, *axis, shape, dims));
            Ok(Ty::new(*elem, *shape))
        }
        Op::Bernoulli { shape, .. } => Ok(Ty::new(Elem::Known(DType::Bool), *shape)),
        Op::Neg | Op::Abs | Op::Sign | Op::Square | Op::Not => {
            tri!(elem_rule(op, x, dims));
            Ok(x)
        }
        Op::Reciprocal
        | Op::Sqrt
        | Op::Rsqrt
        | Op::Exp
        | Op::Exp2
        | Op::Expm1
        | Op::Log
        | Op::Log2
        | Op::Log1p
        | Op::Sin
        | Op::Cos
        | Op::Tanh
        | Op::Erf
        | Op::Sigmoid
        | Op::Floor
        | Op::Ceil
        | Op::Round
        | Op::Trunc
        | Op::Relu
        | Op::Gelu { .. }
        | Op::Silu
        | Op::Softplus
        | Op::Clamp { .. }
        | Op::Dropout { .. }
        | Op::StopGradient
        | Op::Barrier
        | Op::DebugPrint { .. } => {
            tri!(elem_rule(op, x, dims));
            Ok(x)
        }
        Op::IsNan | Op::IsInf | Op::IsFinite => {
            tri!(elem_rule(op, x, dims));
            Ok(x.with_dtype(DType::Bool))
        }
        Op::Cast { elem } => Ok(Ty::new(*elem, x.shape)),
        Op::Add
        | Op::Sub
        | Op::Mul
        | Op::Div
        | Op::Rem
        | Op::Pow
        | Op::Atan2
        | Op::Maximum
        | Op::Minimum
        | Op::And
        | Op::Or
        | Op::Xor => {
            let (elem, shape) = tri!(pair(op, x, args[1], 1, dims));
            tri!(elem_rule(op, Ty::new(elem, shape), dims));
            Ok(Ty::new(elem, shape))
        }
        Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
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
        Op::Sum { axes, keepdim }
        | Op::Prod { axes, keepdim }
        | Op::Amax { axes, keepdim }
        | Op::Amin { axes, keepdim }
        | Op::All { axes, keepdim }
        | Op::Any { axes, keepdim }
        | Op::Mean { axes, keepdim }
        | Op::Var { axes, keepdim, .. }
        | Op::Logsumexp { axes, keepdim } => {
            tri!(elem_rule(op, x, dims));
            Ok(Ty::new(x.elem, tri!(reduced(op, &x.shape, *axes, *keepdim, dims))))
        }
        Op::Argmax { axis, keepdim } | Op::Argmin { axis, keepdim } => {
            let axes = if axis.0 == Axis::UNKNOWN.0 { Axes::UNKNOWN } else { Axes::new(&[axis.0]) };
            Ok(Ty::new(Elem::Known(DType::I64), tri!(reduced(op, &x.shape, axes, *keepdim, dims))))
        }
        Op::Cumsum { axis, .. } | Op::Softmax { axis } | Op::LogSoftmax { axis } => {
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
        Op::Sdpa { mask, .. } => sdpa(op, args, mask.is_yes(), dims),
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
                && s + l > size
            {
                return err(0, out_of_range(op, s + l, size));
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

const fn x_unknown(x: Ty) -> Ty {
    if x.shape.is_unknown() || x.shape.lead != 0 {
        return Ty::new(x.elem, Shape::UNKNOWN);
    }
    Ty::new(x.elem, Shape::of_rank(x.shape.rank()))
}

const fn mixed(op: &Op, a: Ty, b: Ty, dims: &[&str]) -> Text {
    let a_name = Text::new().ty(&Ty::new(a.elem, Shape::UNKNOWN), dims, &[]);
    let _ = a_name;
    let text =
        start(op).str("element types differ: ").str(elem_name(a.elem)).str(" and ").str(elem_name(b.elem));
    text.str("\n\n       help: cast one of them: `x.cast::<").str(elem_name(a.elem)).str(">()`")
}

const fn elem_name(e: Elem) -> &'static str {
    match e {
        Elem::Known(d) => d.name(),
        Elem::Param(_) => "the generic element type",
        Elem::Unknown => "_",
    }
}

const fn cannot(op: &Op, a: &Shape, b: &Shape, dims: &[&str]) -> Text {
    start(op).str("shape ").shape(a, dims).str(" does not fit ").shape(b, dims)
}

const fn start_rank(op: &Op, s: &Shape, rank: usize, dims: &[&str]) -> Text {
    let text = start(op).str("expected ").int(rank as i64).str(" dimensions, found ").int(s.rank() as i64);
    text.str(": ").shape(s, dims)
}

const fn out_of_range(op: &Op, at: usize, size: usize) -> Text {
    start(op).str("index ").int(at as i64).str(" is out of range for a dimension of ").int(size as i64)
}

/// Refuses what a subtraction of extents can leave below zero.
const fn natural(op: &Op, e: Extent) -> Result<(), Mismatch> {
    if !e.is_unknown() && e.terms[0].coef == 0 && e.konst < 0 {
        return err(0, start(op).str("an index or a length is below zero"));
    }
    Ok(())
}

/// The element types an operation takes.
const fn elem_rule(op: &Op, x: Ty, dims: &[&str]) -> Result<(), Mismatch> {
    let Elem::Known(d) = x.elem else { return Ok(()) };
    let fits = match op.class() {
        Class::UnaryFloat | Class::Test => d.is_float(),
        Class::UnaryNum | Class::Binary | Class::Contract => !d.same(DType::Bool),
        Class::Logic => !d.is_float(),
        Class::Reduce => match op {
            Op::All { .. } | Op::Any { .. } => d.same(DType::Bool),
            _ => !d.same(DType::Bool),
        },
        Class::Composite => d.is_float() || matches!(op, Op::Relu | Op::Clamp { .. }),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    let wants = match op.class() {
        Class::Logic => "bool or an integer type",
        Class::UnaryNum | Class::Binary | Class::Contract => "a numeric element type",
        Class::Reduce => match op {
            Op::All { .. } | Op::Any { .. } => "bool",
            _ => "a numeric element type",
        },
        _ => "a floating-point element type",
    };
    let text = start(op).str("needs ").str(wants).str(", found ").ty(&x, dims, &[]);
    err(0, text.str("\n\n       help: cast first: `x.cast::<f32>()`"))
}

const fn index_elem(op: &Op, i: Ty, arg: usize, dims: &[&str]) -> Result<(), Mismatch> {
    match i.elem {
        Elem::Known(d) if !d.is_int() => {
            err(arg, start(op).str("indices must be integers, found ").ty(&i, dims, &[]))
        }
        _ => Ok(()),
    }
}

const fn pair(op: &Op, a: Ty, b: Ty, arg: usize, dims: &[&str]) -> Result<(Elem, Shape), Mismatch> {
    if a.elem.differs(b.elem) {
        return err(arg, mixed(op, a, b, dims));
    }
    let elem = if matches!(a.elem, Elem::Unknown) { b.elem } else { a.elem };
    Ok((elem, tri!(broadcast_at(op, &a.shape, &b.shape, arg, dims))))
}

/// The shape that `a` and `b` broadcast to, by NumPy's rule over names.
///
/// # Errors
/// A pair of extents that nothing says are equal, neither of them 1.
pub const fn broadcast(a: &Shape, b: &Shape, dims: &[&str]) -> Result<Shape, Mismatch> {
    broadcast_at(&Op::Add, a, b, 1, dims)
}

const fn broadcast_at(op: &Op, a: &Shape, b: &Shape, arg: usize, dims: &[&str]) -> Result<Shape, Mismatch> {
    if a.is_unknown() || b.is_unknown() {
        return Ok(Shape::UNKNOWN);
    }
    if a.lead != 0 && b.lead != 0 && (a.lead != b.lead || a.rank() != b.rank()) {
        return Ok(Shape::UNKNOWN);
    }
    // With a lead on one side, the other must lie within the stated dimensions.
    let (wide, thin) = if (b.lead != 0 && a.lead == 0) || (a.lead == b.lead && b.rank() > a.rank()) {
        (b, a)
    } else {
        (a, b)
    };
    if thin.rank() > wide.rank() {
        return Ok(Shape::UNKNOWN);
    }
    let (mut out, skip, mut i) = (*wide, wide.rank() - thin.rank(), 0);
    while i < thin.rank() {
        let (x, y) = (wide.at(skip + i), thin.at(i));
        let e = if x.is(1) {
            y
        } else if y.is(1) {
            x
        } else if x.differs(y) {
            let text = start(op).str("shapes ").shape(a, dims).str(" and ").shape(b, dims);
            let text = text.str(" do not broadcast: nothing says that ").extent(x, dims);
            let text = text.str(" equals ").extent(y, dims);
            return err(arg, broadcast_help(text, a, b, dims));
        } else if x.is_unknown() {
            // An unknown extent may be 1: the other side decides only if it is not 1, which holds for names.
            y
        } else {
            x
        };
        out = out.with(skip + i, e);
        i += 1;
    }
    Ok(out)
}

/// What to write instead: where the thin operand's extents stand elsewhere in the wide one, say so.
const fn broadcast_help(text: Text, a: &Shape, b: &Shape, dims: &[&str]) -> Text {
    let (wide, thin) = if b.rank() > a.rank() { (b, a) } else { (a, b) };
    if thin.rank() == 1 {
        let mut i = 0;
        while i < wide.rank() {
            if matches!(wide.at(i).relation(thin.at(0)), crate::types::Relation::Equal) && i + 1 < wide.rank()
            {
                let text = text.str("\n\n       help: to line up ").extent(thin.at(0), dims);
                let mut text = text.str(", add dimensions after it: `.reshape((").extent(thin.at(0), dims);
                let mut k = i + 1;
                while k < wide.rank() {
                    text = text.str(", 1");
                    k += 1;
                }
                return text.str("))`");
            }
            i += 1;
        }
    }
    text.str("\n\n       help: dimensions line up from the last; give equal ones one name in the signature")
}

const fn same_shape(op: &Op, a: &Shape, b: &Shape, arg: usize, dims: &[&str]) -> Result<(), Mismatch> {
    if a.is_unknown() || b.is_unknown() || a.lead != b.lead {
        return Ok(());
    }
    if a.rank() != b.rank() {
        return err(arg, cannot(op, b, a, dims));
    }
    let mut i = 0;
    while i < a.rank() {
        if a.at(i).differs(b.at(i)) {
            return err(arg, cannot(op, b, a, dims));
        }
        i += 1;
    }
    Ok(())
}

const fn resolve(op: &Op, axis: Axis, s: &Shape, dims: &[&str]) -> Result<Option<usize>, Mismatch> {
    resolve_in(op, axis, s, 0, dims)
}

/// The axis from the front among `rank + more` dimensions; `None` where it can't be known.
const fn resolve_in(
    op: &Op,
    axis: Axis,
    s: &Shape,
    more: usize,
    dims: &[&str],
) -> Result<Option<usize>, Mismatch> {
    if s.is_unknown() || axis.0 == Axis::UNKNOWN.0 {
        return Ok(None);
    }
    if s.lead != 0 && (axis.0 >= 0 || -(axis.0 as isize) > (s.rank() + more) as isize) {
        return Ok(None);
    }
    match axis.resolve(s.rank() + more) {
        Some(at) => Ok(Some(at)),
        None => {
            let text = start(op).str("axis ").int(axis.0 as i64).str(" is out of range for ").shape(s, dims);
            let n = (s.rank() + more) as i64;
            if n == 0 {
                return err(0, text.str(", which has no axes"));
            }
            err(0, text.str(": axes go from ").int(-n).str(" to ").int(n - 1))
        }
    }
}

const fn reduced(op: &Op, s: &Shape, axes: Axes, keepdim: Flag, dims: &[&str]) -> Result<Shape, Mismatch> {
    if axes.is_all() && matches!(keepdim, Flag::No) {
        return Ok(Shape::SCALAR);
    }
    if s.is_unknown() || axes.is_unknown() || matches!(keepdim, Flag::Free) {
        return Ok(Shape::UNKNOWN);
    }
    let (mut i, mut drop) = (0, [false; MAX_RANK]);
    while i < axes.len(s.rank()) {
        let Some(at) = tri!(resolve(op, axes.axis(i), s, dims)) else { return Ok(Shape::UNKNOWN) };
        if drop[at] {
            return err(0, start(op).str("axis ").int(at as i64).str(" is listed twice"));
        }
        drop[at] = true;
        i += 1;
    }
    let mut out = Shape::new(&[]);
    out.lead = s.lead;
    let mut i = 0;
    while i < s.rank() {
        if !drop[i] {
            out = out.push(s.at(i));
        } else if keepdim.is_yes() {
            out = out.push(Extent::ONE);
        }
        i += 1;
    }
    Ok(out)
}

const fn reshape(op: &Op, x: Ty, shape: Shape, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (from, to) = (x.shape.elems(), shape.elems());
    if from.differs(to) {
        let text = start(op).str("cannot reshape ").shape(&x.shape, dims).str(" to ").shape(&shape, dims);
        let text = text.str(": ").extent(from, dims).str(" elements are not ").extent(to, dims);
        return err(0, text);
    }
    Ok(Ty::new(x.elem, shape))
}

const fn permute(op: &Op, x: Ty, axes: Axes, dims: &[&str]) -> Result<Ty, Mismatch> {
    if x.shape.is_unknown() || axes.is_unknown() {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    let rank = x.shape.rank();
    if x.shape.lead != 0 {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    if axes.len(rank) != rank {
        return err(0, start_rank(op, &x.shape, axes.len(rank), dims));
    }
    let (mut out, mut seen, mut i) = (x.shape, [false; MAX_RANK], 0);
    while i < rank {
        let Some(at) = tri!(resolve(op, axes.axis(i), &x.shape, dims)) else { return Ok(x_unknown(x)) };
        if seen[at] {
            return err(0, start(op).str("axis ").int(at as i64).str(" is listed twice"));
        }
        seen[at] = true;
        out = out.with(i, x.shape.at(at));
        i += 1;
    }
    Ok(Ty::new(x.elem, out))
}

const fn slice(op: &Op, x: Ty, start_at: &Shape, end: &Shape, dims: &[&str]) -> Result<Ty, Mismatch> {
    if x.shape.is_unknown() || start_at.is_unknown() || end.is_unknown() {
        let rank = if start_at.is_unknown() { Shape::UNKNOWN } else { Shape::of_rank(start_at.rank()) };
        return Ok(Ty::new(x.elem, rank));
    }
    if start_at.rank() != x.shape.rank() || end.rank() != x.shape.rank() {
        return err(0, start_rank(op, &x.shape, start_at.rank(), dims));
    }
    let (mut out, mut i) = (x.shape, 0);
    while i < out.rank() {
        let (from, to, size) = (start_at.at(i), end.at(i), x.shape.at(i));
        if let (Some(from), Some(to)) = (from.value(), to.value())
            && from > to
        {
            let text = start(op).str("the range ").int(from as i64).str("..").int(to as i64);
            return err(0, text.str(" of dimension ").int(i as i64).str(" runs backwards"));
        }
        if let (Some(to), Some(size)) = (to.value(), size.value())
            && to > size
        {
            return err(0, out_of_range(op, to, size));
        }
        out = out.with(i, to.sub(from));
        i += 1;
    }
    Ok(Ty::new(x.elem, out))
}

const fn cat(op: &Op, args: &[Ty], axis: Axis, dims: &[&str]) -> Result<Ty, Mismatch> {
    if args.is_empty() {
        return err(0, start(op).str("needs at least one tensor"));
    }
    let x = args[0];
    let Some(at) = tri!(resolve(op, axis, &x.shape, dims)) else { return Ok(x_unknown(x)) };
    let (mut total, mut i) = (x.shape.at(at), 1);
    while i < args.len() {
        let y = args[i];
        if x.elem.differs(y.elem) {
            return err(i, mixed(op, x, y, dims));
        }
        if y.shape.is_unknown() || y.shape.lead != x.shape.lead {
            return Ok(x_unknown(x));
        }
        if y.shape.rank() != x.shape.rank() {
            return err(i, start_rank(op, &y.shape, x.shape.rank(), dims));
        }
        let (one, other) = (x.shape.with(at, Extent::ONE), y.shape.with(at, Extent::ONE));
        if same_shape(op, &one, &other, i, dims).is_err() {
            return err(i, cannot(op, &y.shape, &x.shape, dims));
        }
        total = total.add(y.shape.at(at));
        i += 1;
    }
    Ok(Ty::new(x.elem, x.shape.with(at, total)))
}

/// `s` with dimension `at` replaced by the dimensions of `i`.
const fn replace(s: &Shape, at: usize, i: &Shape) -> Shape {
    if i.is_unknown() || (i.lead != 0 && (at > 0 || s.lead != 0)) {
        return Shape::UNKNOWN;
    }
    let mut out = Shape::new(&[]);
    out.lead = if s.lead != 0 { s.lead } else { i.lead };
    let mut k = 0;
    while k < s.rank() {
        if k == at {
            let mut j = 0;
            while j < i.rank() {
                out = out.push(i.at(j));
                j += 1;
            }
        } else {
            out = out.push(s.at(k));
        }
        k += 1;
    }
    out
}

const fn contract(
    op: &Op,
    a: &Shape,
    ka: Extent,
    b: &Shape,
    kb: Extent,
    dims: &[&str],
) -> Result<(), Mismatch> {
    if ka.differs(kb) {
        let text = start(op).str("cannot contract ").shape(a, dims).str(" with ").shape(b, dims);
        let text = text.str(": nothing says that ").extent(ka, dims).str(" equals ").extent(kb, dims);
        let turned =
            b.rank() >= 2 && matches!(b.at(b.rank() - 1).relation(ka), crate::types::Relation::Equal);
        let text = if turned && matches!(op, Op::Matmul) {
            text.str("\n\n       help: transpose it: `.transpose(-1, -2)`")
        } else {
            text
        };
        return err(1, text);
    }
    Ok(())
}

const fn matmul(op: &Op, a: &Shape, b: &Shape, dims: &[&str]) -> Result<Shape, Mismatch> {
    if a.is_unknown() || b.is_unknown() {
        return Ok(Shape::UNKNOWN);
    }
    if a.rank() < 2 && a.lead == 0 {
        return err(0, start(op).str("needs at least 2 dimensions, found ").shape(a, dims));
    }
    if b.rank() < 2 && b.lead == 0 {
        return err(1, start(op).str("needs at least 2 dimensions, found ").shape(b, dims));
    }
    if b.rank() < 2 {
        return Ok(Shape::UNKNOWN);
    }
    tri!(contract(op, a, a.get(Axis(-1)), b, b.get(Axis(-2)), dims));
    let n = b.get(Axis(-1));
    if a.rank() < 2 || b.lead != 0 {
        if b.lead == 0 && b.rank() == 2 && a.rank() == 1 {
            return Ok(a.with(0, n));
        }
        return Ok(Shape::UNKNOWN);
    }
    let m = a.get(Axis(-2));
    let a_lead = a.remove(a.rank() - 1).remove(a.rank() - 2);
    let b_lead = b.remove(b.rank() - 1).remove(b.rank() - 2);
    let lead = tri!(broadcast_at(op, &a_lead, &b_lead, 1, dims));
    Ok(lead.push(m).push(n))
}

const fn linear(op: &Op, args: &[Ty], bias: bool, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (x, w) = (args[0], args[1]);
    if x.elem.differs(w.elem) {
        return err(1, mixed(op, x, w, dims));
    }
    if x.shape.is_unknown() || w.shape.is_unknown() {
        return Ok(Ty::new(x.elem, Shape::UNKNOWN));
    }
    if w.shape.rank() != 2 {
        return err(1, start_rank(op, &w.shape, 2, dims));
    }
    if x.shape.rank() < 1 {
        return err(0, start(op).str("needs at least 1 dimension, found ").shape(&x.shape, dims));
    }
    tri!(contract(op, &x.shape, x.shape.get(Axis(-1)), &w.shape, w.shape.at(1), dims));
    if bias && !args[2].shape.is_unknown() {
        tri!(same_shape(op, &Shape::new(&[w.shape.at(0)]), &args[2].shape, 2, dims));
    }
    Ok(Ty::new(x.elem, x.shape.with(x.shape.rank() - 1, w.shape.at(0))))
}

const fn sdpa(op: &Op, args: &[Ty], mask: bool, dims: &[&str]) -> Result<Ty, Mismatch> {
    let (q, k, v) = (args[0], args[1], args[2]);
    let mut i = 1;
    while i < 3 {
        if q.elem.differs(args[i].elem) {
            return err(i, mixed(op, q, args[i], dims));
        }
        i += 1;
    }
    if q.shape.is_unknown() || k.shape.is_unknown() || v.shape.is_unknown() || q.shape.lead != 0 {
        return Ok(q);
    }
    let rank = q.shape.rank();
    if rank < 3 {
        return err(0, start(op).str("expected (.., heads, time, width), found ").shape(&q.shape, dims));
    }
    if k.shape.rank() != rank {
        return err(1, start_rank(op, &k.shape, rank, dims));
    }
    if v.shape.rank() != rank {
        return err(2, start_rank(op, &v.shape, rank, dims));
    }
    tri!(contract(op, &q.shape, q.shape.at(rank - 1), &k.shape, k.shape.at(rank - 1), dims));
    let mut i = 0;
    while i < rank - 1 {
        if k.shape.at(i).differs(v.shape.at(i)) {
            return err(2, cannot(op, &v.shape, &k.shape, dims));
        }
        if i < rank - 3 && q.shape.at(i).differs(k.shape.at(i)) {
            return err(1, cannot(op, &k.shape, &q.shape, dims));
        }
        i += 1;
    }
    if let (Some(heads), Some(shared)) = (q.shape.at(rank - 3).value(), k.shape.at(rank - 3).value())
        && (shared == 0 || heads % shared != 0)
    {
        let text = start(op).int(heads as i64).str(" query heads do not divide among ").int(shared as i64);
        return err(1, text.str(" key heads"));
    }
    if mask && !args[3].shape.is_unknown() {
        let mut scores = Shape::new(&[]);
        let mut i = 0;
        while i < rank - 1 {
            scores = scores.push(q.shape.at(i));
            i += 1;
        }
        scores = scores.push(k.shape.at(rank - 2));
        tri!(broadcast_at(op, &scores, &args[3].shape, 3, dims));
    }
    Ok(Ty::new(q.elem, q.shape.with(rank - 1, v.shape.at(rank - 1))))
}

/// The extents of a pattern's atoms, the missing one of each dimension solved.
pub(super) const fn atoms(p: &Pattern, x: &Shape) -> [Extent; MAX_RANK] {
    let (mut out, mut g) = (p.extents, 0);
    while g < p.inputs as usize {
        let (mut known, mut missing, mut i) = (Extent::ONE, MAX_RANK, 0);
        while i < p.atoms as usize {
            if p.group[i] as usize == g {
                if p.extents[i].is_unknown() {
                    missing = i;
                } else {
                    known = known.mul(p.extents[i]);
                }
            }
            i += 1;
        }
        if missing < MAX_RANK {
            out[missing] = if x.is_unknown() { Extent::UNKNOWN } else { x.at(g).div(known) };
        }
        g += 1;
    }
    out
}

const fn rearrange(op: &Op, x: Ty, p: &Pattern, dims: &[&str]) -> Result<Ty, Mismatch> {
    if !x.shape.is_unknown() && x.shape.lead == 0 && x.shape.rank() != p.inputs as usize {
        let text =
            start(op).str("the pattern names ").int(p.inputs as i64).str(" dimensions, the tensor has ");
        return err(0, text.int(x.shape.rank() as i64).str(": ").shape(&x.shape, dims));
    }
    let known = if x.shape.lead == 0 { x.shape } else { Shape::UNKNOWN };
    let extents = atoms(p, &known);
    let mut g = 0;
    while g < p.inputs as usize && !known.is_unknown() {
        let (mut whole, mut given, mut i) = (Extent::ONE, Extent::ONE, 0);
        while i < p.atoms as usize {
            if p.group[i] as usize == g {
                whole = whole.mul(extents[i]);
                given = given.mul(if p.extents[i].is_unknown() { Extent::ONE } else { p.extents[i] });
            }
            i += 1;
        }
        let indivisible = match (known.at(g).value(), given.value()) {
            (Some(size), Some(given)) => given == 0 || size % given != 0,
            _ => false,
        };
        if whole.differs(known.at(g)) || indivisible {
            let text = start(op).str("dimension ").int(g as i64).str(" is ").extent(known.at(g), dims);
            return err(0, text.str(", which the pattern splits by ").extent(given, dims));
        }
        g += 1;
    }
    let (mut out, mut g) = (Shape::new(&[]), 0);
    while g < p.outputs as usize {
        let (mut e, mut i) = (Extent::ONE, 0);
        while i < p.atoms as usize {
            if p.place[i] as usize == g {
                e = e.mul(extents[p.order[i] as usize]);
            }
            i += 1;
        }
        out = out.push(e);
        g += 1;
    }
    Ok(Ty::new(x.elem, out))
}

const fn einsum(op: &Op, spec: &[u8], args: &[Ty], dims: &[&str]) -> Result<Ty, Mismatch> {
    let mut extents = [Extent::UNKNOWN; 26];
    let mut seen = [false; 26];
    let (mut at, mut arg, mut place) = (0, 0, 0);
    while at < spec.len() && spec[at] != b'-' {
        let c = spec[at];
        if c == b',' {
            if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.rank() != place {
                return err(arg, start_rank(op, &args[arg].shape, place, dims));
            }
            arg += 1;
            place = 0;
        } else if c.is_ascii_lowercase() {
            if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.lead == 0 {
                let s = args[arg].shape;
                if place >= s.rank() {
                    return err(
                        arg,
                        start(op).str("the specification names more dimensions than ").shape(&s, dims),
                    );
                }
                let k = (c - b'a') as usize;
                if extents[k].differs(s.at(place)) {
                    let mut one = [0u8; 1];
                    one[0] = c;
                    let name = match std::str::from_utf8(&one) {
                        Ok(s) => s,
                        Err(_) => "?",
                    };
                    let name_is = [name];
                    let text = start(op).str("`").str(name_is[0]).str("` is ").extent(extents[k], dims);
                    return err(
                        arg,
                        text.str(" in one operand and ").extent(s.at(place), dims).str(" in another"),
                    );
                }
                if extents[k].is_unknown() {
                    extents[k] = s.at(place);
                }
            }
            seen[(c - b'a') as usize] = true;
            place += 1;
        } else if c != b' ' {
            return err(0, start(op).str("the specification takes lower-case letters, `,` and `->`"));
        }
        at += 1;
    }
    if arg < args.len() && !args[arg].shape.is_unknown() && args[arg].shape.rank() != place {
        return err(arg, start_rank(op, &args[arg].shape, place, dims));
    }
    if arg + 1 != args.len() {
        let text = start(op).str("the specification names ").int(arg as i64 + 1).str(" operands, given ");
        let text = if args.len() == 1 { text.str("is ") } else { text.str("are ") };
        return err(0, text.int(args.len() as i64));
    }
    let (mut names, mut k) = (0, 0);
    while k < seen.len() {
        names += seen[k] as usize;
        k += 1;
    }
    // Contracting two operands at a time keeps at most all the indices at once.
    if names > MAX_RANK {
        let text = start(op).str("the specification names ").int(names as i64).str(" indices, at most ");
        return err(0, text.int(MAX_RANK as i64).str(" are supported"));
    }
    if at + 1 >= spec.len() || spec[at + 1] != b'>' {
        return err(0, start(op).str("the specification must name its result: `ij,jk->ik`"));
    }
    at += 2;
    let mut out = Shape::new(&[]);
    while at < spec.len() {
        let c = spec[at];
        if c.is_ascii_lowercase() {
            if !seen[(c - b'a') as usize] {
                return err(0, start(op).str("the result names an index that no operand has"));
            }
            out = out.push(extents[(c - b'a') as usize]);
        } else if c != b' ' {
            return err(0, start(op).str("the specification takes lower-case letters, `,` and `->`"));
        }
        at += 1;
    }
    let mut i = 1;
    while i < args.len() {
        if args[0].elem.differs(args[i].elem) {
            return err(i, mixed(op, args[0], args[i], dims));
        }
        i += 1;
    }
    Ok(Ty::new(args[0].elem, out))
}

impl Pattern {
    /// The extents of the atoms for an input of shape `x`, the missing one of each dimension solved.
    pub const fn solve(&self, x: &Shape) -> [Extent; MAX_RANK] {
        atoms(self, x)
    }
}
