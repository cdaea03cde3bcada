//! What std's methods may be called on in a body: std's own types, whose methods of those names are pure.

use super::{ResultOf, ThunderFunction};
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
    /// What such a method is, if `M` is its twin: one of std's, or what the twin says.
    type Reached<M>;
}

/// A method of std's, which is known to be pure.
pub struct Std;

#[diagnostic::do_not_recommend]
impl ThunderFunction for Std {}

/// Refuses a method that bears the name of one of std's, by its receiver and its twin, if it is neither that nor traced.
pub fn receiver<T: Receiver + ?Sized, M>(_: &T, _twin: M)
where
    T: ResultOf<T::Reached<M>>,
{
}

macro_rules! std_types {
    ($($(#$generics:tt)? $t:ty),* $(,)?) => {$( std_types!(@ $($generics)? $t); )*};
    (@ [$($generics:tt)*] $t:ty) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Receiver for $t { type Reached<__M> = Std; }
    };
    (@ $t:ty) => {
        #[diagnostic::do_not_recommend]
        impl Receiver for $t { type Reached<__M> = Std; }
    };
}

// Numbers, texts, what holds them.
std_types! {
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, f16, bf16, bool, char, str, String, (),
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
        impl<T: Receiver + ?Sized> Receiver for $t { type Reached<M> = T::Reached<M>; }
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
    DType, AnyFloat, Key, Sdpa, CrossEntropy, crate::op::Reduction, crate::device::Device,
    #[E: Element, S: Shape] Tensor<E, S>,
}

#[diagnostic::do_not_recommend]
impl<T> Receiver for crate::link::Stacked<T> {
    type Reached<M> = M;
}
