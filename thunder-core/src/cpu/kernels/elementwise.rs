//! Elementwise operations, one loop for each operation and element type.
//!
//! Only f32, which 16-bit floats are computed in too, is compiled for every vector unit; the others are rarer.

// A closure is inlined into the loop that calls it; a function by name is called through a pointer.
#![allow(clippy::redundant_closure)]

use super::real::Real;
use super::{Rep, View, map1, map2, math, select};
use crate::op::{Op, Opcode, class};

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
                Rep::F32 => {
                    unary_float::<true, f32>(code, d, *a, rows, n);
                    match code {
                        Opcode::Sin => mend_far(d, *a, rows, n, math::far_sin),
                        Opcode::Cos => mend_far(d, *a, rows, n, math::far_cos),
                        _ => {}
                    }
                }
                Rep::F64 => unary_float::<false, f64>(code, d, *a, rows, n),
                Rep::I64 => unary_i64(code, d, *a, rows, n),
                Rep::I32 => unary_i32(code, d, *a, rows, n),
                Rep::U32 => unary_u32(code, d, *a, rows, n),
                Rep::U8 => unary_u8(code, d, *a, rows, n),
            },
            (_, [a, b]) => match rep {
                Rep::F32 => binary_float::<true, f32>(code, d, *a, *b, rows, n),
                Rep::F64 => binary_float::<false, f64>(code, d, *a, *b, rows, n),
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
    unsafe { map1::<false, u8, u8>(d, a, rows, n, |x| x ^ 1) }
}

/// The operations that are not elementwise on one or two tensors.
macro_rules! others {
    () => {
        class!(Opcode, Elementwise)
            | class!(Opcode, Creation)
            | class!(Opcode, Reduce)
            | class!(Opcode, Along)
            | class!(Opcode, View)
            | class!(Opcode, Movement)
            | class!(Opcode, Index)
            | class!(Opcode, Lookup)
            | class!(Opcode, Contract)
            | class!(Opcode, Key)
            | class!(Opcode, Draw)
            | class!(Opcode, Identity)
            | class!(Opcode, Effect)
            | class!(Opcode, Custom)
            | class!(Opcode, CompositeUnary)
            | class!(Opcode, CompositeReduce)
            | class!(Opcode, CompositeAlong)
            | class!(Opcode, Composite)
    };
}

/// The operations that are not elementwise on one tensor.
macro_rules! not_unary {
    () => {
        class!(Opcode, Binary) | class!(Opcode, Compare) | class!(Opcode, BinaryLogic) | others!()
    };
}

/// The operations that are not elementwise on two tensors.
macro_rules! not_binary {
    () => {
        class!(Opcode, UnaryNum)
            | class!(Opcode, UnaryFloat)
            | class!(Opcode, Test)
            | class!(Opcode, UnaryLogic)
            | others!()
    };
}

fn wrong(code: Opcode) -> ! {
    unreachable!("verification: `{}` does not take this element type", code.name())
}

unsafe fn unary_float<const WIDE: bool, T: Real>(code: Opcode, d: View, a: View, rows: usize, n: usize) {
    macro_rules! go {
        ($f:expr) => {
            // SAFETY: passed on.
            unsafe { map1::<WIDE, T, T>(d, a, rows, n, $f) }
        };
    }
    macro_rules! test {
        ($f:expr) => {
            // SAFETY: passed on.
            unsafe { map1::<WIDE, T, u8>(d, a, rows, n, $f) }
        };
    }
    match code {
        Opcode::Neg => go!(|x| -x),
        Opcode::Abs => go!(T::abs),
        // 0 for NaN.
        Opcode::Sign => go!(|x: T| {
            let s = if x > T::ZERO { T::ONE } else { T::ZERO };
            if x < T::ZERO { -T::ONE } else { s }
        }),
        Opcode::Square => go!(|x| x * x),
        Opcode::Reciprocal => go!(|x| T::ONE / x),
        Opcode::Sqrt => go!(T::sqrt),
        Opcode::Rsqrt => go!(|x| T::ONE / x.sqrt()),
        Opcode::Exp => go!(T::exp),
        Opcode::Exp2 => go!(T::exp2),
        Opcode::Expm1 => go!(T::expm1),
        Opcode::Log => go!(T::log),
        Opcode::Log2 => go!(T::log2),
        Opcode::Log1p => go!(T::log1p),
        Opcode::Sin => go!(T::sin),
        Opcode::Cos => go!(T::cos),
        Opcode::Tanh => go!(T::tanh),
        Opcode::Erf => go!(T::erf),
        Opcode::Erfc => go!(T::erfc),
        Opcode::Sigmoid => go!(T::sigmoid),
        Opcode::Floor => go!(T::floor),
        Opcode::Ceil => go!(T::ceil),
        Opcode::Round => go!(T::round),
        Opcode::Trunc => go!(T::trunc),
        Opcode::IsNan => test!(|x: T| u8::from(x.is_nan())),
        Opcode::IsInf => test!(|x: T| u8::from(x.abs() == T::INFINITY)),
        Opcode::IsFinite => test!(|x: T| u8::from(x.abs() < T::INFINITY)),
        class!(Opcode, UnaryLogic) | not_unary!() => wrong(code),
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

unsafe fn compare<const WIDE: bool, T: Copy + PartialOrd>(
    code: Opcode,
    d: View,
    a: View,
    b: View,
    rows: usize,
    n: usize,
) {
    macro_rules! go {
        ($f:expr) => {
            // SAFETY: passed on.
            unsafe { map2::<WIDE, T, T, u8>(d, a, b, rows, n, $f) }
        };
    }
    match code {
        Opcode::Eq => go!(|x, y| u8::from(x == y)),
        Opcode::Ne => go!(|x, y| u8::from(x != y)),
        Opcode::Lt => go!(|x, y| u8::from(x < y)),
        Opcode::Le => go!(|x, y| u8::from(x <= y)),
        Opcode::Gt => go!(|x, y| u8::from(x > y)),
        Opcode::Ge => go!(|x, y| u8::from(x >= y)),
        class!(Opcode, Binary) | class!(Opcode, BinaryLogic) | not_binary!() => wrong(code),
    }
}

unsafe fn binary_float<const WIDE: bool, T: Real>(
    code: Opcode,
    d: View,
    a: View,
    b: View,
    rows: usize,
    n: usize,
) {
    macro_rules! wide {
        ($f:expr) => {
            // SAFETY: passed on.
            unsafe { map2::<WIDE, T, T, T>(d, a, b, rows, n, $f) }
        };
    }
    macro_rules! scalar {
        ($f:expr) => {
            // SAFETY: passed on.
            unsafe { map2::<false, T, T, T>(d, a, b, rows, n, $f) }
        };
    }
    match code {
        Opcode::Add => wide!(|x, y| x + y),
        Opcode::Sub => wide!(|x, y| x - y),
        Opcode::Mul => wide!(|x, y| x * y),
        Opcode::Div => wide!(|x, y| x / y),
        Opcode::Rem => scalar!(|x, y| x % y),
        Opcode::Pow => scalar!(T::pow),
        Opcode::Atan2 => scalar!(T::atan2),
        Opcode::Maximum => wide!(|x: T, y| if x > y || x.is_nan() { x } else { y }),
        Opcode::Minimum => wide!(|x: T, y| if x < y || x.is_nan() { x } else { y }),
        // SAFETY: passed on.
        class!(Opcode, Compare) => unsafe { compare::<WIDE, T>(code, d, a, b, rows, n) },
        class!(Opcode, BinaryLogic) | not_binary!() => wrong(code),
    }
}

macro_rules! int {
    ($unary:ident, $binary:ident, $t:ty, $abs:expr, $sign:expr, $pow:expr) => {
        unsafe fn $unary(code: Opcode, d: View, a: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe { map1::<false, $t, $t>(d, a, rows, n, $f) }
                };
            }
            match code {
                Opcode::Neg => go!(|x| x.wrapping_neg()),
                Opcode::Abs => go!($abs),
                Opcode::Sign => go!($sign),
                Opcode::Square => go!(|x| x.wrapping_mul(x)),
                Opcode::Not => go!(|x| !x),
                class!(Opcode, UnaryFloat) | class!(Opcode, Test) | not_unary!() => wrong(code),
            }
        }

        unsafe fn $binary(code: Opcode, d: View, a: View, b: View, rows: usize, n: usize) {
            macro_rules! go {
                ($f:expr) => {
                    // SAFETY: passed on.
                    unsafe { map2::<false, $t, $t, $t>(d, a, b, rows, n, $f) }
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
                // SAFETY: passed on.
                class!(Opcode, Compare) => unsafe { compare::<false, $t>(code, d, a, b, rows, n) },
                Opcode::Atan2 | not_binary!() => wrong(code),
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

int!(unary_i64, binary_i64, i64, |x| x.wrapping_abs(), |x| x.signum(), signed_power);
int!(unary_i32, binary_i32, i32, |x| x.wrapping_abs(), |x| x.signum(), |x, y| {
    signed_power(x as i64, y as i64) as i32
});
int!(unary_u32, binary_u32, u32, |x| x, |x| x.min(1), |x, y| power(x as u64, y as u64) as u32);
int!(unary_u8, binary_u8, u8, |x| x, |x| x.min(1), |x, y| power(x as u64, y as u64) as u8);
