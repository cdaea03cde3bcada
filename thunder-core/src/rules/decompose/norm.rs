//! Statistics, softmax, normalisation and activations.

use super::super::build::{kept, resolved};
use super::wide;
use crate::op::Op;
use crate::trace::{Builder, Value};
use crate::types::{Axes, Axis, Shape};

/// `y`, whose `axes` were kept with extent 1, without them unless `keepdim`.
fn drop_axes(y: Value, axes: &[usize], keepdim: bool, b: &mut Builder) -> Value {
    if keepdim {
        return y;
    }
    let sizes: Vec<usize> =
        b.sizes(y).into_iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, s)| s).collect();
    b.reshape(y, Shape::of(&sizes))
}

fn along(axis: Axis, rank: usize) -> Vec<usize> {
    axis.resolve(rank).into_iter().collect()
}

/// `Σ x / n`.
pub(super) fn mean(x: Value, axes: Axes, keepdim: bool, b: &mut Builder) -> Value {
    wide(x, b, |x, b| {
        let axes = resolved(axes, b.rank(x));
        let n: usize = axes.iter().map(|&a| b.sizes(x)[a]).product();
        let sum = b.sum(x, &axes, keepdim);
        b.div_c(sum, n as f64)
    })
}

/// `Σ (x - mean)² / (n - correction)`: two passes, so that nothing cancels.
pub(super) fn var(x: Value, axes: Axes, keepdim: bool, correction: u8, b: &mut Builder) -> Value {
    wide(x, b, |x, b| {
        let axes = resolved(axes, b.rank(x));
        let n: usize = axes.iter().map(|&a| b.sizes(x)[a]).product();
        let mean = b.mean(x, &axes);
        let centred = b.sub(x, mean);
        let squares = b.square(centred);
        let sum = b.sum(squares, &axes, keepdim);
        // Not the shorthand: 0 / 0 must be NaN, as for one element with correction 1.
        let n = b.scalar_like(sum, (n as f64 - f64::from(correction)).max(0.0));
        b.div(sum, n)
    })
}

/// `max + ln Σ e^(x - max)`; a row of `-∞` gives `-∞`, one with `+∞` gives `+∞`.
pub(super) fn logsumexp(x: Value, axes: Axes, keepdim: bool, b: &mut Builder) -> Value {
    wide(x, b, |x, b| {
        let axes = resolved(axes, b.rank(x));
        let max = b.amax(x, &axes);
        let finite = b.op(Op::IsFinite, &[max]);
        let shift = b.select_c(finite, max, 0.0);
        let shifted = b.sub(x, shift);
        let e = b.exp(shifted);
        let sum = b.sum(e, &axes, true);
        let log = b.log(sum);
        let y = b.add(log, shift);
        drop_axes(y, &axes, keepdim, b)
    })
}

/// `e^(x - max) / Σ e^(x - max)`; a row of `-∞` gives NaN, as in PyTorch.
pub(super) fn softmax(x: Value, axis: Axis, b: &mut Builder) -> Value {
    wide(x, b, |x, b| {
        let axes = along(axis, b.rank(x));
        let max = b.amax(x, &axes);
        let shifted = b.sub(x, max);
        let e = b.exp(shifted);
        let sum = b.sum(e, &axes, true);
        // One division a row: of each element it would cost as much as all the rest.
        let share = b.reciprocal(sum);
        b.mul(e, share)
    })
}

/// `x - max - ln Σ e^(x - max)`.
pub(super) fn log_softmax(x: Value, axis: Axis, b: &mut Builder) -> Value {
    wide(x, b, |x, b| {
        let axes = along(axis, b.rank(x));
        let max = b.amax(x, &axes);
        let shifted = b.sub(x, max);
        let e = b.exp(shifted);
        let sum = b.sum(e, &axes, true);
        let log = b.log(sum);
        b.sub(shifted, log)
    })
}

/// `(x - mean) / √(var + eps) * w + b` over the last dimension.
pub(super) fn layer_norm(args: &[Value], eps: f64, weight: bool, bias: bool, b: &mut Builder) -> Value {
    wide(args[0], b, |x, b| {
        let last = [b.rank(x) - 1];
        let mean = b.mean(x, &last);
        let centred = b.sub(x, mean);
        let squares = b.square(centred);
        let var = b.mean(squares, &last);
        let var = b.add_c(var, eps);
        let rstd = b.rsqrt(var);
        let y = b.mul(centred, rstd);
        affine(y, &args[1..], weight, bias, b)
    })
}

/// `x / √(mean(x²) + eps) * w` over the last dimension.
pub(super) fn rms_norm(args: &[Value], eps: f64, weight: bool, b: &mut Builder) -> Value {
    wide(args[0], b, |x, b| {
        let last = [b.rank(x) - 1];
        let squares = b.square(x);
        let mean = b.mean(squares, &last);
        let mean = b.add_c(mean, eps);
        let scale = b.rsqrt(mean);
        let y = b.mul(x, scale);
        affine(y, &args[1..], weight, false, b)
    })
}

fn affine(mut y: Value, rest: &[Value], weight: bool, bias: bool, b: &mut Builder) -> Value {
    let mut rest = rest.iter();
    if let (true, Some(&w)) = (weight, rest.clone().next()) {
        rest.next();
        let w = b.widen(w);
        y = b.mul(y, w);
    }
    if let (true, Some(&c)) = (bias, rest.next()) {
        let c = b.widen(c);
        y = b.add(y, c);
    }
    y
}

/// `x Φ(x)`; with `tanh`, `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`. Hendrycks and Gimpel, 2016.
pub(super) fn gelu(x: Value, tanh: bool, b: &mut Builder) -> Value {
    if tanh {
        let u = gelu_argument(x, b);
        let share = b.sigmoid(u);
        return b.mul(x, share);
    }
    let half = b.mul_c(x, 0.5);
    let tail = upper_tail(x, b);
    b.mul(half, tail)
}

/// `2 Φ(x) = erfc(-x/√2)`. Not `1 + erf(x/√2)`: that loses what is left of it where x is far below 0.
pub(crate) fn upper_tail(x: Value, b: &mut Builder) -> Value {
    let u = b.mul_c(x, -std::f64::consts::FRAC_1_SQRT_2);
    b.op(Op::Erfc, &[u])
}

/// `2u`, of `u = √(2/π) (x + 0.044715 x³)`: `(1 + tanh u)/2` is `σ(2u)`, which keeps the left tail.
pub(crate) fn gelu_argument(x: Value, b: &mut Builder) -> Value {
    let square = b.square(x);
    let cubic = b.mul_c(square, 0.044715);
    let cubic = b.add_c(cubic, 1.0);
    let cubic = b.mul(x, cubic);
    b.mul_c(cubic, 2.0 * std::f64::consts::FRAC_2_PI.sqrt())
}

/// `max(x, 0) + ln(1 + e^-|x|)`: no overflow.
pub(super) fn softplus(x: Value, b: &mut Builder) -> Value {
    let zero = b.scalar_like(x, 0.0);
    let positive = b.maximum(x, zero);
    let abs = b.op(Op::Abs, &[x]);
    let neg = b.neg(abs);
    let e = b.exp(neg);
    let tail = b.op(Op::Log1p, &[e]);
    b.add(positive, tail)
}

/// The probabilities `e^x / Σ e^x` along the last dimension, where a row of `-∞` gives zeros: what attention
/// needs of a query that sees no key.
pub(super) fn masked_softmax(x: Value, b: &mut Builder) -> Value {
    let last = [b.rank(x) - 1];
    let max = b.amax(x, &last);
    let none = b.compare_c(Op::Eq, max, f64::NEG_INFINITY);
    let zero = b.scalar_like(max, 0.0);
    let shift = b.select(none, zero, max);
    let shifted = b.sub(x, shift);
    let e = b.exp(shifted);
    let sum = b.sum(e, &last, true);
    let one = b.scalar_like(sum, 1.0);
    let sum = b.select(none, one, sum);
    let share = b.reciprocal(sum);
    let share = b.expand(share, kept(&b.sizes(x), &last));
    b.mul(e, share)
}
