//! Derivatives of composites that know a better one than their decomposition's.

use super::super::decompose::{Attention, Targets, target_distribution};
use crate::op::{Causal, Flag, Lit, Op, Reduction};
use crate::trace::{Builder, Value};
use crate::types::{Axis, Shape};

/// `y (dx - Σ y dx)`
pub(super) fn softmax(y: Value, dx: Value, axis: Axis, b: &mut Builder) -> Value {
    let dtype = b.dtype(y);
    let axes: Vec<usize> = axis.resolve(b.rank(y)).into_iter().collect();
    let (y, dx) = (b.widen(y), b.widen(dx));
    let product = b.mul(dx, y);
    let sum = b.sum(product, &axes, true);
    let back = b.mul(sum, y);
    let dy = b.sub(product, back);
    b.cast(dy, dtype)
}

/// `dx - Σ e^y dx`
pub(super) fn log_softmax(x: Value, y: Value, dx: Value, axis: Axis, b: &mut Builder) -> Value {
    let dtype = b.dtype(y);
    let axes: Vec<usize> = axis.resolve(b.rank(y)).into_iter().collect();
    let (y, dx) = (unrounded(Op::LogSoftmax { axis }, x, y, b), b.widen(dx));
    let p = b.exp(y);
    let product = b.mul(dx, p);
    let sum = b.sum(product, &axes, true);
    let dy = b.sub(dx, sum);
    b.cast(dy, dtype)
}

/// `y = op(x)` in the wide type: computed again where `y` was rounded to 16 bits. The exponential of a logarithm that
/// was is off by its error times its size.
pub(super) fn unrounded(op: Op, x: Value, y: Value, b: &mut Builder) -> Value {
    if b.dtype(y) == b.dtype(y).compute() {
        return y;
    }
    let x = b.widen(x);
    b.op(op, &[x])
}

/// With `n = (x - mean) r` and `r = 1/√(var + eps)`: `w r (dx - mean(dx) - n mean(n dx)) + n dw + db`.
pub(super) fn layer_norm(
    args: &[Value],
    tangents: &[Option<Value>],
    out: Value,
    eps: f64,
    weight: bool,
    bias: bool,
    b: &mut Builder,
) -> Option<Value> {
    let dtype = b.dtype(args[0]);
    let x = b.widen(args[0]);
    let last = [b.rank(x) - 1];
    let mean = b.mean(x, &last);
    let centred = b.sub(x, mean);
    let squares = b.square(centred);
    let var = b.mean(squares, &last);
    let var = b.add_c(var, eps);
    let rstd = b.rsqrt(var);
    let n = b.mul(centred, rstd);
    let dx = tangents[0].map(|dx| {
        let dx = b.widen(dx);
        let mean = b.mean(dx, &last);
        let d = b.sub(dx, mean);
        let product = b.mul(dx, n);
        let along = b.mean(product, &last);
        let along = b.mul(along, n);
        let d = b.sub(d, along);
        let d = b.mul(d, rstd);
        scale(d, weight.then(|| args[1]), b)
    });
    let dw = weight.then(|| tangents[1]).flatten().map(|dw| scale(n, Some(dw), b));
    let at = 1 + usize::from(weight);
    let db = bias.then(|| tangents[at]).flatten().map(|db| b.widen(db));
    total(&[dx, dw, db], out, dtype, b)
}

/// With `r = 1/√(mean(x²) + eps)` and `n = x r`: `w r (dx - n mean(n dx)) + n dw`.
pub(super) fn rms_norm(
    args: &[Value],
    tangents: &[Option<Value>],
    out: Value,
    eps: f64,
    weight: bool,
    b: &mut Builder,
) -> Option<Value> {
    let dtype = b.dtype(args[0]);
    let x = b.widen(args[0]);
    let last = [b.rank(x) - 1];
    let squares = b.square(x);
    let mean = b.mean(squares, &last);
    let mean = b.add_c(mean, eps);
    let r = b.rsqrt(mean);
    let n = b.mul(x, r);
    let dx = tangents[0].map(|dx| {
        let dx = b.widen(dx);
        let product = b.mul(dx, n);
        let along = b.mean(product, &last);
        let along = b.mul(along, n);
        let d = b.sub(dx, along);
        let d = b.mul(d, r);
        scale(d, weight.then(|| args[1]), b)
    });
    let dw = weight.then(|| tangents[1]).flatten().map(|dw| scale(n, Some(dw), b));
    total(&[dx, dw], out, dtype, b)
}

/// `x w`, the weight widened to the type of `x`.
fn scale(x: Value, w: Option<Value>, b: &mut Builder) -> Value {
    let Some(w) = w else { return x };
    let w = b.widen(w);
    b.mul(x, w)
}

/// The sum of the terms there are, in the shape of `out` and the type given.
fn total(terms: &[Option<Value>], out: Value, dtype: crate::types::DType, b: &mut Builder) -> Option<Value> {
    let sum = terms.iter().flatten().copied().reduce(|s, t| b.add(s, t))?;
    let sum = b.expand(sum, b.shape(out));
    Some(b.cast(sum, dtype))
}

/// `Σ (softmax(x) - target) dx / n` over the targets that count, `target` being the smoothed one-hot.
pub(super) fn cross_entropy(
    args: &[Value],
    dx: Value,
    ignore: Option<Lit>,
    s: f64,
    reduction: Reduction,
    b: &mut Builder,
) -> Value {
    let dtype = b.dtype(args[0]);
    let (x, dx) = (b.widen(args[0]), b.widen(dx));
    let last = b.rank(x) - 1;
    let classes = b.sizes(x)[last];
    let Targets { hit, counted, valid, count } =
        target_distribution(args[1], classes, ignore, reduction, b.dtype(x), b);
    let max = b.amax(x, &[last]);
    let shifted = b.sub(x, max);
    let e = b.exp(shifted);
    let sum = b.sum(e, &[last], true);
    let p = b.div(e, sum);
    let (on, off) = (1.0 - s + s / classes as f64, s / classes as f64);
    let (on, off) = (b.scalar_like(p, on), b.scalar_like(p, off));
    let target = b.select(hit, on, off);
    let slope = b.sub(p, target);
    let weight = b.scalar_like(p, 1.0);
    let weight = match count {
        Some(n) => b.div(weight, n),
        None => weight,
    };
    let weight = b.select_c(valid, weight, f64::NAN);
    let slope = match counted {
        Some(counted) => {
            let weight = b.select_c(counted, weight, 0.0);
            let slope = b.mul(slope, weight);
            // Selected, not multiplied: an ignored row contributes 0 even where its logits are infinite.
            b.select_c(counted, slope, 0.0)
        }
        None => b.mul(slope, weight),
    };
    let product = b.mul(dx, slope);
    let all: Vec<usize> = (0..=last).collect();
    let sum = b.sum(product, &all, false);
    b.cast(sum, dtype)
}

/// With `p` the probabilities and `ds = (dq kᵀ + q dkᵀ) * scale + dmask`: `(p (ds - Σ p ds)) v + p dv`.
///
/// Masked scores need no mask here: their `p` is 0.
pub(super) fn sdpa(
    args: &[Value],
    tangents: &[Option<Value>],
    causal: Causal,
    scale: Option<Lit>,
    mask: bool,
    b: &mut Builder,
) -> Option<Value> {
    let attention = Attention::new(args, scale, b);
    let p = attention.probabilities(args, causal, mask, b);
    let wide = b.dtype(p);
    let dq = tangents[0].map(|dq| attention.scores(dq, args[1], b));
    let dk = tangents[1].map(|dk| attention.scores(args[0], dk, b));
    let dm = tangents.get(3).copied().flatten().map(|dm| b.cast(dm, wide));
    let ds = [dq, dk, dm].into_iter().flatten().reduce(|s, t| b.add(s, t)).map(|ds| {
        let ds = b.expand(ds, b.shape(p));
        let product = b.mul(ds, p);
        let sum = b.sum(product, &[b.rank(p) - 1], true);
        let back = b.mul(sum, p);
        let dp = b.sub(product, back);
        attention.mix(dp, args[2], b)
    });
    let dv = tangents[2].map(|dv| attention.mix(p, dv, b));
    let dy = [ds, dv].into_iter().flatten().reduce(|s, t| b.add(s, t))?;
    Some(b.cast(dy, b.dtype(args[2])))
}

/// `dx @ wᵀ + x @ dwᵀ + db`
pub(super) fn linear(
    args: &[Value],
    tangents: &[Option<Value>],
    out: Value,
    b: &mut Builder,
) -> Option<Value> {
    let bare = Op::Linear { bias: Flag::No };
    let dx = tangents[0].map(|dx| b.op(bare, &[dx, args[1]]));
    let dw = tangents[1].map(|dw| b.op(bare, &[args[0], dw]));
    let db = tangents.get(2).copied().flatten();
    let dtype = b.dtype(out);
    let shape: Shape = b.shape(out);
    let sum = [dx, dw, db].into_iter().flatten().reduce(|s, t| b.add(s, t))?;
    let sum = b.expand(sum, shape);
    Some(b.cast(sum, dtype))
}
