//! Elementwise operations, one loop for each operation and element type.

// A closure is inlined into the loop that calls it; a function by name is called through a pointer.
#![allow(clippy::redundant_closure)]

use super::{Rep, View, map1, map2, math, select};
use crate::op::{Op, Opcode};

/// Runs an elementwise operation; `rep` is the element type of the operands (of the branches, for `Select`).
///
/// # Safety
/// The views must be valid for `rows` rows of `n` elements of the operation's types, and `d` overlap nothing.
pub unsafe fn run(op: &Op, rep: Rep, d: View, args: &[View], rows: usize, n: usize) {
    let code = op.code();
    // SAFETY: passed on.
    unsafe {
        match (code, args) {
            (Opcode::Select, [c, a, b]) => match rep {
                Rep::F64 | Rep::I64 => select::<u64>(d, *c, *a, *b, rows, n),
                Rep::F32 | Rep::I32 | Rep::U32 => select::<u32>(d, *c, *a, *b, rows, n),
                Rep::U8 => select::<u8>(d, *c, *a, *b, rows, n),
            },
            (_, [a]) => match rep {
                Rep::F32 => unary_f32(code, d, *a, rows, n),
                Rep::F64 => unary_f64(code, d, *a, rows, n),
                Rep::I64 => unary_i64(code, d, *a, rows, n),
                Rep::I32 => unary_i32(code, d, *a, rows, n),
                Rep::U32 => unary_u32(code, d, *a, rows, n),
                Rep::U8 => unary_u8(code, d, *a, rows, n),
            },
            (_, [a, b]) => match rep {
                Rep::F32 => binary_f32(code, d, *a, *b, rows, n),
                Rep::F64 => binary_f64(code, d, *a, *b, rows, n),
                Rep::I64 => binary_i64(code, d, *a, *b, rows, n),
                Rep::I32 => binary_i32(code, d, *a, *b, rows, n),
                Rep::U32 => binary_u32(code, d, *a, *b, rows, n),
                Rep::U8 => binary_u8(code, d, *a, *b, rows, n),
            },
            _ => unreachable!("elementwise operations have one, two or three operands"),
        }
    }
}

/// Logical negation, which differs from the bitwise one of `u8`.
///
/// # Safety
/// As [`run`].
pub unsafe fn not_bool(d: View, a: View, rows: usize, n: usize) {
    // SAFETY: passed on.
    unsafe { map1::<u8, u8>(d, a, rows, n, |x| x ^ 1) }
}

fn wrong(code: Opcode) -> ! {
    unreachable!("verification: `{}` does not take this element type", code.name())
}

macro_rules! float_unary {
    ($name:ident, $t:ty, $exp:expr, $exp2:expr, $expm1:expr, $log:expr, $log2:expr, $log1p:expr, $tanh:expr, $erf:expr, $sigmoid:expr, $sin:expr, $cos:expr) => {
        unsafe fn $name(code: Opcode, d: View, a: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe {
                        map1::<$t, $t>(
                            d,
                            a,
                            rows,
                            n,
                            #[inline(always)]
                            $f,
                        )
                    }
                };
            }
            macro_rules! test {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe {
                        map1::<$t, u8>(
                            d,
                            a,
                            rows,
                            n,
                            #[inline(always)]
                            $f,
                        )
                    }
                };
            }
            match code {
                Opcode::Neg => go!(|x: $t| -x),
                Opcode::Abs => go!(|x: $t| x.abs()),
                Opcode::Sign => go!(|x: $t| {
                    let s = if x > 0.0 { 1.0 } else { x };
                    if x < 0.0 { -1.0 } else { s }
                }),
                Opcode::Square => go!(|x: $t| x * x),
                Opcode::Reciprocal => go!(|x: $t| 1.0 / x),
                Opcode::Sqrt => go!(|x: $t| x.sqrt()),
                Opcode::Rsqrt => go!(|x: $t| 1.0 / x.sqrt()),
                Opcode::Exp => go!($exp),
                Opcode::Exp2 => go!($exp2),
                Opcode::Expm1 => go!($expm1),
                Opcode::Log => go!($log),
                Opcode::Log2 => go!($log2),
                Opcode::Log1p => go!($log1p),
                Opcode::Sin => go!($sin),
                Opcode::Cos => go!($cos),
                Opcode::Tanh => go!($tanh),
                Opcode::Erf => go!($erf),
                Opcode::Sigmoid => go!($sigmoid),
                Opcode::Floor => go!(|x: $t| x.floor()),
                Opcode::Ceil => go!(|x: $t| x.ceil()),
                Opcode::Round => go!(|x: $t| x.round_ties_even()),
                Opcode::Trunc => go!(|x: $t| x.trunc()),
                Opcode::IsNan => test!(|x: $t| u8::from(x.is_nan())),
                Opcode::IsInf => test!(|x: $t| u8::from(x.abs() == <$t>::INFINITY)),
                Opcode::IsFinite => test!(|x: $t| u8::from(x.abs() < <$t>::INFINITY)),
                _ => wrong(code),
            }
        }
    };
}

float_unary!(
    vector_f32,
    f32,
    |x| math::exp(x),
    |x| math::exp2(x),
    |x| math::expm1(x),
    |x| math::log(x),
    |x| math::log2(x),
    |x| math::log1p(x),
    |x| math::tanh(x),
    |x| math::erf(x),
    |x| math::sigmoid(x),
    |x| math::sin(x),
    |x| math::cos(x)
);
float_unary!(
    unary_f64,
    f64,
    |x| x.exp(),
    |x| x.exp2(),
    |x| x.exp_m1(),
    |x| x.ln(),
    |x| x.log2(),
    |x| x.ln_1p(),
    |x| x.tanh(),
    |x| math::erf64(x),
    |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) },
    |x| x.sin(),
    |x| x.cos()
);

unsafe fn unary_f32(code: Opcode, d: View, a: View, rows: usize, n: usize) {
    // SAFETY: passed on.
    unsafe {
        vector_f32(code, d, a, rows, n);
        match code {
            Opcode::Sin => mend_far(d, a, rows, n, math::far_sin),
            Opcode::Cos => mend_far(d, a, rows, n, math::far_cos),
            _ => {}
        }
    }
}

/// Computes anew, by `f`, the elements of `d` whose operand is beyond the vectorised function's range.
unsafe fn mend_far(d: View, a: View, rows: usize, n: usize, f: fn(f32) -> f32) {
    for r in 0..rows {
        for i in 0..n {
            // SAFETY: the caller's views hold element `i` of row `r`.
            unsafe {
                let x = *(a.ptr as *const f32).add(r * a.rs + if a.vec { i } else { 0 });
                if x.abs() > math::FAR {
                    *(d.ptr as *mut f32).add(r * d.rs + i) = f(x);
                }
            }
        }
    }
}

macro_rules! compare {
    ($code:expr, $t:ty, $d:expr, $a:expr, $b:expr, $rows:expr, $n:expr) => {
        // SAFETY: passed on.
        unsafe {
            match $code {
                Opcode::Eq => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x == y),
                ),
                Opcode::Ne => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x != y),
                ),
                Opcode::Lt => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x < y),
                ),
                Opcode::Le => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x <= y),
                ),
                Opcode::Gt => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x > y),
                ),
                Opcode::Ge => map2::<$t, $t, u8>(
                    $d,
                    $a,
                    $b,
                    $rows,
                    $n,
                    #[inline(always)]
                    |x, y| u8::from(x >= y),
                ),
                _ => wrong($code),
            }
        }
    };
}

macro_rules! float_binary {
    ($name:ident, $t:ty) => {
        unsafe fn $name(code: Opcode, d: View, a: View, b: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe {
                        map2::<$t, $t, $t>(
                            d,
                            a,
                            b,
                            rows,
                            n,
                            #[inline(always)]
                            $f,
                        )
                    }
                };
            }
            match code {
                Opcode::Add => go!(|x, y| x + y),
                Opcode::Sub => go!(|x, y| x - y),
                Opcode::Mul => go!(|x, y| x * y),
                Opcode::Div => go!(|x, y| x / y),
                Opcode::Rem => go!(|x, y| x % y),
                Opcode::Pow => go!(|x, y| x.powf(y)),
                Opcode::Atan2 => go!(|x, y| x.atan2(y)),
                Opcode::Maximum => go!(|x, y| if x > y || x.is_nan() { x } else { y }),
                Opcode::Minimum => go!(|x, y| if x < y || x.is_nan() { x } else { y }),
                _ => compare!(code, $t, d, a, b, rows, n),
            }
        }
    };
}

float_binary!(binary_f32, f32);
float_binary!(binary_f64, f64);

macro_rules! int {
    ($unary:ident, $binary:ident, $t:ty, $abs:expr, $sign:expr, $pow:expr) => {
        unsafe fn $unary(code: Opcode, d: View, a: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe {
                        map1::<$t, $t>(
                            d,
                            a,
                            rows,
                            n,
                            #[inline(always)]
                            $f,
                        )
                    }
                };
            }
            match code {
                Opcode::Neg => go!(|x| x.wrapping_neg()),
                Opcode::Abs => go!($abs),
                Opcode::Sign => go!($sign),
                Opcode::Square => go!(|x| x.wrapping_mul(x)),
                Opcode::Not => go!(|x| !x),
                _ => wrong(code),
            }
        }

        unsafe fn $binary(code: Opcode, d: View, a: View, b: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe {
                        map2::<$t, $t, $t>(
                            d,
                            a,
                            b,
                            rows,
                            n,
                            #[inline(always)]
                            $f,
                        )
                    }
                };
            }
            match code {
                Opcode::Add => go!(|x, y| x.wrapping_add(y)),
                Opcode::Sub => go!(|x, y| x.wrapping_sub(y)),
                Opcode::Mul => go!(|x, y| x.wrapping_mul(y)),
                Opcode::Div => go!(|x, y| if y == 0 { 0 } else { x.wrapping_div(y) }),
                Opcode::Rem => go!(|x, y| if y == 0 { 0 } else { x.wrapping_rem(y) }),
                Opcode::Pow => go!($pow),
                Opcode::Maximum => go!(|x, y| x.max(y)),
                Opcode::Minimum => go!(|x, y| x.min(y)),
                Opcode::And => go!(|x, y| x & y),
                Opcode::Or => go!(|x, y| x | y),
                Opcode::Xor => go!(|x, y| x ^ y),
                _ => compare!(code, $t, d, a, b, rows, n),
            }
        }
    };
}

/// `x^y` modulo `2^64`, for `y >= 0`; lower bits are right for narrower integers.
fn power(mut x: u64, mut y: u64) -> u64 {
    let mut out = 1u64;
    while y > 0 {
        if y & 1 == 1 {
            out = out.wrapping_mul(x);
        }
        x = x.wrapping_mul(x);
        y >>= 1;
    }
    out
}

/// `x^y` for signed integers; a negative power is truncated to an integer (0 for 0).
fn signed_power(x: i64, y: i64) -> i64 {
    match (x, y) {
        (_, 0..) => power(x as u64, y as u64) as i64,
        (1, _) => 1,
        (-1, _) => 1 - 2 * (y & 1),
        _ => 0,
    }
}

int!(unary_i64, binary_i64, i64, |x| x.wrapping_abs(), |x| x.signum(), |x, y| signed_power(x, y));
int!(unary_i32, binary_i32, i32, |x| x.wrapping_abs(), |x| x.signum(), |x, y| {
    signed_power(x as i64, y as i64) as i32
});
int!(unary_u32, binary_u32, u32, |x| x, |x| x.min(1), |x, y| power(x as u64, y as u64) as u32);
int!(unary_u8, binary_u8, u8, |x| x, |x| x.min(1), |x, y| power(x as u64, y as u64) as u8);
