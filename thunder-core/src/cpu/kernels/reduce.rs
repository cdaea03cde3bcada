//! Reductions of rows to one element each, and of many rows to one.

use super::{Rep, Row, View, vectorised};
use crate::op::Opcode;

/// Independent running values in a row's reduction: enough for the vector units to overlap their latencies.
const LANES: usize = 32;

/// What a reduction does to two partial results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    Sum,
    Prod,
    Max,
    Min,
    All,
    Any,
}

impl Fold {
    /// The fold of a reduction.
    pub fn of(code: Opcode) -> Fold {
        match code {
            Opcode::Prod => Fold::Prod,
            Opcode::Amax => Fold::Max,
            Opcode::Amin => Fold::Min,
            Opcode::All => Fold::All,
            Opcode::Any => Fold::Any,
            _ => Fold::Sum,
        }
    }
}

/// An element type's folds.
trait Fold1: Copy {
    fn start(fold: Fold) -> Self;
    fn add(self, y: Self) -> Self;
    fn mul(self, y: Self) -> Self;
    fn max(self, y: Self) -> Self;
    fn min(self, y: Self) -> Self;
    fn times(self, n: usize, fold: Fold) -> Self;
}

macro_rules! float {
    ($t:ty) => {
        impl Fold1 for $t {
            #[inline(always)]
            fn start(fold: Fold) -> $t {
                match fold {
                    Fold::Sum | Fold::Any => 0.0,
                    Fold::Prod | Fold::All => 1.0,
                    Fold::Max => <$t>::NEG_INFINITY,
                    Fold::Min => <$t>::INFINITY,
                }
            }
            #[inline(always)]
            fn add(self, y: $t) -> $t {
                self + y
            }
            #[inline(always)]
            fn mul(self, y: $t) -> $t {
                self * y
            }
            #[inline(always)]
            fn max(self, y: $t) -> $t {
                if y > self || y.is_nan() { y } else { self }
            }
            #[inline(always)]
            fn min(self, y: $t) -> $t {
                if y < self || y.is_nan() { y } else { self }
            }
            fn times(self, n: usize, fold: Fold) -> $t {
                match fold {
                    _ if n == 0 => Self::start(fold),
                    Fold::Sum => self * n as $t,
                    Fold::Prod => self.powf(n as $t),
                    _ => self,
                }
            }
        }
    };
}

macro_rules! int {
    ($($t:ty)*) => {$(
        impl Fold1 for $t {
            #[inline(always)]
            fn start(fold: Fold) -> $t {
                match fold {
                    Fold::Sum | Fold::Any => 0,
                    Fold::Prod | Fold::All => 1,
                    Fold::Max => <$t>::MIN,
                    Fold::Min => <$t>::MAX,
                }
            }
            #[inline(always)]
            fn add(self, y: $t) -> $t { self.wrapping_add(y) }
            #[inline(always)]
            fn mul(self, y: $t) -> $t { self.wrapping_mul(y) }
            #[inline(always)]
            fn max(self, y: $t) -> $t { Ord::max(self, y) }
            #[inline(always)]
            fn min(self, y: $t) -> $t { Ord::min(self, y) }
            fn times(self, n: usize, fold: Fold) -> $t {
                match fold {
                    _ if n == 0 => Self::start(fold),
                    Fold::Sum => self.wrapping_mul(n as $t),
                    Fold::Prod => (0..n).fold(1, |p: $t, _| p.wrapping_mul(self)),
                    _ => self,
                }
            }
        }
    )*};
}

float!(f32);
float!(f64);
int!(i64 i32 u32 u8);

macro_rules! by_rep {
    ($rep:expr, $f:ident($($arg:expr),*)) => {
        // SAFETY: passed on.
        unsafe {
            match $rep {
                Rep::F32 => $f::<f32>($($arg),*),
                Rep::F64 => $f::<f64>($($arg),*),
                Rep::I64 => $f::<i64>($($arg),*),
                Rep::I32 => $f::<i32>($($arg),*),
                Rep::U32 => $f::<u32>($($arg),*),
                Rep::U8 => $f::<u8>($($arg),*),
            }
        }
    };
}

/// Writes the fold of nothing to `n` elements.
///
/// # Safety
/// `d` must be valid for them.
pub unsafe fn init(fold: Fold, rep: Rep, d: *mut u8, n: usize) {
    by_rep!(rep, init_as(fold, d, n))
}

unsafe fn init_as<T: Fold1>(fold: Fold, d: *mut u8, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(d as *mut T, n) }.fill(T::start(fold))
}

/// `d[r] = fold of row r of a`, and of `d[r]` too if `more`.
///
/// # Safety
/// `a` must be valid for `rows` rows of `n` elements, `d` for `rows` elements, both of type `rep`.
pub unsafe fn rows(fold: Fold, rep: Rep, d: *mut u8, a: View, rows: usize, n: usize, more: bool) {
    by_rep!(rep, rows_as(fold, d, a, rows, n, more))
}

unsafe fn rows_as<T: Fold1>(fold: Fold, d: *mut u8, a: View, rows: usize, n: usize, more: bool) {
    // SAFETY: the caller's promise.
    let d = unsafe { std::slice::from_raw_parts_mut(d as *mut T, rows) };
    macro_rules! go {
        ($f:expr) => {
            vectorised(
                #[inline(always)]
                || {
                    for (r, d) in d.iter_mut().enumerate() {
                        // SAFETY: the caller's promise.
                        let x = match unsafe { a.row::<T>(r, n) } {
                            Row::Many(x) => row(
                                x,
                                T::start(fold),
                                #[inline(always)]
                                $f,
                            ),
                            Row::One(x) => x.times(n, fold),
                        };
                        *d = if more { $f(*d, x) } else { x };
                    }
                },
            )
        };
    }
    match fold {
        Fold::Sum => go!(|x: T, y: T| x.add(y)),
        Fold::Prod => go!(|x: T, y: T| x.mul(y)),
        Fold::Max | Fold::Any => go!(|x: T, y: T| x.max(y)),
        Fold::Min | Fold::All => go!(|x: T, y: T| x.min(y)),
    }
}

/// The fold of a row: lanes side by side, then folded in halves.
#[inline(always)]
fn row<T: Copy>(x: &[T], start: T, f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for c in chunks {
        for (l, &x) in lanes.iter_mut().zip(c) {
            *l = f(*l, x);
        }
    }
    for (l, &x) in lanes.iter_mut().zip(rest) {
        *l = f(*l, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = f(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

/// `d[i] = fold of d[i] and a[r][i] over r`.
///
/// # Safety
/// `a` must be valid for `rows` rows of `n` elements, `d` for `n` elements, both of type `rep`, apart.
pub unsafe fn columns(fold: Fold, rep: Rep, d: *mut u8, a: View, rows: usize, n: usize) {
    by_rep!(rep, columns_as(fold, d, a, rows, n))
}

unsafe fn columns_as<T: Fold1>(fold: Fold, d: *mut u8, a: View, rows: usize, n: usize) {
    // SAFETY: the caller's promise.
    let d = unsafe { std::slice::from_raw_parts_mut(d as *mut T, n) };
    macro_rules! go {
        ($f:expr) => {
            vectorised(
                #[inline(always)]
                || {
                    let f = $f;
                    let mut r = 0;
                    // Four rows at a time, so that the running values are loaded and stored less often.
                    while r + 4 <= rows {
                        // SAFETY: the caller's promise.
                        let at = |k: usize| unsafe { a.row::<T>(r + k, n) };
                        let list = [at(0), at(1), at(2), at(3)];
                        let [Row::Many(w), Row::Many(x), Row::Many(y), Row::Many(z)] = list else { break };
                        for ((((d, &w), &x), &y), &z) in d.iter_mut().zip(w).zip(x).zip(y).zip(z) {
                            *d = f(*d, f(f(w, x), f(y, z)));
                        }
                        r += 4;
                    }
                    for r in r..rows {
                        // SAFETY: the caller's promise.
                        match unsafe { a.row::<T>(r, n) } {
                            Row::Many(x) => {
                                for (d, &x) in d.iter_mut().zip(x) {
                                    *d = f(*d, x);
                                }
                            }
                            Row::One(x) => {
                                for d in d.iter_mut() {
                                    *d = f(*d, x);
                                }
                            }
                        }
                    }
                },
            )
        };
    }
    match fold {
        Fold::Sum => go!(|x: T, y: T| x.add(y)),
        Fold::Prod => go!(|x: T, y: T| x.mul(y)),
        Fold::Max | Fold::Any => go!(|x: T, y: T| x.max(y)),
        Fold::Min | Fold::All => go!(|x: T, y: T| x.min(y)),
    }
}
