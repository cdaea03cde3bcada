//! Reductions of rows to one element each, and of many rows to one.
//!
//! Sums of f32 are exact to a few units in the last place however long they are: a few elements are added up in f32,
//! and these short sums in f64. Products run in f64.

use super::{Rep, Row, View, vectorised};
use crate::op::Fold;

/// Independent running values in a row's reduction: enough for the vector units to overlap their latencies.
const LANES: usize = 32;
/// How many elements are added up in the element type, before their sum joins the wide one: a few dozen a lane.
const SHORT: usize = 1024;
/// How many rows are.
const ROWS: usize = 8;

impl Fold {
    /// The type of its running values where elements have type `rep`.
    pub(in crate::cpu) fn running(self, rep: Rep) -> Rep {
        match (self, rep) {
            (Fold::Sum | Fold::Prod, Rep::F32) => Rep::F64,
            _ => rep,
        }
    }
}

/// An element type's folds.
trait Fold1: Copy {
    /// The type that sums and products run in.
    type Wide: Fold1;
    fn widen(self) -> Self::Wide;
    fn narrow(x: Self::Wide) -> Self;
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
            type Wide = f64;
            #[inline(always)]
            fn widen(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn narrow(x: f64) -> $t {
                x as $t
            }
            #[inline(always)]
            fn start(fold: Fold) -> $t {
                match fold {
                    Fold::Sum | Fold::Any => 0.0,
                    Fold::Prod | Fold::All => 1.0,
                    Fold::Amax => <$t>::NEG_INFINITY,
                    Fold::Amin => <$t>::INFINITY,
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
            type Wide = $t;
            #[inline(always)]
            fn widen(self) -> $t { self }
            #[inline(always)]
            fn narrow(x: $t) -> $t { x }
            #[inline(always)]
            fn start(fold: Fold) -> $t {
                match fold {
                    Fold::Sum | Fold::Any => 0,
                    Fold::Prod | Fold::All => 1,
                    Fold::Amax => <$t>::MIN,
                    Fold::Amin => <$t>::MAX,
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

/// `d[r] = fold of row r of a`; if `more`, `d` holds running values, of type `fold.running(rep)`, and the row joins.
///
/// # Safety
/// `a` must be valid for `rows` rows of `n` elements of type `rep`, `d` for `rows` elements.
pub unsafe fn rows(fold: Fold, rep: Rep, d: *mut u8, a: View, rows: usize, n: usize, more: bool) {
    by_rep!(rep, rows_as(fold, d, a, rows, n, more))
}

unsafe fn rows_as<T: Fold1>(fold: Fold, d: *mut u8, a: View, rows: usize, n: usize, more: bool) {
    // SAFETY: passed on.
    unsafe {
        match fold {
            Fold::Sum => rows_by(
                (d, a, rows, n, more),
                #[inline(always)]
                |x: Row<'_, T>| match x {
                    Row::Many(x) => sum(x),
                    Row::One(x) => x.widen().times(n, fold),
                },
                #[inline(always)]
                |x, y| x.add(y),
                T::narrow,
            ),
            Fold::Prod => rows_by(
                (d, a, rows, n, more),
                #[inline(always)]
                |x: Row<'_, T>| match x {
                    Row::Many(x) => row(x, T::Wide::start(fold), T::widen, |x, y| x.mul(y)),
                    Row::One(x) => x.widen().times(n, fold),
                },
                #[inline(always)]
                |x, y| x.mul(y),
                T::narrow,
            ),
            Fold::Amax | Fold::Any => rows_of_one_type(d, a, rows, n, more, fold, |x: T, y| x.max(y)),
            Fold::Amin | Fold::All => rows_of_one_type(d, a, rows, n, more, fold, |x: T, y| x.min(y)),
        }
    }
}

/// Each row by a fold that runs in the element type.
#[inline(always)]
unsafe fn rows_of_one_type<T: Fold1>(
    d: *mut u8,
    a: View,
    rows: usize,
    n: usize,
    more: bool,
    fold: Fold,
    f: impl Fn(T, T) -> T + Copy,
) {
    // SAFETY: passed on.
    unsafe {
        rows_by(
            (d, a, rows, n, more),
            #[inline(always)]
            |x: Row<'_, T>| match x {
                Row::Many(x) => row(x, T::start(fold), |x| x, f),
                Row::One(x) => x.times(n, fold),
            },
            f,
            |x| x,
        )
    }
}

/// Each row by `of`; the result joins a running value by `f`, or is narrowed.
#[inline(always)]
unsafe fn rows_by<T: Copy, A: Copy>(
    (d, a, rows, n, more): (*mut u8, View, usize, usize, bool),
    of: impl Fn(Row<'_, T>) -> A,
    f: impl Fn(A, A) -> A,
    narrow: impl Fn(A) -> T,
) {
    vectorised(
        #[inline(always)]
        || {
            for r in 0..rows {
                // SAFETY: the caller's promise.
                unsafe {
                    let x = of(a.row::<T>(r, n));
                    if more {
                        let d = (d as *mut A).add(r);
                        *d = f(*d, x);
                    } else {
                        *(d as *mut T).add(r) = narrow(x);
                    }
                }
            }
        },
    )
}

/// The fold of a row: lanes side by side, then folded in halves.
#[inline(always)]
fn row<T: Copy, A: Copy>(x: &[T], start: A, widen: impl Fn(T) -> A, f: impl Fn(A, A) -> A) -> A {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for c in chunks {
        for (l, &x) in lanes.iter_mut().zip(c) {
            *l = f(*l, widen(x));
        }
    }
    for (l, &x) in lanes.iter_mut().zip(rest) {
        *l = f(*l, widen(x));
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

/// The sum of a row: of short sums in the element type.
#[inline(always)]
fn sum<T: Fold1>(x: &[T]) -> T::Wide {
    let short = |x: &[T]| row(x, T::start(Fold::Sum), |x| x, |x, y| x.add(y)).widen();
    if x.len() <= SHORT {
        return short(x);
    }
    x.chunks(SHORT).fold(T::Wide::start(Fold::Sum), |total, part| total.add(short(part)))
}

/// `d[i] = fold of d[i] and a[r][i] over r`: `d` holds running values.
///
/// # Safety
/// `a` must be valid for `rows` rows of `n` elements of type `rep`, `d` for `n` of type `fold.running(rep)`, apart.
pub unsafe fn columns(fold: Fold, rep: Rep, d: *mut u8, a: View, rows: usize, n: usize) {
    by_rep!(rep, columns_as(fold, d, a, rows, n))
}

unsafe fn columns_as<T: Fold1>(fold: Fold, d: *mut u8, a: View, rows: usize, n: usize) {
    match fold {
        // SAFETY: passed on.
        Fold::Sum => unsafe {
            columns_by(d, a, rows, n, T::widen, |x: T, y| x.add(y), |x: T::Wide, y| x.add(y))
        },
        Fold::Prod => vectorised(
            #[inline(always)]
            || {
                // SAFETY: the caller's promise.
                let d = unsafe { std::slice::from_raw_parts_mut(d as *mut T::Wide, n) };
                for r in 0..rows {
                    // SAFETY: as above.
                    join(d, unsafe { a.row::<T>(r, n) }, T::widen, |x: T::Wide, y| x.mul(y));
                }
            },
        ),
        // SAFETY: passed on.
        Fold::Amax | Fold::Any => unsafe {
            columns_by(d, a, rows, n, |x| x, |x: T, y| x.max(y), |x: T, y| x.max(y))
        },
        // SAFETY: passed on.
        Fold::Amin | Fold::All => unsafe {
            columns_by(d, a, rows, n, |x| x, |x: T, y| x.min(y), |x: T, y| x.min(y))
        },
    }
}

/// `ROWS` rows at a time by `short`, so that the running values are loaded and stored less often; these join by `f`.
#[inline(always)]
unsafe fn columns_by<T: Fold1, A: Copy>(
    d: *mut u8,
    a: View,
    rows: usize,
    n: usize,
    widen: impl Fn(T) -> A,
    short: impl Fn(T, T) -> T,
    f: impl Fn(A, A) -> A,
) {
    vectorised(
        #[inline(always)]
        || {
            // SAFETY: the caller's promise.
            let d = unsafe { std::slice::from_raw_parts_mut(d as *mut A, n) };
            let mut r = 0;
            while a.vec && r + ROWS <= rows {
                let list: [&[T]; ROWS] = std::array::from_fn(|k| {
                    // SAFETY: the caller's promise: a vector has `n` elements.
                    match unsafe { a.row::<T>(r + k, n) } {
                        Row::Many(x) => &x[..n],
                        Row::One(_) => &[],
                    }
                });
                let [p, q, s, t, u, v, w, x] = list;
                // Zipped, not indexed: without checks of bounds the loop is vectorised.
                let (low, high) = (p.iter().zip(q).zip(s).zip(t), u.iter().zip(v).zip(w).zip(x));
                for ((d, (((&p, &q), &s), &t)), (((&u, &v), &w), &x)) in d.iter_mut().zip(low).zip(high) {
                    let (low, high) = (short(short(p, q), short(s, t)), short(short(u, v), short(w, x)));
                    *d = f(*d, widen(short(low, high)));
                }
                r += ROWS;
            }
            for r in r..rows {
                // SAFETY: the caller's promise.
                join(d, unsafe { a.row::<T>(r, n) }, &widen, &f);
            }
        },
    )
}

/// `d[i] = f(d[i], row[i])`
#[inline(always)]
fn join<T: Copy, A: Copy>(d: &mut [A], row: Row<'_, T>, widen: impl Fn(T) -> A, f: impl Fn(A, A) -> A) {
    match row {
        Row::Many(x) => {
            for (d, &x) in d.iter_mut().zip(x) {
                *d = f(*d, widen(x));
            }
        }
        Row::One(x) => {
            for d in d.iter_mut() {
                *d = f(*d, widen(x));
            }
        }
    }
}
