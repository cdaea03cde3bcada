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

fn unary(op: &Op, x: f64) -> f64 {
    match op {
        Op::Neg => -x,
        Op::Abs => x.abs(),
        Op::Sign if x == 0.0 || x.is_nan() => 0.0,
        Op::Sign => x.signum(),
        Op::Square => x * x,
        Op::Reciprocal => 1.0 / x,
        Op::Sqrt => x.sqrt(),
        Op::Rsqrt => 1.0 / x.sqrt(),
        Op::Exp => x.exp(),
        Op::Exp2 => x.exp2(),
        Op::Expm1 => x.exp_m1(),
        Op::Log => x.ln(),
        Op::Log2 => x.log2(),
        Op::Log1p => x.ln_1p(),
        Op::Sin => x.sin(),
        Op::Cos => x.cos(),
        Op::Tanh => x.tanh(),
        Op::Erf => erf(x),
        Op::Erfc => erfc(x),
        Op::Sigmoid => sigmoid(x),
        Op::Floor => x.floor(),
        Op::Ceil => x.ceil(),
        Op::Round => x.round_ties_even(),
        Op::Trunc => x.trunc(),
        Op::IsNan => truth(x.is_nan()),
        Op::IsInf => truth(x.is_infinite()),
        Op::IsFinite => truth(x.is_finite()),
        _ => panic!("{op:?} on a float"),
    }
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
