//! Transposes of linear operations: the cotangents of the operands from the cotangent of the result.

use super::build::{kept, resolved};
use super::custom;
use crate::error::Error;
use crate::op::{Flag, Lit, Op, class};
use crate::trace::{Builder, Value};
use crate::types::{Axis, DType, Shape};

/// The cotangents of `args`, given that of the result; `linear` says of which operands `op` is a linear function
/// here, and only they get one.
///
/// # Errors
/// [`Error::Internal`] for an operation that is not linear: a jvp rule appended it on a tangent.
#[allow(unreachable_patterns, reason = "the pattern of a class has the linear operations again")]
pub fn transpose(
    op: &Op,
    args: &[Value],
    linear: &[bool],
    ct: Value,
    b: &mut Builder,
) -> Result<Vec<Option<Value>>, Error> {
    let x = args.first().map(|&x| (x, b.sizes(x)));
    let Some((x, sizes)) = x else { return Err(not_linear(op)) };
    let one = |v: Value| Ok(std::iter::once(Some(v)).chain(args[1..].iter().map(|_| None)).collect());
    match *op {
        Op::Neg => one(b.neg(ct)),
        Op::Cast { .. } => one(b.cast(ct, b.dtype(x))),
        Op::Barrier | Op::DebugPrint { .. } => one(ct),
        Op::Add => Ok(each(args, linear, b, |_, _| ct)),
        Op::Sub => {
            let mut cts = each(args, linear, b, |_, _| ct);
            // After the sum, where there are fewest elements.
            cts[1] = cts[1].map(|ct| b.neg(ct));
            Ok(cts)
        }
        Op::Mul if linear[0] != linear[1] => Ok(each(args, linear, b, |b, i| b.mul(ct, args[1 - i]))),
        Op::Div if !linear[1] => Ok(each(args, linear, b, |b, _| b.div(ct, args[1]))),
        Op::Select if !linear[0] => Ok(each(args, linear, b, |b, i| {
            let zero = b.scalar_like(ct, 0.0);
            if i == 1 { b.select(args[0], ct, zero) } else { b.select(args[0], zero, ct) }
        })),

        Op::Sum { axes, .. } => {
            let ct = b.reshape(ct, kept(&sizes, &resolved(axes, sizes.len())));
            one(b.expand(ct, Shape::of(&sizes)))
        }
        Op::Cumsum { axis, reverse } => {
            one(b.op(Op::Cumsum { axis, reverse: Flag::new(!reverse.is_yes()) }, &[ct]))
        }

        Op::Reshape { .. } => one(b.reshape(ct, Shape::of(&sizes))),
        Op::Permute { axes } => {
            let mut inverse = vec![0; sizes.len()];
            for (i, a) in resolved(axes, sizes.len()).into_iter().enumerate() {
                inverse[a] = i;
            }
            one(b.permute(ct, &inverse))
        }
        Op::Expand { .. } => one(b.sum_to(ct, Shape::of(&sizes))),
        Op::Slice { start, end } => {
            let hi: Vec<usize> = sizes.iter().zip(end.sizes()).map(|(&size, end)| size - end).collect();
            one(b.pad_zero(ct, &start.sizes(), &hi))
        }
        Op::Pad { lo, .. } => {
            let lo = lo.sizes();
            let end: Vec<usize> = lo.iter().zip(&sizes).map(|(&lo, &size)| lo + size).collect();
            one(b.slice(ct, &lo, &end))
        }
        Op::Flip { .. } => one(b.op(*op, &[ct])),
        Op::Cat { axis } => {
            let axis = axis.resolve(sizes.len()).unwrap_or(0);
            let mut at = 0;
            Ok(args
                .iter()
                .zip(linear)
                .map(|(&a, &linear)| {
                    let len = b.sizes(a)[axis];
                    at += len;
                    linear.then(|| b.narrow(ct, axis, at - len, len))
                })
                .collect())
        }
        Op::SliceUpdate { axis } => Ok(slice_update(axis, args, linear, ct, b)),
        Op::Take { axis } => {
            let axis = axis.resolve(sizes.len()).unwrap_or(0);
            let extent = Shape::of(&sizes).at(axis);
            one(b.op(Op::IndexAdd { axis: Axis(axis as i32), extent }, &[ct, args[1]]))
        }
        Op::IndexAdd { axis, .. } => one(index_add(axis, args[1], ct, b)),
        Op::Gather { axis } => one(gather(axis, &sizes, args[1], ct, b)),
        Op::ScatterAdd { axis, .. } => one(scatter_add(axis, args[1], ct, b)),

        Op::Custom { op, tangent: Flag::Yes, .. } => custom::cotangents(op, args, linear, ct, b),
        Op::Custom { .. } => Err(not_linear(op)),
        Op::Matmul | Op::MatmulWide { .. } if linear[0] != linear[1] => {
            let (v, w) = (args[0], args[1]);
            Ok(vec![
                linear[0].then(|| matmul_left(op, v, w, ct, b)),
                linear[1].then(|| matmul_right(op, v, w, ct, b)),
            ])
        }
        Op::Linear { bias: Flag::No } if linear[0] != linear[1] => {
            Ok(vec![linear[0].then(|| linear_x(args, ct, b)), linear[1].then(|| linear_w(args, ct, b))])
        }
        Op::Dropout { .. } => one(b.op(*op, &[ct, args[1]])),
        Op::Embedding => {
            let extent = b.shape(args[1]).at(0);
            Ok(vec![None, Some(b.op(Op::IndexAdd { axis: Axis(0), extent }, &[ct, args[0]]))])
        }

        // Not linear, or not in both operands at once. Composites that are linear are no exception: their jvp rules
        // append primitives.
        class!(Op, Creation) | class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) => {
            Err(not_linear(op))
        }
        class!(Op, UnaryLogic) | class!(Op, Binary) | class!(Op, Compare) | class!(Op, BinaryLogic) => {
            Err(not_linear(op))
        }
        class!(Op, Elementwise) | class!(Op, Reduce) | class!(Op, Along) | class!(Op, Contract) => {
            Err(not_linear(op))
        }
        class!(Op, Key) | class!(Op, Draw) | class!(Op, Identity) => Err(not_linear(op)),
        class!(Op, CompositeUnary)
        | class!(Op, CompositeReduce)
        | class!(Op, CompositeAlong)
        | class!(Op, Composite) => Err(not_linear(op)),
    }
}

fn not_linear(op: &Op) -> Error {
    Error::Internal { pass: "differentiate".into(), what: format!("`{}` is not transposed", op.name()) }
}

/// `f` for each linear operand, summed over the dimensions along which the operand was broadcast.
fn each(
    args: &[Value],
    linear: &[bool],
    b: &mut Builder,
    f: impl Fn(&mut Builder, usize) -> Value,
) -> Vec<Option<Value>> {
    (0..args.len())
        .map(|i| {
            linear[i].then(|| {
                let ct = f(b, i);
                let shape = b.shape(args[i]);
                b.sum_to(ct, shape)
            })
        })
        .collect()
}

/// `x` loses what was overwritten; the update gets it.
fn slice_update(
    axis: Axis,
    args: &[Value],
    linear: &[bool],
    ct: Value,
    b: &mut Builder,
) -> Vec<Option<Value>> {
    let (x, update, start) = (args[0], args[1], args[2]);
    let at = axis.resolve(b.rank(x)).unwrap_or(0);
    let (size, len) = (b.sizes(x)[at], b.sizes(update)[at]);
    let dx = linear[0].then(|| {
        let zeros = b.zeros_like(update);
        b.op(Op::SliceUpdate { axis }, &[ct, zeros, start])
    });
    let du = linear[1].then(|| {
        // In i64: the indices may lie above what the start's type holds.
        let start = b.cast(start, DType::I64);
        let zero = b.scalar_like(start, 0.0);
        let low = b.maximum(start, zero);
        let last = b.lit_like(start, Lit::I((size - len) as i128));
        let first = b.minimum(low, last);
        let steps = b.iota(b.dtype(start), &[len], 0);
        let indices = b.add(first, steps);
        b.op(Op::Take { axis: Axis(at as i32) }, &[ct, indices])
    });
    vec![dx, du, None]
}

/// The slices at the indices; zeros where an index was out of range, since nothing was added there.
fn index_add(axis: Axis, i: Value, ct: Value, b: &mut Builder) -> Value {
    let at = axis.0.max(0) as usize;
    let inside = b.in_range(i, b.sizes(ct)[at]);
    let zero = b.scalar_like(i, 0.0);
    let safe = b.select(inside, i, zero);
    let y = b.op(Op::Take { axis: Axis(at as i32) }, &[ct, safe]);
    let mut mask = vec![1; b.rank(y)];
    mask[at..at + b.rank(i)].copy_from_slice(&b.sizes(i));
    let mask = b.reshape(inside, Shape::of(&mask));
    b.select_c(mask, y, 0.0)
}

/// Scattered back along `axis`; the indices may span less of the other dimensions than `x`.
fn gather(axis: Axis, sizes: &[usize], i: Value, ct: Value, b: &mut Builder) -> Value {
    let at = axis.resolve(sizes.len()).unwrap_or(0);
    let extent = Shape::of(sizes).at(at);
    let y = b.op(Op::ScatterAdd { axis: Axis(at as i32), extent }, &[ct, i]);
    let hi: Vec<usize> = sizes.iter().zip(b.sizes(y)).map(|(&size, have)| size - have).collect();
    b.pad_zero(y, &vec![0; sizes.len()], &hi)
}

fn scatter_add(axis: Axis, i: Value, ct: Value, b: &mut Builder) -> Value {
    let at = axis.resolve(b.rank(ct)).unwrap_or(0);
    let inside = b.in_range(i, b.sizes(ct)[at]);
    let zero = b.scalar_like(i, 0.0);
    let safe = b.select(inside, i, zero);
    let y = b.op(Op::Gather { axis }, &[ct, safe]);
    b.select_c(inside, y, 0.0)
}

/// `ct @ wᵀ`, by the product `op`
fn matmul_left(op: &Op, v: Value, w: Value, ct: Value, b: &mut Builder) -> Value {
    let (shape, dtype) = (b.shape(v), b.dtype(v));
    let wt = b.transpose_last(w);
    let y = b.op(*op, &[ct, wt]);
    let y = b.sum_to(y, shape);
    b.cast(y, dtype)
}

/// `vᵀ @ ct`; where `w` has no leading dimensions, those of `v` are summed by the product itself.
fn matmul_right(op: &Op, v: Value, w: Value, ct: Value, b: &mut Builder) -> Value {
    let (shape, dtype) = (b.shape(w), b.dtype(w));
    let y = if shape.rank() == 2 && b.rank(v) > 2 {
        rows_product(op, v, ct, b)
    } else {
        let vt = b.transpose_last(v);
        let y = b.op(*op, &[vt, ct]);
        b.sum_to(y, shape)
    };
    b.cast(y, dtype)
}

/// `aᵀ @ c` over all rows of both, by the product `op`.
fn rows_product(op: &Op, a: Value, c: Value, b: &mut Builder) -> Value {
    let (a, c) = (b.rows(a), b.rows(c));
    let at = b.permute(a, &[1, 0]);
    b.op(*op, &[at, c])
}

/// `ct @ w`
fn linear_x(args: &[Value], ct: Value, b: &mut Builder) -> Value {
    let shape = b.shape(args[0]);
    let rows = b.rows(ct);
    let y = b.matmul(rows, args[1]);
    b.reshape(y, shape)
}

/// `ctᵀ @ x`
fn linear_w(args: &[Value], ct: Value, b: &mut Builder) -> Value {
    rows_product(&Op::Matmul, ct, args[0], b)
}
