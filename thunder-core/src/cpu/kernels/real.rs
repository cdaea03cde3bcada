//! The floating-point types that kernels compute in, with their functions.

use super::math;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

macro_rules! real {
    ($(fn $name:ident(self $(, $arg:ident)?) = $narrow:expr, $wide:expr;)*) => {
        /// `f32` by the vectorising functions of [`math`], `f64` by those of the standard library and of `libm`.
        pub trait Real: Copy + PartialOrd + Neg<Output = Self> + Add<Output = Self> + Sub<Output = Self>
            + Mul<Output = Self> + Div<Output = Self> + Rem<Output = Self>
        {
            const ZERO: Self;
            const ONE: Self;
            const INFINITY: Self;
            fn is_nan(self) -> bool;
            $(fn $name(self $(, $arg: Self)?) -> Self;)*
        }

        impl Real for f32 {
            const ZERO: f32 = 0.0;
            const ONE: f32 = 1.0;
            const INFINITY: f32 = f32::INFINITY;
            #[inline(always)]
            fn is_nan(self) -> bool { f32::is_nan(self) }
            $(#[inline(always)]
            fn $name(self $(, $arg: f32)?) -> f32 { $narrow(self $(, $arg)?) })*
        }

        impl Real for f64 {
            const ZERO: f64 = 0.0;
            const ONE: f64 = 1.0;
            const INFINITY: f64 = f64::INFINITY;
            #[inline(always)]
            fn is_nan(self) -> bool { f64::is_nan(self) }
            $(#[inline(always)]
            fn $name(self $(, $arg: f64)?) -> f64 { $wide(self $(, $arg)?) })*
        }
    };
}

real! {
    fn abs(self) = f32::abs, f64::abs;
    fn sqrt(self) = f32::sqrt, f64::sqrt;
    fn exp(self) = math::exp, f64::exp;
    fn exp2(self) = math::exp2, f64::exp2;
    fn expm1(self) = math::expm1, f64::exp_m1;
    fn log(self) = math::log, f64::ln;
    fn log2(self) = math::log2, f64::log2;
    fn log1p(self) = math::log1p, f64::ln_1p;
    fn sin(self) = math::sin, f64::sin;
    fn cos(self) = math::cos, f64::cos;
    fn tanh(self) = math::tanh, f64::tanh;
    fn erf(self) = math::erf, libm::erf;
    fn erfc(self) = math::erfc, libm::erfc;
    fn sigmoid(self) = math::sigmoid, math::sigmoid64;
    fn floor(self) = f32::floor, f64::floor;
    fn ceil(self) = f32::ceil, f64::ceil;
    fn round(self) = f32::round_ties_even, f64::round_ties_even;
    fn trunc(self) = f32::trunc, f64::trunc;
    fn pow(self, y) = f32::powf, f64::powf;
    fn atan2(self, y) = f32::atan2, f64::atan2;
}
