//! What std's methods may be called on in a body: std's own types, whose methods of those names are pure.

use super::{ThunderFunction, TracedCall, Untraced};
use crate::tensor::{CrossEntropy, Key, Sdpa, Shape, Tensor};
use crate::types::{AnyFloat, DType, Element};
use half::{bf16, f16};

/// A type whose methods that bear the names of std's pure ones are pure or may be traced.
#[diagnostic::on_unimplemented(
    message = "an opaque call: a method of `{Self}`, which is neither std's nor the language's, is not traced",
    label = "not a `#[thunder]` method, nor one of std's that are known to be pure",
    note = "mark the type and its `impl` `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait Receiver {
    /// What such a method is, if `M` is its twin: one of std's, or what the twin says. `OF_NUMBERS` is whether std has
    /// it of numbers.
    type Reached<M, const OF_NUMBERS: bool>;
}

/// A method of std's, which is known to be pure.
pub struct Std;

#[diagnostic::do_not_recommend]
impl ThunderFunction for Std {}

/// A method of a number, and whether std has one of its name.
pub struct OfNumber<const STD: bool>;

#[diagnostic::do_not_recommend]
impl ThunderFunction for OfNumber<true> {}

/// What a method that was taken for one of std's may be. If it is traced, the trace lacks it.
#[diagnostic::on_unimplemented(
    message = "a `#[thunder]` method bears the name of one of std's, and was taken for that",
    label = "not known to be traced where it is called",
    note = "call it by its type, `Model::name(&model)`; or give it another name"
)]
pub trait TakenForStd {}

#[diagnostic::do_not_recommend]
impl TakenForStd for Std {}
#[diagnostic::do_not_recommend]
impl<const STD: bool> TakenForStd for OfNumber<STD> {}
/// It is refused already.
#[diagnostic::do_not_recommend]
impl TakenForStd for Untraced {}

/// Refuses a method that was taken for one of std's, by its receiver and its twin, if it is not.
#[allow(clippy::multiple_bound_locations)] // What a receiver is stands apart from what its method must be.
pub fn receiver<const OF_NUMBERS: bool, T: Receiver + ?Sized, M>(_: &T, _twin: M)
where
    T: TracedCall<T::Reached<M, OF_NUMBERS>>,
    T::Reached<M, OF_NUMBERS>: TakenForStd,
{
}

/// A type whose values a body may make, or read from a constant: what is done with them is traced or pure. Of another
/// an operator, or a trait of std's, may do anything.
#[diagnostic::on_unimplemented(
    message = "an opaque call: `{Self}` is neither std's nor the language's, so what is done with it is not traced",
    label = "of a type that is not `#[thunder]`",
    note = "mark the type `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait Configuration {}

#[diagnostic::do_not_recommend]
impl<T: Receiver + ?Sized> Configuration for T {}

/// Refuses a value that a body makes or reads from a constant, if it is of a type of which nothing is known.
pub const fn configuration<T: Configuration + ?Sized>(_: &T) {}

/// What a method of a name that std's types and modules may have is.
#[diagnostic::on_unimplemented(
    message = "an opaque call: this is not a `#[thunder]` function, so what it does is not traced",
    label = "not a `#[thunder]` method, nor one of std's that are known to be pure",
    note = "mark its `impl` `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait Reached {
    /// Whether it is traced.
    const TRACED: bool;
}

#[diagnostic::do_not_recommend]
impl Reached for Std {
    const TRACED: bool = false;
}

#[diagnostic::do_not_recommend]
impl Reached for OfNumber<true> {
    const TRACED: bool = false;
}

#[diagnostic::do_not_recommend]
impl Reached for super::Dispatched {
    const TRACED: bool = true;
}

/// Which arm a method is, by its receiver and its twin: that of std's, or the traced one.
pub fn reached<const OF_NUMBERS: bool, T, M>(_: &T, _twin: impl FnOnce() -> M) -> u16
where
    T: Receiver<Reached<M, OF_NUMBERS>: Reached> + ?Sized,
{
    u16::from(<T::Reached<M, OF_NUMBERS> as Reached>::TRACED)
}

macro_rules! numbers {
    ($($t:ty),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl Receiver for $t { type Reached<__M, const OF_NUMBERS: bool> = OfNumber<OF_NUMBERS>; }
    )*};
}

numbers! { i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, f16, bf16, bool }

macro_rules! std_types {
    ($($(#$generics:tt)? $t:ty),* $(,)?) => {$( std_types!(@ $($generics)? $t); )*};
    (@ [$($generics:tt)*] $t:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Receiver for $t { type Reached<__M, const OF_NUMBERS: bool> = Std; }
    };
    (@ $t:ty) => {
        #[diagnostic::do_not_recommend]
        impl Receiver for $t { type Reached<__M, const OF_NUMBERS: bool> = Std; }
    };
}

// Texts, and what holds values.
std_types! {
    char, str, String, (),
    std::num::NonZeroU32, std::num::NonZeroU64, std::num::NonZeroUsize, #[T: ?Sized] std::marker::PhantomData<T>,
    #[T] std::ops::Bound<T>, #[B, C] std::ops::ControlFlow<B, C>, #[A] (A,),
    std::cmp::Ordering, std::time::Duration, std::num::ParseFloatError, std::num::ParseIntError,
    #[T] [T], #[T, const N: usize] [T; N], #[T] Vec<T>, #[T] Option<T>, #[T, E] Result<T, E>,
    #[T] std::num::Wrapping<T>, #[T] std::cmp::Reverse<T>,
    #[A, B] (A, B), #[A, B, C] (A, B, C), #[A, B, C, D] (A, B, C, D),
    #[A, B, C, D, E] (A, B, C, D, E), #[A, B, C, D, E, F] (A, B, C, D, E, F),
    #[T] std::ops::Range<T>, #[T] std::ops::RangeInclusive<T>, #[T] std::ops::RangeFrom<T>, #[T] std::ops::RangeTo<T>,
    std::ops::RangeFull,
}

// What refers to a value has the value's methods.
macro_rules! references {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Receiver + ?Sized> Receiver for $t { type Reached<M, const N: bool> = T::Reached<M, N>; }
    )*};
}

references! { &T &mut T Box<T> }

// Iterators that a name may be bound to.
std_types! {
    #[I, F] std::iter::Map<I, F>, #[I, F] std::iter::Filter<I, F>, #[I, F] std::iter::FilterMap<I, F>,
    #[I] std::iter::Enumerate<I>, #[A, B] std::iter::Zip<A, B>, #[A, B] std::iter::Chain<A, B>,
    #[I] std::iter::Rev<I>, #[I] std::iter::Skip<I>, #[I] std::iter::Take<I>, #[I] std::iter::StepBy<I>,
    #[I, P] std::iter::SkipWhile<I, P>, #[I, P] std::iter::TakeWhile<I, P>, #[I, P] std::iter::MapWhile<I, P>,
    #[I] std::iter::Cloned<I>, #[I] std::iter::Copied<I>, #[I] std::iter::Cycle<I>, #[I] std::iter::Fuse<I>,
    #[I: Iterator] std::iter::Peekable<I>, #[I, S, F] std::iter::Scan<I, S, F>, #[I, F] std::iter::Inspect<I, F>,
    #[I: Iterator<Item: IntoIterator>] std::iter::Flatten<I>,
    #[I, U: IntoIterator, F] std::iter::FlatMap<I, U, F>,
    #[T] std::iter::Once<T>, #[T] std::iter::Repeat<T>, #[T] std::iter::Empty<T>, #[F] std::iter::FromFn<F>,
    #[T] std::slice::Iter<'_, T>, #[T] std::slice::IterMut<'_, T>, #[T] std::slice::Windows<'_, T>,
    #[T] std::slice::Chunks<'_, T>, #[T] std::slice::ChunksExact<'_, T>, #[T] std::slice::RChunks<'_, T>,
    #[T] std::vec::IntoIter<T>, #[T] std::vec::Drain<'_, T>, #[T, const N: usize] std::array::IntoIter<T, N>,
    #[T] std::option::IntoIter<T>, #[T] std::option::Iter<'_, T>,
    std::str::Chars<'_>, std::str::CharIndices<'_>, std::str::Bytes<'_>, std::str::Lines<'_>,
    std::str::SplitWhitespace<'_>, std::str::Split<'_, char>, std::str::Split<'_, &str>,
}

// The language's own.
std_types! {
    DType, AnyFloat, Key, Sdpa, CrossEntropy, crate::tensor::Alignment, crate::op::Reduction, crate::device::Device,
    #[E: Element, S: Shape] Tensor<E, S>,
}

/// It is refused already.
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Receiver for crate::module::Refused<T> {
    type Reached<M, const OF_NUMBERS: bool> = Std;
}

#[diagnostic::do_not_recommend]
impl<T> Receiver for crate::link::Stacked<T> {
    type Reached<M, const OF_NUMBERS: bool> = M;
}
