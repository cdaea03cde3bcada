//! Derivatives of elementwise operations.

use super::super::decompose::{gelu_argument, upper_tail};
use super::none;
use crate::error::Error;
use crate::op::{Lit, Op};
use crate::trace::{Builder, Value};
use crate::types::{DType, Elem};
use std::f64::consts::{FRAC_2_PI, FRAC_2_SQRT_PI, LOG2_E, PI};

/// `sign(x) dx`: 0 at 0 and at NaN
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

/// `log₂e dx / x`: not `dx / (x ln 2)`, where x ln 2 underflows
pub(super) fn log2(x: Value, dx: Value, b: &mut Builder) -> Value {
    let natural = b.div(dx, x);
    b.mul_c(natural, LOG2_E)
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

/// `2/√π e^(-x²) dx`, times the sign given: -1 for `erfc`
pub(super) fn erf(x: Value, sign: f64, dx: Value, b: &mut Builder) -> Value {
    let square = b.square(x);
    let neg = b.neg(square);
    let e = b.exp(neg);
    scaled(e, sign * FRAC_2_SQRT_PI, dx, b)
}

/// `y (1 - y) dx`
pub(super) fn sigmoid(y: Value, dx: Value, b: &mut Builder) -> Value {
    let rest = b.c_sub(1.0, y);
    let slope = b.mul(y, rest);
    b.mul(dx, slope)
}

/// 0 where `x <= 0`, else `dx`, at NaN too
pub(super) fn relu(x: Value, dx: Value, b: &mut Builder) -> Value {
    let off = b.compare_c(Op::Le, x, 0.0);
    let zero = b.scalar_like(dx, 0.0);
    b.select(off, zero, dx)
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

/// `x` where a slope still changes: beyond ±`far` it is 0 or 1 in every float type, and so it stays there where x² or x³
/// overflows, and at infinity.
fn within(x: Value, far: f64, b: &mut Builder) -> Value {
    b.op(Op::Clamp { lo: Lit::F(-far), hi: Lit::F(far) }, &[x])
}

fn gelu_slope(x: Value, b: &mut Builder) -> Value {
    let x = within(x, 50.0, b);
    let twice = upper_tail(x, b);
    let cdf = b.mul_c(twice, 0.5);
    let square = b.square(x);
    let exponent = b.mul_c(square, -0.5);
    let e = b.exp(exponent);
    let pdf = b.mul_c(e, 1.0 / (2.0 * PI).sqrt());
    let tail = b.mul(x, pdf);
    b.add(cdf, tail)
}

/// `s + x s (1 - s) 2u'`, with `s = σ(2u)`, the approximation of Φ.
fn gelu_tanh_slope(x: Value, b: &mut Builder) -> Value {
    let x = within(x, 50.0, b);
    let u = gelu_argument(x, b);
    let s = b.sigmoid(u);
    let square = b.square(x);
    let root = 2.0 * FRAC_2_PI.sqrt();
    let du = b.mul_c(square, 3.0 * 0.044715 * root);
    let du = b.add_c(du, root);
    let rest = b.c_sub(1.0, s);
    let both = b.mul(s, rest);
    let tail = b.mul(x, du);
    let tail = b.mul(tail, both);
    b.add(s, tail)
}

/// `(s + x s (1 - s)) dx`, with `s = σ(x)`
pub(super) fn silu(x: Value, dx: Value, b: &mut Builder) -> Value {
    wide_slope(x, dx, b, |x, b| {
        let x = within(x, 1000.0, b);
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

/// `dx` where `lo <= x <= hi`, the bounds included; 0 elsewhere, at NaN too
pub(super) fn clamp(x: Value, lo: Lit, hi: Lit, dx: Value, b: &mut Builder) -> Value {
    let (lo, hi) = (b.lit_like(x, lo), b.lit_like(x, hi));
    let (above, below) = (b.ge(x, lo), b.le(x, hi));
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

/// `dx / y`, `-z (dy / y)`
///
/// The reverse of the second is `z dz / y`: neither `1 / y²` nor `z / y` is computed, which overflow where the derivative
/// does not.
pub(super) fn div(args: &[Value], z: Value, i: usize, t: Value, b: &mut Builder) -> Value {
    let share = b.div(t, args[1]);
    if i == 0 {
        return share;
    }
    let product = b.mul(share, z);
    b.neg(product)
}

/// `dx`, `-q dy`, where `q = (x - z) / y` is the whole number of times that y was subtracted
///
/// Not `trunc(x / y)`: the quotient may round up to the next whole number, as 1 / 0.1 does in f32.
pub(super) fn rem(args: &[Value], z: Value, i: usize, t: Value, b: &mut Builder) -> Value {
    if i == 0 {
        return t;
    }
    let taken = b.sub(z, args[0]);
    let ratio = b.div(taken, args[1]);
    // Constant between its steps: a second derivative passes it by.
    let ratio = b.op(Op::StopGradient, &[ratio]);
    let slope = b.op(Op::Round, &[ratio]);
    b.mul(t, slope)
}

/// `y x^(y-1) dx`, 0 where `y = 0`; `z ln x dy`, 0 where `x = 0` and `y >= 0`
pub(super) fn pow(args: &[Value], z: Value, i: usize, t: Value, b: &mut Builder) -> Value {
    let (x, y) = (args[0], args[1]);
    if i == 0 {
        let slope = pow_slope(x, y, z, b);
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

/// `y x^(y-1)`; where `y - 1` is rounded, and x is finite and not 0, `y z / x`.
///
/// Rounding the exponent changes the sign of a power of a negative number, where y is above the whole numbers that the
/// type holds, and makes it overflow where y is tiny.
fn pow_slope(x: Value, y: Value, z: Value, b: &mut Builder) -> Value {
    let less = b.add_c(y, -1.0);
    // It lost some of y, or some of the 1.
    let (again, step) = (b.add_c(less, 1.0), b.sub(y, less));
    let (tiny, huge) = (b.ne(again, y), b.compare_c(Op::Ne, step, 1.0));
    let rounded = b.op(Op::Or, &[tiny, huge]);
    let (finite, off_zero) = (b.op(Op::IsFinite, &[x]), b.compare_c(Op::Ne, x, 0.0));
    let proper = b.and(finite, off_zero);
    let by_quotient = b.and(rounded, proper);
    // Each way computes with 1 where the other one counts: a derivative of this one is finite where it is not used.
    let one = b.scalar_like(x, 1.0);
    let (base, divisor) = (b.select(by_quotient, one, x), b.select(by_quotient, x, one));
    let power = b.pow(base, less);
    let power = b.mul(y, power);
    let quotient = b.mul(y, z);
    let quotient = b.div(quotient, divisor);
    b.select(by_quotient, quotient, power)
}

/// `(x dy - y dx) / (x² + y²)`, the operands being `(y, x)`
///
/// Both are divided by the greater one first, so that no square under- or overflows. As the divisor cancels, it is a
/// constant to second derivatives.
pub(super) fn atan2(args: &[Value], i: usize, t: Value, b: &mut Builder) -> Value {
    let (y, x) = (args[0], args[1]);
    let (high, wide) = (b.op(Op::Abs, &[y]), b.op(Op::Abs, &[x]));
    let most = b.maximum(high, wide);
    let most = b.op(Op::StopGradient, &[most]);
    let (y, x) = (b.div(y, most), b.div(x, most));
    let (y2, x2) = (b.square(y), b.square(x));
    let norm = b.add(y2, x2);
    let numerator = if i == 0 { x } else { b.neg(y) };
    let slope = b.div(numerator, norm);
    let slope = b.div(slope, most);
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
