//! What std's methods may be called on in a body: std's own types, whose methods of those names are pure.

use super::transparent::{CodeOf, Shallow, Transparent, by, collected, scalar_traits, std_traits};
use super::{ThunderFunction, Untraced};
use crate::tensor::{CrossEntropy, Key, Sdpa, Shape, Tensor};
use crate::types::{AnyFloat, DType, Element};
use half::{bf16, f16};
use std::marker::PhantomData;

/// A type whose methods that bear the names of std's pure ones are pure or may be traced.
#[diagnostic::on_unimplemented(
    message = "an opaque call: a method of `{Self}`, which is neither std's nor the language's, is not traced",
    label = "not a `#[thunder]` method, nor one of std's that are known to be pure",
    note = "mark the type and its `impl` `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait MethodReceiver {
    /// What marks such a method, if `M` is the result of its twin: [`Std`], or what the twin says. Of a number it is
    /// `OfNumbers`: `Std` if std has such a method of numbers, else [`Untraced`].
    type Reached<M, OfNumbers>;
    /// The mark of the method whose twin is `_twin`.
    fn reached<OfNumbers, M>(&self, _twin: impl FnOnce() -> M) -> PhantomData<Self::Reached<M, OfNumbers>> {
        PhantomData
    }
    /// The receiver, if the method whose twin is `_twin` is not traced. It is called where it never runs.
    fn unless_traced<M>(
        &self,
        _twin: impl FnOnce(&Self) -> M,
    ) -> &<Self::Reached<M, Untraced> as CodeOf<Self>>::Of
    where
        Self::Reached<M, Untraced>: CodeOf<Self>,
    {
        unreachable!("only its type matters")
    }
}

/// The types that are a [`MethodReceiver`]. An error names the other trait, which has one implementation that rustc
/// could list.
pub trait Receiver {
    /// As of [`MethodReceiver`].
    type Reached<M, OfNumbers>;
}

#[diagnostic::do_not_recommend]
impl<T: Receiver + ?Sized> MethodReceiver for T {
    type Reached<M, OfNumbers> = T::Reached<M, OfNumbers>;
}

/// A method of std's, which is known to be pure.
pub struct Std;

#[diagnostic::do_not_recommend]
impl ThunderFunction for Std {
    const TRACED: bool = false;
}

/// The mark of a method that was taken for one of std's, by its receiver. If it is traced, the trace lacks it.
#[diagnostic::on_unimplemented(
    message = "a `#[thunder]` method bears the name of one of std's, and was taken for that",
    label = "not known to be traced where it is called",
    note = "call it by its type, `Model::name(&model)`; or give it another name"
)]
pub trait TakenForStd<M> {
    /// Refuses another mark.
    fn ask(&self, _: &PhantomData<M>) {}
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized> TakenForStd<Std> for T {}
/// It is refused already.
#[diagnostic::do_not_recommend]
impl<T: ?Sized> TakenForStd<Untraced> for T {}

/// A list or a value that holds no tensors, or a type whose methods say themselves whether they are traced.
#[diagnostic::on_unimplemented(
    message = "a method of std's on what may hold tensors: which of them it gives or moves, the trace can't follow",
    label = "of `{Self}`, whose elements are no plain Rust values",
    note = "`iter`, `map`, `zip`, `fold`, `for`, indexing and patterns are followed; build a new list with them"
)]
pub trait HoldsNoTensors {
    /// Refuses a receiver that a method changes in its place, if it may hold tensors.
    fn ask(&self) {}
}

/// The types that are [`HoldsNoTensors`].
pub trait Held {}

#[diagnostic::do_not_recommend]
impl<T: Held + ?Sized> HoldsNoTensors for T {}

/// A plain Rust value.
pub trait Plain<Ever = ()> {}

/// A type whose values a body may make, or read from a constant: what is done with them is traced or pure. Of another
/// an operator, or a trait of std's, may do anything.
#[diagnostic::on_unimplemented(
    message = "an opaque call: `{Self}` is neither std's nor the language's, so what is done with it is not traced",
    label = "of a type that is not `#[thunder]`",
    note = "mark the type `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait StdOrThunder {
    /// Refuses a value that a body makes or reads from a constant, if it is of a type of which nothing is known.
    fn ask(&self) {}
}

/// The types that are [`StdOrThunder`].
pub trait Configuration {}

#[diagnostic::do_not_recommend]
impl<T: Configuration + ?Sized> StdOrThunder for T {}

/// What the types of std and of the language's own are: `[generics] type: what is in it`.
macro_rules! std_types {
    ($reached:ty; $([$($g:tt)*] $t:ty: [$($inner:ty),*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Receiver for $t { type Reached<__M, OfNumbers> = $reached; }
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Configuration for $t where $($inner: Configuration,)* {}
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Held for $t where $($inner: Plain,)* {}
        std_traits! { [$($g)*] $t: [$($inner),*]; }
    )*};
}

/// The same of what has nothing in it.
macro_rules! plain_types {
    ($reached:ty; $([$($g:tt)*] $t:ty;)*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<$($g)*> Receiver for $t { type Reached<__M, OfNumbers> = $reached; }
            #[diagnostic::do_not_recommend]
            impl<$($g)*> Configuration for $t {}
            #[diagnostic::do_not_recommend]
            impl<$($g)*> Held for $t {}
            )*
        scalar_traits! { $([$($g)*] $t;)* }
        collected! { $([$($g)*] $t: [];)* }
    };
}

plain_types! { OfNumbers;
    [] i8; [] i16; [] i32; [] i64; [] i128; [] isize; [] u8; [] u16; [] u32; [] u64; [] u128; [] usize; [] f32; [] f64;
    [] f16; [] bf16; [] bool;
}

plain_types! { Std;
    [] char; [] str; [] String; [T: ?Sized] std::marker::PhantomData<T>; [] std::ops::RangeFull;
    [] std::num::NonZeroU32; [] std::num::NonZeroU64; [] std::num::NonZeroUsize; [] std::cmp::Ordering;
    [] std::time::Duration; [] std::num::ParseFloatError; [] std::num::ParseIntError; [] std::num::TryFromIntError;
    [] std::str::ParseBoolError; [] std::char::ParseCharError; [] std::convert::Infallible;
    [] std::str::Chars<'_>; [] std::str::CharIndices<'_>; [] std::str::Bytes<'_>; [] std::str::Lines<'_>;
    [] std::str::SplitWhitespace<'_>; [] std::str::SplitAsciiWhitespace<'_>; [] std::str::Split<'_, char>;
    [] std::str::Split<'_, &str>;
    // The language's own.
    [] DType; [] AnyFloat; [] Key; [] Sdpa; [] CrossEntropy; [] crate::tensor::Alignment; [] crate::op::Reduction; [] crate::device::Device;
    [E: Element, S: Shape] Tensor<E, S>;
}

// What holds values, or nothing.
collected! { [] (): []; }
std_types! { Std;
    [] (): [];
    [T] Option<T>: [T]; [T, E] Result<T, E>: [T];
    [T] std::ops::Bound<T>: [T]; [B, C] std::ops::ControlFlow<B, C>: [B, C];
    [T] std::num::Wrapping<T>: [T]; [T] std::cmp::Reverse<T>: [T];
    [T] std::ops::Range<T>: [T]; [T] std::ops::RangeInclusive<T>: [T]; [T] std::ops::RangeFrom<T>: [T];
    [T] std::ops::RangeTo<T>: [T]; [T] std::ops::RangeToInclusive<T>: [T];
}

std_types! { Std;
    [T] [T]: [T]; [T, const N: usize] [T; N]: [T]; [T] Vec<T>: [T]; [T] std::collections::VecDeque<T>: [T];
    [T] std::collections::BTreeSet<T>: [T]; [K, V] std::collections::BTreeMap<K, V>: [K, V];
    [A] (A,): [A]; [A, B] (A, B): [A, B]; [A, B, C] (A, B, C): [A, B, C]; [A, B, C, D] (A, B, C, D): [A, B, C, D];
    [A, B, C, D, E] (A, B, C, D, E): [A, B, C, D, E]; [A, B, C, D, E, F] (A, B, C, D, E, F): [A, B, C, D, E, F];
}

collected! {
    [T] Vec<T>: []; [T] std::collections::VecDeque<T>: []; [T] std::collections::BTreeSet<T>: [];
    [K, V] std::collections::BTreeMap<K, V>: []; [A, B] (A, B): []; [A, B, C] (A, B, C): [];
    [T: ?Sized] Box<T>: []; [T] std::num::Wrapping<T>: [];
}

// Iterators that a name may be bound to.
std_types! { Std;
    [I: Iterator, F: FnMut(I::Item) -> B, B] std::iter::Map<I, F>: [B];
    [I: Iterator, F] std::iter::Filter<I, F>: [I::Item];
    [I: Iterator, F: FnMut(I::Item) -> Option<B>, B] std::iter::FilterMap<I, F>: [B];
    [I] std::iter::Enumerate<I>: [I]; [A, B] std::iter::Zip<A, B>: [A, B]; [A, B] std::iter::Chain<A, B>: [A, B];
    [I] std::iter::Rev<I>: [I]; [I] std::iter::Skip<I>: [I]; [I] std::iter::Take<I>: [I]; [I] std::iter::StepBy<I>: [I];
    [I, P] std::iter::SkipWhile<I, P>: [I]; [I, P] std::iter::TakeWhile<I, P>: [I];
    [I: Iterator, P: FnMut(I::Item) -> Option<B>, B] std::iter::MapWhile<I, P>: [B];
    [I] std::iter::Cloned<I>: [I]; [I] std::iter::Copied<I>: [I]; [I] std::iter::Cycle<I>: [I]; [I] std::iter::Fuse<I>: [I];
    [I: Iterator] std::iter::Peekable<I>: [I]; [I, F] std::iter::Inspect<I, F>: [I];
    [I: Iterator, S, F: FnMut(&mut S, I::Item) -> Option<B>, B] std::iter::Scan<I, S, F>: [B];
    [I: Iterator<Item: IntoIterator>] std::iter::Flatten<I>: [<I::Item as IntoIterator>::Item];
    [I, U: IntoIterator, F] std::iter::FlatMap<I, U, F>: [U::Item];
    [T] std::iter::Once<T>: [T]; [T] std::iter::Repeat<T>: [T]; [T] std::iter::Empty<T>: [T];
    [F: FnMut() -> Option<T>, T] std::iter::FromFn<F>: [T]; [F: FnMut() -> T, T] std::iter::RepeatWith<F>: [T];
    [T] std::iter::RepeatN<T>: [T]; [T, F] std::iter::Successors<T, F>: [T];
    [T] std::slice::Iter<'_, T>: [T]; [T] std::slice::IterMut<'_, T>: [T]; [T] std::slice::Windows<'_, T>: [T];
    [T] std::slice::Chunks<'_, T>: [T]; [T] std::slice::ChunksExact<'_, T>: [T]; [T] std::slice::RChunks<'_, T>: [T];
    [T, P] std::slice::ChunkBy<'_, T, P>: [T]; [T] std::vec::IntoIter<T>: [T]; [T] std::vec::Drain<'_, T>: [T];
    [T, const N: usize] std::array::IntoIter<T, N>: [T]; [T] std::option::IntoIter<T>: [T];
    [T] std::option::Iter<'_, T>: [T]; [T] std::collections::btree_set::Iter<'_, T>: [T];
    [K, V] std::collections::btree_map::Iter<'_, K, V>: [K, V]; [T] std::collections::vec_deque::Iter<'_, T>: [T];
}

macro_rules! plain_values {
    ($([$($g:tt)*] $t:ty: [$($inner:ty),*];)*) => {$(
        impl<__Ever, $($g)*> Plain<__Ever> for $t where $($inner: Plain<__Ever>,)* {}
    )*};
}

plain_values! {
    [] i8: []; [] i16: []; [] i32: []; [] i64: []; [] i128: []; [] isize: []; [] u8: []; [] u16: []; [] u32: [];
    [] u64: []; [] u128: []; [] usize: []; [] f32: []; [] f64: []; [] f16: []; [] bf16: []; [] bool: []; [] char: [];
    [] str: []; [] String: []; [] (): []; [] std::cmp::Ordering: []; [] std::time::Duration: []; [] DType: [];
    [T] Option<T>: [T]; [T, E] Result<T, E>: [T]; [T] [T]: [T]; [T, const N: usize] [T; N]: [T]; [T] Vec<T>: [T];
    [A, B] (A, B): [A, B]; [A, B, C] (A, B, C): [A, B, C]; [A, B, C, D] (A, B, C, D): [A, B, C, D];
    [T: ?Sized] &T: [T]; [T: ?Sized] &mut T: [T]; [T: ?Sized] Box<T>: [T]; [T] std::ops::Range<T>: [T];
}

// They are refused already.
#[diagnostic::do_not_recommend]
impl<Ever, T: ?Sized> Plain<Ever> for crate::module::Refused<T> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Held for crate::module::Refused<T> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Configuration for crate::module::Refused<T> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized> Receiver for crate::module::Refused<T> {
    type Reached<M, OfNumbers> = Std;
}

// What refers to a value has the value's methods.
macro_rules! references {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Receiver + ?Sized> Receiver for $t { type Reached<M, N> = T::Reached<M, N>; }
        #[diagnostic::do_not_recommend]
        impl<T: Configuration + ?Sized> Configuration for $t {}
        #[diagnostic::do_not_recommend]
        impl<T: Held + ?Sized> Held for $t {}
    )*};
}

references! { &T &mut T Box<T> }

std_traits! { [T: ?Sized] Box<T>: [T]; }

#[diagnostic::do_not_recommend]
impl<T> Receiver for crate::link::Stacked<T> {
    type Reached<M, OfNumbers> = M;
}
#[diagnostic::do_not_recommend]
impl<T> Configuration for crate::link::Stacked<T> {}
#[diagnostic::do_not_recommend]
impl<T> Held for crate::link::Stacked<T> {}
std_traits! { [T] crate::link::Stacked<T>: []; }

#[diagnostic::do_not_recommend]
impl<By, W: ?Sized, T: ?Sized> Transparent<By, W> for crate::module::Refused<T> {}
