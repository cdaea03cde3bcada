//! The Rust types that can be elements of a tensor.

use super::{DType, to_bf16, to_f16};
use half::{bf16, f16};

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that can be an element of a tensor.
///
/// Sealed: the element types are the nine of [`DType`].
///
/// ```
/// use thunder_core::types::{DType, Element};
/// assert_eq!(<i64 as Element>::DTYPE, DType::I64);
/// assert_eq!(u8::from_f64(300.0), 255);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an element type",
    label = "not an element type",
    note = "element types are f64, f32, f16, bf16, i64, i32, u32, u8 and bool"
)]
pub trait Element:
    sealed::Sealed + Copy + Default + Send + Sync + PartialEq + std::fmt::Debug + 'static
{
    /// The element type, as a value.
    const DTYPE: DType;
    /// The nearest value of this type (saturating for integers, non-zero for `bool`).
    fn from_f64(x: f64) -> Self;
    /// The value as an `f64`.
    fn to_f64(self) -> f64;
    /// The elements as bytes.
    fn bytes(data: &[Self]) -> &[u8];
    /// `count` elements, whose bytes `fill` writes.
    ///
    /// # Errors
    /// The error of `fill`, or [`NoMemory`].
    fn read<X: From<NoMemory>>(
        count: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), X>,
    ) -> Result<Vec<Self>, X>;
}

/// The host has not enough memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoMemory {
    /// The number of bytes requested.
    pub bytes: usize,
}

impl NoMemory {
    fn of<T>(count: usize) -> NoMemory {
        NoMemory { bytes: count.saturating_mul(size_of::<T>()) }
    }
}

/// An empty list with room for `count` elements.
///
/// ```
/// use thunder_core::types::with_room;
/// assert!(with_room::<f32>(10).unwrap().capacity() >= 10);
/// assert!(with_room::<f32>(usize::MAX).is_err());
/// ```
///
/// # Errors
/// [`NoMemory`], in cases where `Vec::with_capacity` would end the process.
pub fn with_room<T>(count: usize) -> Result<Vec<T>, NoMemory> {
    let mut list = Vec::new();
    list.try_reserve_exact(count).map_err(|_| NoMemory::of::<T>(count))?;
    Ok(list)
}

/// `count` zeros.
///
/// ```
/// use thunder_core::types::zeroed;
/// assert_eq!(zeroed::<u8>(2).unwrap(), [0, 0]);
/// assert!(zeroed::<f64>(usize::MAX).is_err());
/// ```
///
/// # Errors
/// [`NoMemory`], in cases where `vec![0; count]` would end the process.
pub fn zeroed<T: bytemuck::Zeroable>(count: usize) -> Result<Vec<T>, NoMemory> {
    bytemuck::allocation::try_zeroed_vec(count).map_err(|()| NoMemory::of::<T>(count))
}

/// An element type with arithmetic: all types but `bool`.
#[diagnostic::on_unimplemented(
    message = "arithmetic needs a numeric element type, and `{Self}` is none",
    note = "cast first: `x.cast::<f32>()`"
)]
pub trait Num:
    Element + Accepts<i64> + Accepts<i32> + Accepts<u32> + Accepts<u8> + Accepts<usize> + Accepts<u64>
{
}

/// A floating-point element type: `f64`, `f32`, `f16` or `bf16`.
#[diagnostic::on_unimplemented(
    message = "this needs a floating-point element type, and `{Self}` is none",
    note = "cast first: `x.cast::<f32>()`"
)]
pub trait Float: Num + Accepts<f64> + Accepts<f32> {}

/// An integer element type.
#[diagnostic::on_unimplemented(
    message = "this needs an integer element type, and `{Self}` is none",
    note = "cast first: `x.cast::<i64>()`"
)]
pub trait Int: Num {}

macro_rules! element {
    (@read bool, $count:ident, $fill:ident) => {{
        let (mut bytes, mut out) = (zeroed::<u8>($count)?, with_room($count)?);
        $fill(&mut bytes)?;
        out.extend(bytes.into_iter().map(|b| b != 0));
        Ok(out)
    }};
    (@read $ty:ident, $count:ident, $fill:ident) => {{
        let mut out = zeroed::<$ty>($count)?;
        $fill(bytemuck::cast_slice_mut(&mut out))?;
        Ok(out)
    }};
    ($($ty:ident, $dtype:ident, $from:expr, $to:expr, [$($class:ident)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl sealed::Sealed for $ty {}
        #[diagnostic::do_not_recommend]
        impl Element for $ty {
            const DTYPE: DType = DType::$dtype;
            fn from_f64(x: f64) -> Self { let f: fn(f64) -> $ty = $from; f(x) }
            fn to_f64(self) -> f64 { let f: fn($ty) -> f64 = $to; f(self) }
            fn bytes(data: &[Self]) -> &[u8] { bytemuck::cast_slice(data) }
            fn read<X: From<NoMemory>>(
                count: usize,
                fill: impl FnOnce(&mut [u8]) -> Result<(), X>,
            ) -> Result<Vec<Self>, X> {
                element!(@read $ty, count, fill)
            }
        }
        $(
            #[diagnostic::do_not_recommend]
            impl $class for $ty {}
        )*
    )*};
}

element! {
    f64, F64, |x| x, |x| x, [Num Float];
    f32, F32, |x| x as f32, |x| x as f64, [Num Float];
    f16, F16, to_f16, f16::to_f64, [Num Float];
    bf16, BF16, to_bf16, bf16::to_f64, [Num Float];
    i64, I64, |x| x as i64, |x| x as f64, [Num Int];
    i32, I32, |x| x as i32, |x| x as f64, [Num Int];
    u32, U32, |x| x as u32, |x| x as f64, [Num Int];
    u8, U8, |x| x as u8, |x| x as f64, [Num Int];
    bool, Bool, |x| x != 0.0, |x| x as u8 as f64, [];
}

/// A float type that is known only at run time: the element type of the tensors in an optimiser's `zip_map`.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct AnyFloat;

#[diagnostic::do_not_recommend]
impl sealed::Sealed for AnyFloat {}
#[diagnostic::do_not_recommend]
impl Element for AnyFloat {
    const DTYPE: DType = DType::F32;
    fn from_f64(_: f64) -> Self {
        AnyFloat
    }
    fn to_f64(self) -> f64 {
        0.0
    }
    fn bytes(_: &[Self]) -> &[u8] {
        &[]
    }
    fn read<X: From<NoMemory>>(
        count: usize,
        _: impl FnOnce(&mut [u8]) -> Result<(), X>,
    ) -> Result<Vec<Self>, X> {
        Ok(vec![AnyFloat; count])
    }
}
#[diagnostic::do_not_recommend]
impl Num for AnyFloat {}
#[diagnostic::do_not_recommend]
impl Float for AnyFloat {}

/// An element type to which a Rust number of type `T` converts: floats accept any number, integers accept integers.
#[diagnostic::on_unimplemented(
    message = "a `{T}` does not mix with a tensor of `{Self}`",
    note = "cast the tensor first: `x.cast::<f32>()`"
)]
pub trait Accepts<T>: Element {}

macro_rules! accepts {
    ($($elem:ty: $($t:ty)*;)*) => {$($(impl Accepts<$t> for $elem {})*)*};
}

accepts! {
    f64: f64 f32 i64 i32 u32 u8 usize u64;
    f32: f64 f32 i64 i32 u32 u8 usize u64;
    f16: f64 f32 i64 i32 u32 u8 usize u64;
    bf16: f64 f32 i64 i32 u32 u8 usize u64;
    AnyFloat: f64 f32 i64 i32 u32 u8 usize u64;
    i64: i64 i32 u32 u8 usize u64;
    i32: i64 i32 u32 u8 usize u64;
    u32: i64 i32 u32 u8 usize u64;
    u8: i64 i32 u32 u8 usize u64;
    bool: bool;
}
