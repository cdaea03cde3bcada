//! Conversions: between element types, and between memory and registers.

use super::{Rep, View, map1};
use crate::types::{DType, to_bf16, to_f16};
use half::f16;

/// The f32 nearest to a bfloat16's bits.
#[inline(always)]
pub fn bf16_to_f32(x: u16) -> f32 {
    f32::from_bits((x as u32) << 16)
}

/// The bits of the bfloat16 nearest to `x`, ties to even.
#[inline(always)]
pub fn f32_to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    let nan = (bits >> 16) | 0x40;
    (if x.is_nan() { nan } else { rounded }) as u16
}

/// `d = a as to`: an explicit cast, which rounds also where the register is wider than `to`.
///
/// # Safety
/// The views must be valid for `rows` rows of `n` elements of the registers' types, and `d` overlap nothing.
pub unsafe fn cast(from: DType, to: DType, d: View, a: View, rows: usize, n: usize) {
    macro_rules! go {
        ($wide:literal, $a:ty, $d:ty, $f:expr) => {
            // SAFETY: passed on.
            unsafe { map1::<$wide, $a, $d>(d, a, rows, n, $f) }
        };
    }
    macro_rules! from {
        ($a:ty) => {
            match to {
                DType::F64 => go!(false, $a, f64, |x| x as f64),
                DType::F32 => go!(true, $a, f32, |x| x as f32),
                DType::F16 => go!(false, $a, f32, |x| to_f16(x).to_f32()),
                DType::BF16 => go!(false, $a, f32, |x| to_bf16(x).to_f32()),
                DType::I64 => go!(false, $a, i64, |x| x as i64),
                DType::I32 => go!(false, $a, i32, |x| x as i32),
                DType::U32 => go!(false, $a, u32, |x| x as u32),
                DType::U8 => go!(false, $a, u8, |x| x as u8),
                DType::Bool => go!(false, $a, u8, |x| u8::from(x != 0 as $a)),
            }
        };
    }
    match (Rep::of(from), to) {
        (Rep::F32, DType::BF16) => go!(true, f32, f32, |x| bf16_to_f32(f32_to_bf16(x))),
        (Rep::F32, DType::F16) => go!(true, f32, f32, |x| f16::from_f32(x).to_f32()),
        (Rep::F32, _) => from!(f32),
        (Rep::F64, _) => from!(f64),
        (Rep::I64, _) => from!(i64),
        (Rep::I32, _) => from!(i32),
        (Rep::U32, _) => from!(u32),
        (Rep::U8, _) => from!(u8),
    }
}

/// Copies `n` elements of type `dtype`, `step` elements apart in memory, to a register.
///
/// # Safety
/// `from` must be valid for those elements, and `to` for `n` of the register's; they must not overlap.
#[inline]
pub unsafe fn load(dtype: DType, to: *mut u8, from: *const u8, step: isize, n: usize) {
    // SAFETY: passed on.
    unsafe {
        match dtype {
            DType::F16 => gather::<u16, f32>(to, from, step, n, |x| f16::from_bits(x).to_f32()),
            DType::BF16 => gather::<u16, f32>(to, from, step, n, bf16_to_f32),
            _ => copy(dtype.size(), to, 1, from, step, n),
        }
    }
}

/// Copies `n` elements from a register to memory, where they lie `step` elements apart.
///
/// # Safety
/// As [`load`].
#[inline]
pub unsafe fn store(dtype: DType, to: *mut u8, step: isize, from: *const u8, n: usize) {
    // SAFETY: passed on.
    unsafe {
        match dtype {
            DType::F16 => scatter::<f32, u16>(to, step, from, n, |x| f16::from_f32(x).to_bits()),
            DType::BF16 => scatter::<f32, u16>(to, step, from, n, f32_to_bf16),
            _ => copy(dtype.size(), to, step, from, 1, n),
        }
    }
}

/// Copies `n` elements of `size` bytes between strided places.
///
/// # Safety
/// As [`load`].
#[inline]
pub unsafe fn copy(size: usize, to: *mut u8, to_step: isize, from: *const u8, step: isize, n: usize) {
    // SAFETY: passed on.
    unsafe {
        if to_step == 1 && step == 1 {
            return std::ptr::copy_nonoverlapping(from, to, n * size);
        }
        match size {
            8 => strided::<u64>(to, to_step, from, step, n),
            4 => strided::<u32>(to, to_step, from, step, n),
            2 => strided::<u16>(to, to_step, from, step, n),
            _ => strided::<u8>(to, to_step, from, step, n),
        }
    }
}

unsafe fn strided<T: Copy>(to: *mut u8, to_step: isize, from: *const u8, step: isize, n: usize) {
    let (to, from) = (to as *mut T, from as *const T);
    for i in 0..n as isize {
        // SAFETY: the caller's promise.
        unsafe { *to.offset(i * to_step) = *from.offset(i * step) };
    }
}

#[inline(always)]
unsafe fn gather<A: Copy, D: Copy>(
    to: *mut u8,
    from: *const u8,
    step: isize,
    n: usize,
    f: impl Fn(A) -> D + Copy,
) {
    let d = View { ptr: to, rs: n, vec: true };
    if step == 1 || step == 0 {
        // SAFETY: the caller's promise.
        return unsafe {
            map1::<true, A, D>(d, View { ptr: from as *mut u8, rs: n, vec: step == 1 }, 1, n, f)
        };
    }
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe { *(to as *mut D).add(i) = f(*(from as *const A).offset(i as isize * step)) };
    }
}

#[inline(always)]
unsafe fn scatter<A: Copy, D: Copy>(
    to: *mut u8,
    step: isize,
    from: *const u8,
    n: usize,
    f: impl Fn(A) -> D + Copy,
) {
    if step == 1 {
        let d = View { ptr: to, rs: n, vec: true };
        // SAFETY: the caller's promise.
        return unsafe { map1::<true, A, D>(d, View { ptr: from as *mut u8, rs: n, vec: true }, 1, n, f) };
    }
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe { *(to as *mut D).offset(i as isize * step) = f(*(from as *const A).add(i)) };
    }
}
