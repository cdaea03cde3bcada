//! A static scalar, exactly as it was written.

use crate::types::DType;
use std::fmt;

/// A static scalar.
#[derive(Clone, Copy, Debug)]
pub enum Lit {
    /// A float, at full precision.
    F(f64),
    /// An integer; wider than every element type, so that a number outside of one is still the number it is.
    I(i128),
    /// A truth value.
    B(bool),
    /// Known when linked.
    Free,
}

/// Why a number is no element of a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It has a fraction, or is NaN or infinite, and the type holds integers.
    Fraction,
    /// It is below the least value of the type.
    Below,
    /// It is above the greatest value of the type.
    Above,
    /// It is a truth value and the type is numeric, or the other way round.
    Kind,
}

impl Lit {
    /// The value as an `f64` (0 if free). Only for what is a float by its meaning: a probability, an epsilon, a factor.
    pub const fn to_f64(self) -> f64 {
        match self {
            Lit::F(x) => x,
            Lit::I(x) => x as f64,
            Lit::B(x) => x as u8 as f64,
            Lit::Free => 0.0,
        }
    }

    /// The number as an element of `dtype`: floats rounded once, to the nearest; integers exact. A whole float is an
    /// integer, and 0 and 1 are truth values.
    ///
    /// # Errors
    /// Why there is no such element.
    ///
    /// ```
    /// use thunder_core::op::{Lit, Unfit};
    /// use thunder_core::types::DType;
    /// assert_eq!(Lit::I((1 << 53) + 1).element(DType::I64), Ok(Lit::I((1 << 53) + 1)));
    /// assert_eq!(Lit::I((1 << 53) + 1).element(DType::F64), Ok(Lit::F((1u64 << 53) as f64)));
    /// assert_eq!(Lit::F(1.5).element(DType::I32), Err(Unfit::Fraction));
    /// assert_eq!(Lit::I(300).element(DType::U8), Err(Unfit::Above));
    /// ```
    pub fn element(self, dtype: DType) -> Result<Lit, Unfit> {
        match (self, dtype.int_range()) {
            (Lit::Free, _) => Ok(Lit::Free),
            (Lit::B(b), None) if dtype == DType::Bool => Ok(Lit::B(b)),
            (Lit::B(_), _) => Err(Unfit::Kind),
            (_, None) if dtype == DType::Bool => match self.whole() {
                Some(0) => Ok(Lit::B(false)),
                Some(1) => Ok(Lit::B(true)),
                _ => Err(Unfit::Kind),
            },
            // Kept at full precision: who computes with it rounds it, once.
            (Lit::F(x), None) => Ok(Lit::F(x)),
            (Lit::I(i), None) => Ok(Lit::F(dtype.nearest_to_int(i))),
            (_, Some((least, greatest))) => match self.whole() {
                None => Err(Unfit::Fraction),
                Some(i) if i < least => Err(Unfit::Below),
                Some(i) if i > greatest => Err(Unfit::Above),
                Some(i) => Ok(Lit::I(i)),
            },
        }
    }

    /// The integer that the number is.
    fn whole(self) -> Option<i128> {
        match self {
            Lit::I(i) => Some(i),
            // Every integer type's range ends far below 2^120.
            Lit::F(x) if x.fract() == 0.0 && x.abs() < 2f64.powi(120) => Some(x as i128),
            _ => None,
        }
    }

    /// Whether `linked` is what this number, as it was written, becomes in some element type.
    pub fn becomes(self, linked: Lit) -> bool {
        const FLOATS: [DType; 4] = [DType::F64, DType::F32, DType::F16, DType::BF16];
        match (self, linked) {
            (Lit::Free, _) => true,
            (Lit::I(i), Lit::F(x)) => FLOATS.iter().any(|d| d.nearest_to_int(i) == x),
            (Lit::F(_), Lit::I(i)) => self.whole() == Some(i),
            (Lit::I(_) | Lit::F(_), Lit::B(b)) => self.whole() == Some(i128::from(b)),
            _ => self == linked,
        }
    }
}

/// Says that `lit`, which `what` takes, is no element of type `dtype`, and what to write instead.
///
/// ```
/// use thunder_core::op::{Lit, Unfit, no_element};
/// use thunder_core::types::DType;
/// let text = no_element("full", Lit::F(1.5), DType::I32, Unfit::Fraction);
/// assert!(text.starts_with("`full`: 1.5 is no value of i32, which holds whole numbers"));
/// ```
pub fn no_element(what: &str, lit: Lit, dtype: DType, why: Unfit) -> String {
    let (reason, help) = match (why, dtype.int_range()) {
        (Unfit::Fraction, _) => (
            "which holds whole numbers".into(),
            "a whole number; or a float type: `x.cast::<f32>()`, `full::<f32, _>(..)`",
        ),
        (Unfit::Below | Unfit::Above, Some((least, greatest))) => (
            format!("which holds {least} to {greatest}"),
            "a number in that range, or a wider type: `x.cast::<i64>()`",
        ),
        (_, None) if dtype == DType::Bool => ("which holds `true` and `false`".into(), "`true` or `false`"),
        _ => ("which holds numbers".into(), "a number: 1 for `true`, 0 for `false`"),
    };
    format!("`{what}`: {lit} is no value of {dtype}, {reason}\n\n       help: {help}")
}

/// Equality by bits, so that NaN is itself.
impl PartialEq for Lit {
    fn eq(&self, other: &Lit) -> bool {
        match (self, other) {
            (Lit::F(a), Lit::F(b)) => a.to_bits() == b.to_bits(),
            (Lit::I(a), Lit::I(b)) => a == b,
            (Lit::B(a), Lit::B(b)) => a == b,
            (Lit::Free, Lit::Free) => true,
            _ => false,
        }
    }
}

impl Eq for Lit {}

impl std::hash::Hash for Lit {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        match self {
            Lit::F(x) => (0u8, x.to_bits()).hash(h),
            Lit::I(x) => (1u8, x).hash(h),
            Lit::B(x) => (2u8, x).hash(h),
            Lit::Free => 3u8.hash(h),
        }
    }
}

/// As it is written in a program: a float by the fewest digits that give it, or the `f32` that it comes from.
impl fmt::Display for Lit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lit::F(x) if f64::from(*x as f32) == *x => write!(f, "{:?}", *x as f32),
            Lit::F(x) => write!(f, "{x:?}"),
            Lit::I(x) => write!(f, "{x}"),
            Lit::B(x) => write!(f, "{x}"),
            Lit::Free => write!(f, "_"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_compared_exactly() {
        let odd = (1i128 << 53) + 1;
        assert!(Lit::I(odd).becomes(Lit::I(odd)));
        assert!(!Lit::I(odd).becomes(Lit::I(odd - 1)));
        assert!(!Lit::F(0.0).becomes(Lit::F(-0.0)));
        assert!(Lit::I(3).becomes(Lit::F(3.0)) && !Lit::I(3).becomes(Lit::F(3.5)));
        assert!(Lit::I((1 << 24) + 1).becomes(Lit::F(16777216.0)), "what f32 makes of it");
        assert!(!Lit::I((1 << 24) + 1).becomes(Lit::F(16777214.0)));
        assert!(Lit::F(2.0).becomes(Lit::I(2)) && !Lit::F(2.5).becomes(Lit::I(2)));
        assert!(Lit::I(1).becomes(Lit::B(true)) && !Lit::I(2).becomes(Lit::B(true)));
    }

    #[test]
    fn the_ends_of_each_range() {
        for d in [DType::I64, DType::I32, DType::U32, DType::U8] {
            let (least, greatest) = d.int_range().expect("an integer type");
            for i in [least, greatest] {
                assert_eq!(Lit::I(i).element(d), Ok(Lit::I(i)));
            }
            assert_eq!(Lit::I(least - 1).element(d), Err(Unfit::Below));
            assert_eq!(Lit::I(greatest + 1).element(d), Err(Unfit::Above));
            for x in [1.5, f64::NAN, f64::INFINITY] {
                assert_eq!(Lit::F(x).element(d), Err(Unfit::Fraction));
            }
        }
        assert_eq!(Lit::F(9.3e18).element(DType::I64), Err(Unfit::Above));
        assert_eq!(Lit::B(true).element(DType::F32), Err(Unfit::Kind));
        assert_eq!(Lit::I(2).element(DType::Bool), Err(Unfit::Kind));
    }
}
