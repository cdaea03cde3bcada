//! Conversions of numbers to the float types, each rounded once: to the nearest, ties to even.
//!
//! A conversion through an intermediate type rounds twice, and the first rounding can produce a tie for the second one.
//! Here the intermediate is f32 *rounded to odd*: rounded toward zero, with the last bit set if anything was lost. That bit
//! represents all lost bits, so rounding again to a type with at least two digits fewer gives the correct result (Boldo and Melquiond,
//! "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).

use super::DType;
use half::{bf16, f16};

/// A number that can be converted to f32 with rounding to odd.
pub trait ToOdd {
    /// The number in f32, rounded to odd. NaN and infinities stay as they are.
    fn to_odd(self) -> f32;
}

/// `nearest`, the f32 nearest to a number, rounded to odd instead: `lost` tells how its magnitude compares with the
/// number's.
#[inline(always)]
fn odd(nearest: f32, lost: std::cmp::Ordering) -> f32 {
    let bits = nearest.to_bits();
    f32::from_bits(match lost {
        std::cmp::Ordering::Equal => bits,
        // The nearest one has a larger magnitude than the number: take one step toward zero.
        std::cmp::Ordering::Greater => (bits - 1) | 1,
        std::cmp::Ordering::Less => bits | 1,
    })
}

impl ToOdd for f64 {
    #[inline(always)]
    fn to_odd(self) -> f32 {
        let nearest = self as f32;
        match f64::from(nearest).abs().partial_cmp(&self.abs()) {
            Some(lost) => odd(nearest, lost),
            None => nearest,
        }
    }
}

impl ToOdd for i128 {
    #[inline(always)]
    fn to_odd(self) -> f32 {
        let nearest = self as f32;
        odd(nearest, (nearest.abs() as u128).cmp(&self.unsigned_abs()))
    }
}

macro_rules! by_way_of {
    ($($from:ty => $exact:ty;)*) => {$(
        impl ToOdd for $from {
            #[inline(always)]
            fn to_odd(self) -> f32 { <$exact>::from(self).to_odd() }
        }
    )*};
}

by_way_of! { i64 => i128; i32 => f64; u32 => f64; u8 => f64; }

impl ToOdd for f32 {
    #[inline(always)]
    fn to_odd(self) -> f32 {
        self
    }
}

/// The bfloat16 nearest to `x`.
///
/// ```
/// # use thunder_core::types::to_bf16;
/// // Through f32 it would be 268435456.
/// assert_eq!(to_bf16(269484033i64).to_f64(), 270532608.0);
/// ```
#[inline(always)]
pub fn to_bf16(x: impl ToOdd) -> bf16 {
    bf16::from_f32(x.to_odd())
}

/// The binary16 nearest to `x`.
///
/// ```
/// # use thunder_core::types::to_f16;
/// // Just above the tie between 2048 and 2050; f32 rounds it to the tie.
/// assert_eq!(to_f16(2049.00001f64).to_f64(), 2050.0);
/// ```
#[inline(always)]
pub fn to_f16(x: impl ToOdd) -> f16 {
    f16::from_f32(x.to_odd())
}

impl DType {
    /// The value of this type nearest to `x`. For a type that is not a float, `x` itself.
    ///
    /// ```
    /// # use thunder_core::types::DType;
    /// assert_eq!(DType::F32.nearest(0.1), f64::from(0.1f32));
    /// assert_eq!(DType::F16.nearest(1e6), f64::INFINITY);
    /// ```
    pub fn nearest(self, x: f64) -> f64 {
        match self {
            DType::F32 => f64::from(x as f32),
            DType::F16 => to_f16(x).to_f64(),
            DType::BF16 => to_bf16(x).to_f64(),
            DType::F64 | DType::I64 | DType::I32 | DType::U32 | DType::U8 | DType::Bool => x,
        }
    }

    /// The value of this float type nearest to an integer.
    ///
    /// ```
    /// # use thunder_core::types::DType;
    /// assert_eq!(DType::F32.nearest_to_int((1 << 60) + (1 << 36) + 1), (1i64 << 60) as f64 + (1i64 << 37) as f64);
    /// ```
    pub fn nearest_to_int(self, i: i128) -> f64 {
        match self {
            DType::F32 => f64::from(i as f32),
            DType::F16 => to_f16(i).to_f64(),
            DType::BF16 => to_bf16(i).to_f64(),
            DType::F64 | DType::I64 | DType::I32 | DType::U32 | DType::U8 | DType::Bool => i as f64,
        }
    }

    /// The least and the greatest value of an integer type; `None` for the others.
    ///
    /// ```
    /// # use thunder_core::types::DType;
    /// assert_eq!(DType::U8.int_range(), Some((0, 255)));
    /// assert_eq!(DType::F32.int_range(), None);
    /// ```
    pub const fn int_range(self) -> Option<(i128, i128)> {
        match self {
            DType::I64 => Some((i64::MIN as i128, i64::MAX as i128)),
            DType::I32 => Some((i32::MIN as i128, i32::MAX as i128)),
            DType::U32 => Some((0, u32::MAX as i128)),
            DType::U8 => Some((0, 255)),
            DType::F64 | DType::F32 | DType::F16 | DType::BF16 | DType::Bool => None,
        }
    }
}
