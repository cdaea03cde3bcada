//! Inner loops over short runs of elements, compiled for the machine's vector instructions.
//!
//! A kernel works on `rows` rows of `n` elements. Each operand is a [`View`]: a vector along the row, or one
//! element repeated; its rows lie `rs` elements apart (0: every row is the same). Results never overlap
//! operands, so that the compiler may vectorise every loop.

pub(super) mod convert;
pub(super) mod elementwise;
pub(super) mod math;
mod real;
pub(super) mod reduce;

use std::sync::LazyLock;

/// The element types in which kernels compute: 16-bit floats as f32, `bool` as `u8`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Rep {
    F32,
    F64,
    I64,
    I32,
    U32,
    U8,
}

impl Rep {
    /// The representation of `dtype` in registers.
    pub fn of(dtype: crate::types::DType) -> Rep {
        use crate::types::DType::*;
        match dtype {
            F64 => Rep::F64,
            F32 | F16 | BF16 => Rep::F32,
            I64 => Rep::I64,
            I32 => Rep::I32,
            U32 => Rep::U32,
            U8 | Bool => Rep::U8,
        }
    }

    /// Bytes of an element.
    pub const fn size(self) -> usize {
        match self {
            Rep::F64 | Rep::I64 => 8,
            Rep::F32 | Rep::I32 | Rep::U32 => 4,
            Rep::U8 => 1,
        }
    }
}

/// Rows of elements in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// The first element.
    pub ptr: *mut u8,
    /// Elements from one row to the next; 0 where all rows are one.
    pub rs: usize,
    /// Whether a row has its `n` elements; otherwise one stands for all of them.
    pub vec: bool,
}

impl View {
    /// Nothing yet.
    pub const NONE: View = View { ptr: std::ptr::null_mut(), rs: 0, vec: false };

    /// Row `r`, or its one element.
    ///
    /// # Safety
    /// The view must have that row, of type `T`, aligned, and not be written during `'a`.
    #[inline(always)]
    pub unsafe fn row<'a, T: Copy>(self, r: usize, n: usize) -> Row<'a, T> {
        // SAFETY: the caller's promise.
        unsafe {
            // Of an empty row nothing is read: not even the one element, which may be none.
            if n == 0 {
                return Row::Many(&[]);
            }
            let at = (self.ptr as *const T).add(r * self.rs);
            if self.vec { Row::Many(std::slice::from_raw_parts(at, n)) } else { Row::One(*at) }
        }
    }

    /// Row `r` for writing.
    ///
    /// # Safety
    /// The view must be a vector with that row, of type `T`, aligned, and nothing else may use it during `'a`.
    #[inline(always)]
    pub unsafe fn row_mut<'a, T>(self, r: usize, n: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut((self.ptr as *mut T).add(r * self.rs), n) }
    }
}

/// A row of an operand.
#[derive(Clone, Copy)]
pub(super) enum Row<'a, T> {
    /// One element for the whole row.
    One(T),
    /// The row's elements.
    Many(&'a [T]),
}

static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Runs `f` compiled for this machine's vector instructions; `f` must be `#[inline(always)]` all the way down.
#[inline(always)]
pub(super) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    ARCH.dispatch(f)
}

/// Makes rows that lie one after another a single long one.
#[inline(always)]
pub(super) fn flatten(views: &[View], rows: usize, n: usize) -> (usize, usize) {
    let flat = rows > 1 && views.iter().all(|v| if v.vec { v.rs == n } else { v.rs == 0 });
    if flat { (1, rows * n) } else { (rows, n) }
}

/// Runs `f` compiled for this machine if `WIDE`, else for the least of its kind: what is rare is compiled once.
#[inline(always)]
fn at<const WIDE: bool, R>(f: impl FnOnce() -> R) -> R {
    if WIDE { vectorised(f) } else { f() }
}

/// `d = f(a)`, element by element.
///
/// # Safety
/// The views must be valid for `rows` rows of `n` elements of these types; `d` must overlap nothing else.
#[inline(always)]
pub(super) unsafe fn map1<const WIDE: bool, A: Copy, D: Copy>(
    d: View,
    a: View,
    rows: usize,
    n: usize,
    f: impl Fn(A) -> D + Copy,
) {
    let (rows, n) = flatten(&[d, a], rows, n);
    at::<WIDE, ()>(
        #[inline(always)]
        move || {
            for r in 0..rows {
                // SAFETY: the caller's promise.
                let (out, a) = unsafe { (d.row_mut::<D>(r, n), a.row::<A>(r, n)) };
                match a {
                    Row::One(a) => out.fill(f(a)),
                    Row::Many(a) => {
                        for (d, &a) in out.iter_mut().zip(a) {
                            *d = f(a);
                        }
                    }
                }
            }
        },
    )
}

/// `d = f(a, b)`, element by element.
///
/// # Safety
/// As [`map1`].
#[inline(always)]
pub(super) unsafe fn map2<const WIDE: bool, A: Copy, B: Copy, D: Copy>(
    d: View,
    a: View,
    b: View,
    rows: usize,
    n: usize,
    f: impl Fn(A, B) -> D + Copy,
) {
    let (rows, n) = flatten(&[d, a, b], rows, n);
    at::<WIDE, ()>(
        #[inline(always)]
        move || {
            for r in 0..rows {
                // SAFETY: the caller's promise.
                let (out, a, b) = unsafe { (d.row_mut::<D>(r, n), a.row::<A>(r, n), b.row::<B>(r, n)) };
                match (a, b) {
                    (Row::Many(a), Row::Many(b)) => {
                        for ((d, &a), &b) in out.iter_mut().zip(a).zip(b) {
                            *d = f(a, b);
                        }
                    }
                    (Row::Many(a), Row::One(b)) => {
                        for (d, &a) in out.iter_mut().zip(a) {
                            *d = f(a, b);
                        }
                    }
                    (Row::One(a), Row::Many(b)) => {
                        for (d, &b) in out.iter_mut().zip(b) {
                            *d = f(a, b);
                        }
                    }
                    (Row::One(a), Row::One(b)) => out.fill(f(a, b)),
                }
            }
        },
    )
}

/// `d = if c { a } else { b }`, element by element.
///
/// # Safety
/// As [`map1`]; `c` holds bytes.
pub(super) unsafe fn select<T: Copy>(d: View, c: View, a: View, b: View, rows: usize, n: usize) {
    let (rows, n) = flatten(&[d, c, a, b], rows, n);
    vectorised(
        #[inline(always)]
        move || {
            for r in 0..rows {
                // SAFETY: the caller's promise.
                let (out, c, a, b) =
                    unsafe { (d.row_mut::<T>(r, n), c.row::<u8>(r, n), a.row::<T>(r, n), b.row::<T>(r, n)) };
                let c = match c {
                    Row::One(c) => {
                        match if c != 0 { a } else { b } {
                            Row::One(x) => out.fill(x),
                            Row::Many(x) => out.copy_from_slice(x),
                        }
                        continue;
                    }
                    Row::Many(c) => c,
                };
                match (a, b) {
                    (Row::Many(a), Row::Many(b)) => {
                        for (((d, &c), &a), &b) in out.iter_mut().zip(c).zip(a).zip(b) {
                            *d = if c != 0 { a } else { b };
                        }
                    }
                    (Row::Many(a), Row::One(b)) => {
                        for ((d, &c), &a) in out.iter_mut().zip(c).zip(a) {
                            *d = if c != 0 { a } else { b };
                        }
                    }
                    (Row::One(a), Row::Many(b)) => {
                        for ((d, &c), &b) in out.iter_mut().zip(c).zip(b) {
                            *d = if c != 0 { a } else { b };
                        }
                    }
                    (Row::One(a), Row::One(b)) => {
                        for (d, &c) in out.iter_mut().zip(c) {
                            *d = if c != 0 { a } else { b };
                        }
                    }
                }
            }
        },
    )
}
