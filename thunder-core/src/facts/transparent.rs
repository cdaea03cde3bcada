//! Code that a body reaches through std's traits: `==`, `*x`, `x[0]`, `for`, `Default`, `From`, `collect`.
//!
//! Of std's types it is known to be pure. Of a `#[thunder]` type it is what `derive` makes, or an `impl` that is
//! `#[thunder]` itself. Anything else is an opaque call, and rustc says so where it is reached.

use super::Configuration;

/// A type whose implementation of the trait that `By` stands for is pure, with the type `With` on the other side.
#[diagnostic::on_unimplemented(
    message = "an opaque call: code of `{Self}` would run here through a trait of std's, and what it does is not traced",
    label = "of a type that is neither std's nor `#[thunder]`, or of an `impl` that is neither derived nor `#[thunder]`",
    note = "derive the trait below `#[thunder]`, or put `#[thunder]` on its `impl`; or pass what it gives as a parameter"
)]
pub trait Transparent<By, With: ?Sized = ()> {}

/// What stands for std's traits.
pub mod by {
    macro_rules! traits {
        ($($name:ident)*) => {$(
            #[doc = concat!("`", stringify!($name), "`.")]
            pub struct $name;
        )*};
    }

    traits! {
        Default PartialEq PartialOrd Ord From TryFrom FromStr FromIterator Sum Product Extend IntoIterator Deref Index
        AsRef Borrow Display Operators Neg Not Add Sub Mul Div Rem BitAnd BitOr BitXor Shl Shr
    }

    /// The right side of an operator, or what is converted.
    pub struct Right<By>(std::marker::PhantomData<By>);
}

/// The traits by which a container runs nothing of what is in it.
pub trait Shallow {}

/// The traits that a reference has by what it refers to.
pub trait Referred {}

macro_rules! mark {
    ($mark:ident: $($by:ident)*) => {$( impl $mark for by::$by {} )*};
}

mark! { Shallow: From TryFrom FromStr Extend IntoIterator Deref Index AsRef Borrow Neg Not Add Sub Mul Div Rem BitAnd BitOr
BitXor Shl Shr }
mark! { Referred: Default PartialEq PartialOrd Ord From TryFrom FromStr Extend IntoIterator Index AsRef Borrow Display Neg
Not Add Sub Mul Div Rem BitAnd BitOr BitXor Shl Shr FromIterator Sum Product }

impl<By> Shallow for by::Right<By> {}
impl<By> Referred for by::Right<By> {}

/// What std's types have: `[generics] type: what is in it`.
macro_rules! std_traits {
    ($([$($g:tt)*] $t:ty: [$($inner:ty),*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<__By: Shallow, __W: ?Sized, $($g)*> Transparent<__By, __W> for $t {}
        std_traits! { @deep Default [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep PartialEq [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep PartialOrd [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep Ord [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep Display [$($g)*] $t: [$($inner),*] }
    )*};
    (@deep $by:ident [$($g:tt)*] $t:ty: [$($inner:ty),*]) => {
        #[diagnostic::do_not_recommend]
        impl<__W: ?Sized, $($g)*> Transparent<by::$by, __W> for $t where $($inner: Transparent<by::$by, __W>,)* {}
    };
}

pub(super) use std_traits;

/// The same of types with nothing in them. Beside another type, a comparison is that type's.
macro_rules! scalar_traits {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<__By: Shallow, __W: ?Sized, $($g)*> Transparent<__By, __W> for $t {}
        #[diagnostic::do_not_recommend]
        impl<__W: ?Sized + Transparent<by::PartialEq>, $($g)*> Transparent<by::PartialEq, __W> for $t {}
        #[diagnostic::do_not_recommend]
        impl<__W: ?Sized + Transparent<by::PartialOrd>, $($g)*> Transparent<by::PartialOrd, __W> for $t {}
        std_traits! { @deep Default [$($g)*] $t: [] }
        std_traits! { @deep Ord [$($g)*] $t: [] }
        std_traits! { @deep Display [$($g)*] $t: [] }
    )*};
}

pub(super) use scalar_traits;

/// What is collected, or summed, into a type: of `Option` and `Result`, what is in it runs.
macro_rules! collected {
    ($([$($g:tt)*] $t:ty: [$($inner:ty),*];)*) => {$(
        std_traits! { @deep FromIterator [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep Sum [$($g)*] $t: [$($inner),*] }
        std_traits! { @deep Product [$($g)*] $t: [$($inner),*] }
    )*};
}

pub(super) use collected;

collected! { [T] Option<T>: [T]; [T, E] Result<T, E>: [T]; }

macro_rules! references {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<By: Referred, W: ?Sized, T: ?Sized + Transparent<By, W>> Transparent<By, W> for $t {}
        #[diagnostic::do_not_recommend]
        impl<W: ?Sized, T: ?Sized> Transparent<by::Deref, W> for $t {}
    )*};
}

references! { &T &mut T }

/// The value `x`, if what `By` runs of it is known.
pub fn asked<By, T: Transparent<By>>(x: T) -> T {
    x
}

/// The place `x`, if what `By` runs of it is known.
pub const fn asked_place<By, T: Transparent<By> + ?Sized>(x: &T) -> &T {
    x
}

/// What a method of a receiver `T` is that bears the name of one of the trait `By`: traced, or that of the trait, if it is
/// known what this runs.
pub trait Answers<By, T: ?Sized> {}

impl<By, T: ?Sized> Answers<By, T> for super::Dispatched {}
// It is refused by its receiver.
impl<By, T: ?Sized> Answers<By, T> for super::Untraced {}
impl<By, T: Transparent<By> + ?Sized> Answers<By, T> for super::receiver::Std {}
impl<By, T: Transparent<By> + ?Sized, const OF_NUMBERS: bool> Answers<By, T>
    for super::receiver::OfNumber<OF_NUMBERS>
{
}

/// The receiver `x`, if its method of this name is traced, or if it is known what `By` runs.
pub fn asked_method<By, T, M>(x: T, _twin: impl FnOnce(&T) -> M) -> T
where
    T: super::Receiver<Reached<M, false>: Answers<By, T>>,
{
    x
}

/// A value that is asked what `By` runs of it. One that is none of std's or the language's is refused where it is made.
pub struct Only<'a, T: ?Sized>(pub &'a T);

/// The sides of an operator.
pub struct Pair<'a, A: ?Sized, B: ?Sized>(pub &'a A, pub &'a B);

/// What is asked of values of std's types and of the language's.
pub trait Asks {
    /// The type of the value, or of the left side.
    type Left: ?Sized;
    /// Of the right side.
    type Right: ?Sized;
    /// Refuses a value of whose `By` nothing is known.
    fn by_trait<By>(&self)
    where
        Self::Left: Transparent<By>,
    {
    }
    /// Refuses a receiver whose method of this name is that of `By`, of which nothing is known, and no traced one.
    fn by_method<By, M>(&self, _twin: impl FnOnce() -> M)
    where
        Self::Left: super::Receiver<Reached<M, false>: Answers<By, Self::Left>>,
    {
    }
    /// Refuses a comparison of which nothing is known.
    fn compared<By>(&self)
    where
        Self::Left: Transparent<By, Self::Right>,
    {
    }
    /// Refuses the sides of an operator of which nothing is known.
    fn sides<By>(&self)
    where
        Self::Left: Transparent<By, Self::Right>,
        Self::Right: Transparent<by::Right<By>, Self::Left>,
    {
    }
}

impl<T: Configuration + ?Sized> Asks for Only<'_, T> {
    type Left = T;
    type Right = ();
}

impl<A: Configuration + ?Sized, B: Configuration + ?Sized> Asks for Pair<'_, A, B> {
    type Left = A;
    type Right = B;
}

/// What is asked of other values: nothing. It takes a reference more, so rustc finds it last.
pub trait AsksNothing {
    /// Nothing.
    fn by_trait<By>(&self) {}
    /// Nothing.
    fn by_method<By, M>(&self, _twin: impl FnOnce() -> M) {}
    /// Nothing.
    fn compared<By>(&self) {}
    /// Nothing.
    fn sides<By>(&self) {}
}

impl<T: ?Sized> AsksNothing for &Only<'_, T> {}
impl<A: ?Sized, B: ?Sized> AsksNothing for &Pair<'_, A, B> {}

/// Refuses a conversion of which nothing is known, by what it gave.
pub fn converted<By, A, B>(_: std::marker::PhantomData<A>, _: &B)
where
    B: Transparent<By, A>,
    A: Transparent<by::Right<By>, B>,
{
}

/// A type that is never converted: beside it rustc does not take a type for the only one that may be.
pub struct Nothing;

/// Refuses a conversion that may fail.
pub fn try_converted<By, A, R>(_: std::marker::PhantomData<A>, _: &R)
where
    R: Tried,
    R::Of: Transparent<By, A>,
    A: Transparent<by::Right<By>, R::Of>,
{
}

/// What may have failed.
pub trait Tried {
    /// What it gives.
    type Of;
}

impl<T, E> Tried for Result<T, E> {
    type Of = T;
}

/// What a text was parsed as, if that is known.
pub fn parsed<T: Transparent<by::FromStr>, E>(x: Result<T, E>) -> Result<T, E> {
    x
}

/// Marks a function of one of std's traits, called by the type: what it gives says whether it is known.
pub struct OfStd<By, With: ?Sized = ()>(std::marker::PhantomData<By>, std::marker::PhantomData<With>);

#[diagnostic::do_not_recommend]
impl<By, W: ?Sized, R: Transparent<By, W>> super::TracedCall<OfStd<By, W>> for R {}
#[diagnostic::do_not_recommend]
impl<By, W: ?Sized, R: Transparent<By, W>, E> super::TracedCall<Fallible<By, W>> for Result<R, E> {}

/// The same, of what it gives in a `Result`.
pub struct Fallible<By, With: ?Sized = ()>(std::marker::PhantomData<By>, std::marker::PhantomData<With>);

/// The type of a value.
pub const fn type_of<T>(_: &T) -> std::marker::PhantomData<T> {
    std::marker::PhantomData
}
