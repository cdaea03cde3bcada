//! Ranks as Rust types: a shape is a tuple of `usize`, and rustc checks what a rank rules.

use crate::types::{Axes, Axis};

/// A shape as a Rust type: `()`, `(usize,)`, …, up to eight dimensions.
///
/// ```
/// use thunder_core::tensor::Shape;
/// assert_eq!((2, 3).sizes(), vec![2, 3]);
/// assert_eq!(<(usize, usize)>::from_sizes(&[4, 5]), (4, 5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape",
    note = "a shape is a tuple of up to eight extents: `(B, T, C)`, `(N,)`, `()`"
)]
pub trait Shape:
    Copy
    + Send
    + Sync
    + PartialEq
    + std::fmt::Debug
    + 'static
    + Broadcast<Self, Out = Self>
    + Broadcast<(), Out = Self>
{
    /// The number of dimensions.
    const RANK: usize;
    /// The extents.
    fn sizes(&self) -> Vec<usize>;
    /// From as many extents as there are dimensions; missing ones are 0.
    fn from_sizes(sizes: &[usize]) -> Self;
}

/// Two shapes that broadcast, by rank; the extents are checked by the macro, or when the trace is linked.
pub trait Broadcast<Rhs> {
    /// The shape of the result: the greater rank.
    type Out: Shape;
}

/// A shape with room for one dimension more.
#[diagnostic::on_unimplemented(message = "there is no shape of one dimension more than `{Self}`")]
pub trait Push: Shape {
    /// One dimension more.
    type More: Shape;
}

/// A shape with at least one dimension.
#[diagnostic::on_unimplemented(message = "this needs at least one dimension more than `{Self}` has")]
pub trait Pop: Shape {
    /// One dimension less.
    type Less: Shape;
}

/// The shapes of two matrices, or batches of them, that multiply.
#[diagnostic::on_unimplemented(
    message = "no matrix product of shapes `{Self}` and `{Rhs}`",
    note = "both sides need at least two dimensions; `unsqueeze(-1)` makes a column of a vector"
)]
pub trait MatMul<Rhs>: Shape {
    /// The shape of the product.
    type Product: Shape;
}

/// A shape with at least `N` dimensions, seen as any leading ones and `N` stated ones: what `(S, C)` in a
/// signature stands for when `S: Shape` is generic.
pub trait Leading<const N: usize>: Shape {
    /// The leading dimensions.
    type Front: Shape;
}

/// What can say which axes a reduction goes over: an axis, a tuple or an array of them, or `..` for all.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which axes of a `{S}`",
    note = "write an axis `-1`, a tuple of axes `(0, 1)`, or `..` for all"
)]
pub trait AxesArg<S: Shape> {
    /// The shape without the axes.
    type Out: Shape;
    /// The axes.
    fn axes(self) -> Axes;
}

macro_rules! one {
    ($x:tt) => {
        usize
    };
}

macro_rules! shapes {
    ($($rank:literal: [$($i:tt)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Shape for ($(one!($i),)*) {
            const RANK: usize = $rank;
            fn sizes(&self) -> Vec<usize> { vec![$(self.$i),*] }
            #[allow(unused_variables, clippy::unused_unit)]
            fn from_sizes(sizes: &[usize]) -> Self { ($(sizes.get($i).copied().unwrap_or(0),)*) }
        }
    )*};
}

shapes! {
    0: [];
    1: [0];
    2: [0 1];
    3: [0 1 2];
    4: [0 1 2 3];
    5: [0 1 2 3 4];
    6: [0 1 2 3 4 5];
    7: [0 1 2 3 4 5 6];
    8: [0 1 2 3 4 5 6 7];
}

type S0 = ();
type S1 = (usize,);
type S2 = (usize, usize);
type S3 = (usize, usize, usize);
type S4 = (usize, usize, usize, usize);
type S5 = (usize, usize, usize, usize, usize);
type S6 = (usize, usize, usize, usize, usize, usize);
type S7 = (usize, usize, usize, usize, usize, usize, usize);
type S8 = (usize, usize, usize, usize, usize, usize, usize, usize);

/// For each shape: itself against every lesser one, both ways.
macro_rules! broadcasts {
    ($($big:ident > $($small:ident)*;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Broadcast<$big> for $big { type Out = $big; }
        $(
            #[diagnostic::do_not_recommend]
            impl Broadcast<$small> for $big { type Out = $big; }
            #[diagnostic::do_not_recommend]
            impl Broadcast<$big> for $small { type Out = $big; }
        )*
    )*};
}

broadcasts! {
    S0 > ;
    S1 > S0;
    S2 > S0 S1;
    S3 > S0 S1 S2;
    S4 > S0 S1 S2 S3;
    S5 > S0 S1 S2 S3 S4;
    S6 > S0 S1 S2 S3 S4 S5;
    S7 > S0 S1 S2 S3 S4 S5 S6;
    S8 > S0 S1 S2 S3 S4 S5 S6 S7;
}

macro_rules! neighbours {
    ($($less:ident $more:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Push for $less { type More = $more; }
        #[diagnostic::do_not_recommend]
        impl Pop for $more { type Less = $less; }
    )*};
}

neighbours! { S0 S1; S1 S2; S2 S3; S3 S4; S4 S5; S5 S6; S6 S7; S7 S8; }

macro_rules! products {
    ($($big:ident > $($small:ident)*;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl MatMul<$big> for $big { type Product = $big; }
        $(
            #[diagnostic::do_not_recommend]
            impl MatMul<$small> for $big { type Product = $big; }
            #[diagnostic::do_not_recommend]
            impl MatMul<$big> for $small { type Product = $big; }
        )*
    )*};
}

products! {
    S2 > ;
    S3 > S2;
    S4 > S2 S3;
    S5 > S2 S3 S4;
    S6 > S2 S3 S4 S5;
    S7 > S2 S3 S4 S5 S6;
    S8 > S2 S3 S4 S5 S6 S7;
}

macro_rules! leading {
    ($($n:literal: $($whole:ident = $front:ident),*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl Leading<$n> for $whole { type Front = $front; }
    )*)*};
}

leading! {
    0: S0 = S0, S1 = S1, S2 = S2, S3 = S3, S4 = S4, S5 = S5, S6 = S6, S7 = S7, S8 = S8;
    1: S1 = S0, S2 = S1, S3 = S2, S4 = S3, S5 = S4, S6 = S5, S7 = S6, S8 = S7;
    2: S2 = S0, S3 = S1, S4 = S2, S5 = S3, S6 = S4, S7 = S5, S8 = S6;
    3: S3 = S0, S4 = S1, S5 = S2, S6 = S3, S7 = S4, S8 = S5;
}

#[diagnostic::do_not_recommend]
impl<S: Pop> AxesArg<S> for i32 {
    type Out = S::Less;
    fn axes(self) -> Axes {
        Axes::new(&[stored(self)])
    }
}

#[diagnostic::do_not_recommend]
impl<S: Shape> AxesArg<S> for std::ops::RangeFull {
    type Out = ();
    fn axes(self) -> Axes {
        Axes::ALL
    }
}

#[diagnostic::do_not_recommend]
impl<S: Pop> AxesArg<S> for (i32,) {
    type Out = S::Less;
    fn axes(self) -> Axes {
        Axes::new(&[stored(self.0)])
    }
}

#[diagnostic::do_not_recommend]
impl<S: Pop<Less: Pop>> AxesArg<S> for (i32, i32) {
    type Out = <S::Less as Pop>::Less;
    fn axes(self) -> Axes {
        Axes::new(&[stored(self.0), stored(self.1)])
    }
}

#[diagnostic::do_not_recommend]
impl<S: Pop<Less: Pop<Less: Pop>>> AxesArg<S> for (i32, i32, i32) {
    type Out = <<S::Less as Pop>::Less as Pop>::Less;
    fn axes(self) -> Axes {
        Axes::new(&[stored(self.0), stored(self.1), stored(self.2)])
    }
}

/// An axis as stored: the least number, which names no axis either, marks one that the macro could not read.
pub(crate) fn stored(axis: i32) -> i32 {
    axis.max(Axis::UNKNOWN.0 + 1)
}

/// Several axes that keep the rank: a permutation, or dimensions to flip.
pub trait AxisList {
    /// The axes.
    fn list(self) -> Axes;
}

#[diagnostic::do_not_recommend]
impl<const N: usize> AxisList for [i32; N] {
    fn list(self) -> Axes {
        Axes::new(&self.map(stored))
    }
}

#[diagnostic::do_not_recommend]
impl AxisList for i32 {
    fn list(self) -> Axes {
        Axes::new(&[stored(self)])
    }
}

macro_rules! axis_tuples {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl AxisList for ($($t,)*) {
            fn list(self) -> Axes { Axes::new(&[$(stored(self.$i)),*]) }
        }
    )*};
}

#[allow(non_camel_case_types)]
mod tuples {
    use super::*;
    axis_tuples! {
        (i32 0);
        (i32 0, i32 1);
        (i32 0, i32 1, i32 2);
        (i32 0, i32 1, i32 2, i32 3);
        (i32 0, i32 1, i32 2, i32 3, i32 4);
        (i32 0, i32 1, i32 2, i32 3, i32 4, i32 5);
    }
}

/// A range of elements along one dimension: `..`, `a..`, `..b`, `a..b`.
pub trait RangeArg {
    /// First element and the one after the last, in a dimension of `size`.
    fn bounds(self, size: usize) -> (usize, usize);
}

#[diagnostic::do_not_recommend]
impl RangeArg for std::ops::RangeFull {
    fn bounds(self, size: usize) -> (usize, usize) {
        (0, size)
    }
}

#[diagnostic::do_not_recommend]
impl RangeArg for std::ops::Range<usize> {
    fn bounds(self, _: usize) -> (usize, usize) {
        (self.start, self.end)
    }
}

#[diagnostic::do_not_recommend]
impl RangeArg for std::ops::RangeFrom<usize> {
    fn bounds(self, size: usize) -> (usize, usize) {
        (self.start, size)
    }
}

#[diagnostic::do_not_recommend]
impl RangeArg for std::ops::RangeTo<usize> {
    fn bounds(self, _: usize) -> (usize, usize) {
        (0, self.end)
    }
}

#[diagnostic::do_not_recommend]
impl RangeArg for std::ops::RangeInclusive<usize> {
    fn bounds(self, _: usize) -> (usize, usize) {
        (*self.start(), self.end().saturating_add(1))
    }
}

/// One range a dimension of `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not slice a `{S}`",
    note = "give one range a dimension: `x.slice((.., 0..T, ..))`"
)]
pub trait RangesArg<S> {
    /// The bounds, for a tensor of these extents.
    fn ranges(self, sizes: &[usize]) -> Vec<(usize, usize)>;
}

/// Elements to add around each dimension of `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not pad a `{S}`",
    note = "give a pair `(before, after)` a dimension"
)]
pub trait PadsArg<S> {
    /// The pairs.
    fn pads(self) -> Vec<(usize, usize)>;
}

macro_rules! ranges {
    ($($shape:ident: $($t:ident $i:tt),*;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: RangeArg),*> RangesArg<$shape> for ($($t,)*) {
            fn ranges(self, sizes: &[usize]) -> Vec<(usize, usize)> { vec![$(self.$i.bounds(sizes.get($i).copied().unwrap_or(0))),*] }
        }
    )*};
}

ranges! {
    S1: A 0;
    S2: A 0, B 1;
    S3: A 0, B 1, C 2;
    S4: A 0, B 1, C 2, D 3;
    S5: A 0, B 1, C 2, D 3, E 4;
    S6: A 0, B 1, C 2, D 3, E 4, F 5;
}

macro_rules! pads {
    ($($shape:ident: [$($i:tt)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl PadsArg<$shape> for ($(pair!($i),)*) {
            fn pads(self) -> Vec<(usize, usize)> { vec![$(self.$i),*] }
        }
    )*};
}

macro_rules! pair {
    ($x:tt) => {
        (usize, usize)
    };
}

pads! { S1: [0]; S2: [0 1]; S3: [0 1 2]; S4: [0 1 2 3]; S5: [0 1 2 3 4]; S6: [0 1 2 3 4 5]; }

/// A shape whose rank only the run knows: the leaves that [`zip_map`](crate::module::zip_map) hands out.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AnyShape;

#[diagnostic::do_not_recommend]
impl Shape for AnyShape {
    const RANK: usize = usize::MAX;
    fn sizes(&self) -> Vec<usize> {
        Vec::new()
    }
    fn from_sizes(_: &[usize]) -> Self {
        AnyShape
    }
}

#[diagnostic::do_not_recommend]
impl Broadcast<AnyShape> for AnyShape {
    type Out = AnyShape;
}

#[diagnostic::do_not_recommend]
impl Broadcast<()> for AnyShape {
    type Out = AnyShape;
}

#[diagnostic::do_not_recommend]
impl Broadcast<AnyShape> for () {
    type Out = AnyShape;
}
