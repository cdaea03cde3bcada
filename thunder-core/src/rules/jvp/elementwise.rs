//! Derivatives of elementwise operations.

use super::none;
use crate::error::Error;
use crate::op::{Lit, Op};
use crate::trace::{Builder, Value};
use crate::types::{DType, Elem};
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, FRAC_2_SQRT_PI, LN_2, PI};

/// `sign(x) dx`
pub(super) fn abs(x: Value, dx: Value, b: &mut Builder) -> Value {
    // Constant on either side of 0: a second derivative passes it by.
    let x = b.op(Op::StopGradient, &[x]);
    let sign = b.op(Op::Sign, &[x]);
    b.mul(dx, sign)
}

/// `2 x dx`
pub(super) fn square(x: Value, dx: Value, b: &mut Builder) -> Value {
    let slope = b.mul_c(x, 2.0);
    b.mul(dx, slope)
}

/// `-y² dx`
pub(super) fn reciprocal(y: Value, dx: Value, b: &mut Builder) -> Value {
    let square = b.square(y);
    let slope = b.neg(square);
    b.mul(dx, slope)
}

/// `dx / 2y`
pub(super) fn sqrt(y: Value, dx: Value, b: &mut Builder) -> Value {
    let twice = b.mul_c(y, 2.0);
    b.div(dx, twice)
}

/// `-y/2x dx`
pub(super) fn rsqrt(x: Value, y: Value, dx: Value, b: &mut Builder) -> Value {
    let half = b.mul_c(y, -0.5);
    let slope = b.div(half, x);
    b.mul(dx, slope)
}

/// `c y dx`
pub(super) fn scaled(y: Value, c: f64, dx: Value, b: &mut Builder) -> Value {
    let slope = b.mul_c(y, c);
    b.mul(dx, slope)
}

/// `(y + 1) dx`
pub(super) fn expm1(y: Value, dx: Value, b: &mut Builder) -> Value {
    let slope = b.add_c(y, 1.0);
    b.mul(dx, slope)
}

/// `dx / (x ln 2)`
pub(super) fn log2(x: Value, dx: Value, b: &mut Builder) -> Value {
    let below = b.mul_c(x, LN_2);
    b.div(dx, below)
}

/// `dx / (x + 1)`
pub(super) fn log1p(x: Value, dx: Value, b: &mut Builder) -> Value {
    let below = b.add_c(x, 1.0);
    b.div(dx, below)
}

/// `cos x dx`
pub(super) fn sin(x: Value, dx: Value, b: &mut Builder) -> Value {
    let slope = b.op(Op::Cos, &[x]);
    b.mul(dx, slope)
}

/// `-sin x dx`
pub(super) fn cos(x: Value, dx: Value, b: &mut Builder) -> Value {
    let sin = b.op(Op::Sin, &[x]);
    let slope = b.neg(sin);
    b.mul(dx, slope)
}

/// `(1 - y²) dx`
pub(super) fn tanh(y: Value, dx: Value, b: &mut Builder) -> Value {
    let square = b.square(y);
    let slope = b.c_sub(1.0, square);
    b.mul(dx, slope)
}

/// `2/√π e^(-x²) dx`
pub(super) fn erf(x: Value, dx: Value, b: &mut Builder) -> Value {
    let square = b.square(x);
    let neg = b.neg(square);
    let e = b.exp(neg);
    scaled(e, FRAC_2_SQRT_PI, dx, b)
}

/// `y (1 - y) dx`
pub(super) fn sigmoid(y: Value, dx: Value, b: &mut Builder) -> Value {
    let rest = b.c_sub(1.0, y);
    let slope = b.mul(y, rest);
    b.mul(dx, slope)
}

/// `dx` where `x > 0`
pub(super) fn relu(x: Value, dx: Value, b: &mut Builder) -> Value {
    let on = b.compare_c(Op::Gt, x, 0.0);
    b.select_c(on, dx, 0.0)
}

/// `f(x)`, a slope computed in the wide type, times `dx`.
fn wide_slope(x: Value, dx: Value, b: &mut Builder, f: impl FnOnce(Value, &mut Builder) -> Value) -> Value {
    let dtype = b.dtype(x);
    let x = b.widen(x);
    let slope = f(x, b);
    let dx = b.widen(dx);
    let dy = b.mul(dx, slope);
    b.cast(dy, dtype)
}

/// `(Φ(x) + x φ(x)) dx`, and the derivative of the approximation with `tanh`.
pub(super) fn gelu(x: Value, approximate: bool, dx: Value, b: &mut Builder) -> Value {
    wide_slope(x, dx, b, |x, b| if approximate { gelu_tanh_slope(x, b) } else { gelu_slope(x, b) })
}

fn gelu_slope(x: Value, b: &mut Builder) -> Value {
    let u = b.mul_c(x, FRAC_1_SQRT_2);
    let erf = b.op(Op::Erf, &[u]);
    let one = b.add_c(erf, 1.0);
    let cdf = b.mul_c(one, 0.5);
    let square = b.square(x);
    let exponent = b.mul_c(square, -0.5);
    let e = b.exp(exponent);
    let pdf = b.mul_c(e, 1.0 / (2.0 * PI).sqrt());
    let tail = b.mul(x, pdf);
    b.add(cdf, tail)
}

/// `(1 + t)/2 + x (1 - t²)/2 u'`, with `t = tanh u`.
fn gelu_tanh_slope(x: Value, b: &mut Builder) -> Value {
    let root = FRAC_2_PI.sqrt();
    let square = b.square(x);
    let cubic = b.mul_c(square, 0.044715);
    let cubic = b.add_c(cubic, 1.0);
    let cubic = b.mul(x, cubic);
    let u = b.mul_c(cubic, root);
    let t = b.tanh(u);
    let one = b.add_c(t, 1.0);
    let head = b.mul_c(one, 0.5);
    let du = b.mul_c(square, 3.0 * 0.044715 * root);
    let du = b.add_c(du, root);
    let t2 = b.square(t);
    let sech2 = b.c_sub(1.0, t2);
    let half = b.mul_c(x, 0.5);
    let tail = b.mul(half, sech2);
    let tail = b.mul(tail, du);
    b.add(head, tail)
}

/// `(s + x s (1 - s)) dx`, with `s = σ(x)`
pub(super) fn silu(x: Value, dx: Value, b: &mut Builder) -> Value {
    wide_slope(x, dx, b, |x, b| {
        let s = b.sigmoid(x);
        let rest = b.c_sub(1.0, s);
        let inner = b.mul(x, rest);
        let inner = b.add_c(inner, 1.0);
        b.mul(s, inner)
    })
}

/// `σ(x) dx`
pub(super) fn softplus(x: Value, dx: Value, b: &mut Builder) -> Value {
    wide_slope(x, dx, b, |x, b| b.sigmoid(x))
}

/// `dx` where `lo <= x <= hi`
pub(super) fn clamp(x: Value, lo: Lit, hi: Lit, dx: Value, b: &mut Builder) -> Value {
    let (above, below) = (b.compare_c(Op::Ge, x, lo.to_f64()), b.compare_c(Op::Le, x, hi.to_f64()));
    let inside = b.and(above, below);
    b.select_c(inside, dx, 0.0)
}

/// A float type casts the tangent; `bool` is a test, like a comparison; an integer has no derivative.
pub(super) fn cast(op: &Op, elem: Elem, dx: Value, b: &mut Builder) -> Result<Option<Value>, Error> {
    match elem.known() {
        Some(d) if d.is_float() => Ok(Some(b.cast(dx, d))),
        Some(DType::Bool) => Ok(None),
        _ => Err(none(op, b)),
    }
}

/// `dx / y`, `-z / y dy`
pub(super) fn div(args: &[Value], z: Value, i: usize, t: Value, b: &mut Builder) -> Value {
    if i == 0 {
        return b.div(t, args[1]);
    }
    let ratio = b.div(z, args[1]);
    let slope = b.neg(ratio);
    b.mul(t, slope)
}

/// `dx`, `-trunc(x / y) dy`
pub(super) fn rem(args: &[Value], i: usize, t: Value, b: &mut Builder) -> Value {
    if i == 0 {
        return t;
    }
    let ratio = b.div(args[0], args[1]);
    // Constant between its steps: a second derivative passes it by.
    let ratio = b.op(Op::StopGradient, &[ratio]);
    let whole = b.op(Op::Trunc, &[ratio]);
    let slope = b.neg(whole);
    b.mul(t, slope)
}

/// `y x^(y-1) dx`, 0 where `y = 0`; `z ln x dy`, 0 where `x = 0` and `y >= 0`
pub(super) fn pow(args: &[Value], z: Value, i: usize, t: Value, b: &mut Builder) -> Value {
    let (x, y) = (args[0], args[1]);
    if i == 0 {
        let less = b.add_c(y, -1.0);
        let power = b.pow(x, less);
        let slope = b.mul(y, power);
        let flat = b.compare_c(Op::Eq, y, 0.0);
        let zero = b.scalar_like(slope, 0.0);
        let slope = b.select(flat, zero, slope);
        return b.mul(t, slope);
    }
    let (at_zero, up) = (b.compare_c(Op::Eq, x, 0.0), b.compare_c(Op::Ge, y, 0.0));
    let flat = b.and(at_zero, up);
    // The logarithm is kept away from 0, so that its own derivative is finite where it is not used.
    let one = b.scalar_like(x, 1.0);
    let safe = b.select(flat, one, x);
    let log = b.log(safe);
    let slope = b.mul(z, log);
    b.mul(t, slope)
}

/// `(x dy - y dx) / (x² + y²)`, the operands being `(y, x)`
pub(super) fn atan2(args: &[Value], i: usize, t: Value, b: &mut Builder) -> Value {
    let (y, x) = (args[0], args[1]);
    let (y2, x2) = (b.square(y), b.square(x));
    let norm = b.add(y2, x2);
    let numerator = if i == 0 { x } else { b.neg(y) };
    let slope = b.div(numerator, norm);
    b.mul(t, slope)
}

/// The tangent of the operand that wins; both by half where they tie.
pub(super) fn extremum(args: &[Value], wins: Op, i: usize, t: Value, b: &mut Builder) -> Value {
    let (mine, other) = (args[i], args[1 - i]);
    let lost = b.op(wins, &[other, mine]);
    let tie = b.eq(mine, other);
    let half = b.mul_c(t, 0.5);
    let whole = b.select(tie, half, t);
    let zero = b.scalar_like(t, 0.0);
    b.select(lost, zero, whole)
}

/// The tangent of the operand that was chosen.
pub(super) fn select(args: &[Value], tangents: &[Option<Value>], out: Value, b: &mut Builder) -> Value {
    let zero = b.scalar_like(out, 0.0);
    let (dx, dy) = (tangents[1].unwrap_or(zero), tangents[2].unwrap_or(zero));
    let t = b.select(args[0], dx, dy);
    let shape = b.shape(out);
    b.expand(t, shape)
}
