//! Elementwise operations.

use crate::Array;
use thunder_core::op::Op;
use thunder_core::types::DType;

pub(crate) fn eval(op: &Op, args: &[Array], dtype: DType, shape: &[usize]) -> Array {
    let from = args[0].dtype;
    Array::build(dtype, shape, |at| {
        let v: Vec<f64> = args.iter().map(|a| a.broadcast_at(at)).collect();
        match op {
            Op::Select => {
                if v[0] != 0.0 {
                    v[1]
                } else {
                    v[2]
                }
            }
            Op::Cast { .. } => cast(v[0], from, dtype),
            Op::Not if from == DType::Bool => 1.0 - v[0],
            _ if from.is_float() && args.len() == 1 => unary(op, v[0]),
            _ if from.is_float() => binary(op, v[0], v[1]),
            _ if args.len() == 1 => wrap(unary_int(op, v[0] as i64), dtype),
            _ => wrap(binary_int(op, v[0] as i64, v[1] as i64), dtype),
        }
    })
}

/// The value of an integer in a type of its width: two's complement.
fn wrap(x: i64, dtype: DType) -> f64 {
    match dtype {
        DType::I32 => f64::from(x as i32),
        DType::U32 => f64::from(x as u32),
        DType::U8 => f64::from(x as u8),
        DType::Bool => f64::from(u8::from(x != 0)),
        _ => x as f64,
    }
}

/// Float to integer truncates and saturates, NaN gives 0; integers wrap; non-zero is `true`.
pub(crate) fn cast(x: f64, from: DType, to: DType) -> f64 {
    match to {
        DType::Bool => f64::from(u8::from(x != 0.0)),
        _ if to.is_float() => x,
        _ if !from.is_float() => wrap(x as i64, to),
        DType::I64 => (x as i64) as f64,
        DType::I32 => f64::from(x as i32),
        DType::U32 => f64::from(x as u32),
        _ => f64::from(x as u8),
    }
}

fn truth(x: bool) -> f64 {
    f64::from(u8::from(x))
}

/// `max` that keeps NaN.
pub(crate) fn max(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { x.max(y) }
}

/// `min` that keeps NaN.
pub(crate) fn min(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { x.min(y) }
}

/// An elementwise operation on one float tensor: its value, and the samples it is tested on.
pub(crate) struct Unary {
    pub(crate) op: Op,
    pub(crate) f: fn(f64) -> f64,
    /// Where its samples lie, inside of its domain.
    pub(crate) range: (f64, f64),
    /// To which order its derivatives are tested.
    pub(crate) order: u8,
}

pub(crate) const UNARY: &[Unary] = &[
    Unary { op: Op::Neg, f: |x| -x, range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Abs, f: |x| x.abs(), range: (-2.0, 2.0), order: 1 },
    Unary {
        op: Op::Sign,
        f: |x| if x == 0.0 || x.is_nan() { 0.0 } else { x.signum() },
        range: (-4.0, 4.0),
        order: 0,
    },
    Unary { op: Op::Square, f: |x| x * x, range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Reciprocal, f: |x| 1.0 / x, range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Sqrt, f: |x| x.sqrt(), range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Rsqrt, f: |x| 1.0 / x.sqrt(), range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Exp, f: |x| x.exp(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Exp2, f: |x| x.exp2(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Expm1, f: |x| x.exp_m1(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Log, f: |x| x.ln(), range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Log2, f: |x| x.log2(), range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Log1p, f: |x| x.ln_1p(), range: (0.5, 3.0), order: 2 },
    Unary { op: Op::Sin, f: |x| x.sin(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Cos, f: |x| x.cos(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Tanh, f: |x| x.tanh(), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Erf, f: |x| erf(x), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Erfc, f: |x| erfc(x), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Sigmoid, f: |x| sigmoid(x), range: (-2.0, 2.0), order: 2 },
    Unary { op: Op::Floor, f: |x| x.floor(), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::Ceil, f: |x| x.ceil(), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::Round, f: |x| x.round_ties_even(), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::Trunc, f: |x| x.trunc(), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::IsNan, f: |x| truth(x.is_nan()), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::IsInf, f: |x| truth(x.is_infinite()), range: (-4.0, 4.0), order: 0 },
    Unary { op: Op::IsFinite, f: |x| truth(x.is_finite()), range: (-4.0, 4.0), order: 0 },
];

fn unary(op: &Op, x: f64) -> f64 {
    let row = UNARY.iter().find(|row| row.op == *op);
    (row.unwrap_or_else(|| panic!("{op:?} on a float")).f)(x)
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    // Below -745 the exponential overflows; the quotient is then 0, as it should be.
    1.0 / (1.0 + (-x).exp())
}

/// Kummer's series, of positive terms only: `erf x = 2/√π x e^(-x²) Σ (2x²)^n / (1·3·…·(2n+1))`.
fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.abs() > 6.0 {
        return 1f64.copysign(x);
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..400 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    (sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI).clamp(-1.0, 1.0)
}

/// `1 - erf x`; to the right, Laplace's continued fraction.
pub(crate) fn erfc(x: f64) -> f64 {
    if x.is_nan() || x < 1.0 {
        return 1.0 - erf(x);
    }
    let tail = (1..2000).rev().fold(x, |f, k| x + f64::from(k) / 2.0 / f);
    (-x * x).exp() / tail / std::f64::consts::PI.sqrt()
}

fn binary(op: &Op, x: f64, y: f64) -> f64 {
    match op {
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => x / y,
        Op::Rem => x % y,
        Op::Pow => x.powf(y),
        Op::Atan2 => x.atan2(y),
        Op::Maximum => max(x, y),
        Op::Minimum => min(x, y),
        Op::Eq => truth(x == y),
        Op::Ne => truth(x != y),
        Op::Lt => truth(x < y),
        Op::Le => truth(x <= y),
        Op::Gt => truth(x > y),
        Op::Ge => truth(x >= y),
        _ => panic!("{op:?} on floats"),
    }
}

fn unary_int(op: &Op, x: i64) -> i64 {
    match op {
        Op::Neg => x.wrapping_neg(),
        Op::Abs => x.wrapping_abs(),
        Op::Sign => x.signum(),
        Op::Square => x.wrapping_mul(x),
        Op::Not => !x,
        _ => panic!("{op:?} on an integer"),
    }
}

fn binary_int(op: &Op, x: i64, y: i64) -> i64 {
    match op {
        Op::Add => x.wrapping_add(y),
        Op::Sub => x.wrapping_sub(y),
        Op::Mul => x.wrapping_mul(y),
        Op::Div => x.checked_div(y).unwrap_or(0),
        Op::Rem => x.checked_rem(y).unwrap_or(0),
        Op::Pow if y < 0 => {
            i64::from(x == 1) - i64::from(x == -1 && y % 2 != 0) + i64::from(x == -1 && y % 2 == 0)
        }
        Op::Pow => x.wrapping_pow(y as u32),
        Op::Maximum => x.max(y),
        Op::Minimum => x.min(y),
        Op::And => x & y,
        Op::Or => x | y,
        Op::Xor => x ^ y,
        Op::Eq => i64::from(x == y),
        Op::Ne => i64::from(x != y),
        Op::Lt => i64::from(x < y),
        Op::Le => i64::from(x <= y),
        Op::Gt => i64::from(x > y),
        Op::Ge => i64::from(x >= y),
        _ => panic!("{op:?} on integers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_has_its_known_values() {
        // Abramowitz and Stegun, table 7.1, and the tail by higher precision.
        let near =
            |got: f64, want: f64| assert!((got - want).abs() <= 2e-15 * want.abs(), "{got:e} {want:e}");
        near(erf(0.5), 0.520_499_877_813_046_5);
        near(erf(-2.0), -0.995_322_265_018_952_7);
        near(erfc(1.0), 0.157_299_207_050_285_13);
        near(erfc(4.0), 1.541_725_790_028_002e-8);
        near(erfc(10.0), 2.088_487_583_762_545e-45);
        assert_eq!(
            (erfc(f64::NEG_INFINITY), erfc(f64::INFINITY), erf(-0.0).to_bits()),
            (2.0, 0.0, (-0f64).to_bits())
        );
    }
}
