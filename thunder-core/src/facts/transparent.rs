//! Code that a body reaches through std's traits: `==`, `*x`, `x[0]`, `for`, `Default`, `From`, `collect`.
//!
//! Of std's types it is known to be pure. Of a `#[thunder]` type it is what `derive` makes, or an `impl` that is
//! `#[thunder]` itself. Anything else is an opaque call, and rustc says so where it is reached.

use super::Configuration;

/// A type whose implementation of the trait that `By` stands for is pure, with the type `With` on the other side.
///
/// Implemented here for std's types, and by `#[thunder]` for its own. Emitted code asks by the traits in `questions`,
/// whose names an error may show.
pub trait Transparent<By, With: ?Sized = ()> {}

macro_rules! questions {
    ($($name:ident: $by:ty;)*) => {$(
        /// Asks whether what a trait of std's runs of this type is known. `With` is the type on the other side.
        #[diagnostic::on_unimplemented(
            message = "an opaque call: code of `{Self}` would run here through a trait of std's, and what it does is not traced",
            label = "of a type that is neither std's nor `#[thunder]`, or of an `impl` that is neither derived nor `#[thunder]`",
            note = "write `#[derive(..)]` below `#[thunder]`, or put `#[thunder]` on the `impl`; or pass what it gives as a parameter"
        )]
        pub trait $name<With: ?Sized = ()> {
            /// Asks it of this value's type.
            fn ask(&self) {}
            /// Asks it of this value's type, beside that of another value.
            fn ask_beside(&self, _: &With) {}
            /// Asks it of the type of this place, and gives the place.
            fn asked_place(&self) -> &Self {
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: ?Sized + Transparent<$by, W>, W: ?Sized> $name<W> for T {}
    )*};
}

/// The questions that emitted code asks, one for each trait of std's.
///
/// Each has one implementation, for all types that are [`Transparent`], so that rustc lists no others. Each is asked by a
/// method of its own, because of a bound of a function rustc would show where it is written.
pub mod questions {
    use super::{Transparent, by};

    questions! {
        TracedDefault: by::Default; TracedPartialEq: by::PartialEq; TracedPartialOrd: by::PartialOrd; TracedOrd: by::Ord;
        TracedFrom: by::From; TracedTryFrom: by::TryFrom; TracedFromStr: by::FromStr;
        TracedFromIterator: by::FromIterator; TracedSum: by::Sum; TracedProduct: by::Product; TracedExtend: by::Extend;
        TracedIntoIterator: by::IntoIterator; TracedDeref: by::Deref; TracedIndex: by::Index; TracedAsRef: by::AsRef;
        TracedBorrow: by::Borrow; TracedDisplay: by::Display; TracedNeg: by::Neg; TracedNot: by::Not;
        TracedAdd: by::Add; TracedSub: by::Sub; TracedMul: by::Mul; TracedDiv: by::Div; TracedRem: by::Rem;
        TracedBitAnd: by::BitAnd; TracedBitOr: by::BitOr; TracedBitXor: by::BitXor; TracedShl: by::Shl; TracedShr: by::Shr;
        TracedFromRight: by::Right<by::From>; TracedTryFromRight: by::Right<by::TryFrom>;
        TracedAddRight: by::Right<by::Add>; TracedSubRight: by::Right<by::Sub>; TracedMulRight: by::Right<by::Mul>;
        TracedDivRight: by::Right<by::Div>; TracedRemRight: by::Right<by::Rem>; TracedBitAndRight: by::Right<by::BitAnd>;
        TracedBitOrRight: by::Right<by::BitOr>; TracedBitXorRight: by::Right<by::BitXor>; TracedShlRight: by::Right<by::Shl>;
        TracedShrRight: by::Right<by::Shr>;
    }
}

/// Of whom nothing is asked.
pub struct Exempt;

impl<By, W: ?Sized> Transparent<By, W> for Exempt {}

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

/// Whose code a method of a receiver `T` runs, if the method bears the name of one of a trait of std's: nobody's if it is
/// traced, else that of `T`.
pub trait CodeOf<T: ?Sized> {
    /// The type.
    type Of: ?Sized;
}

impl<T: ?Sized> CodeOf<T> for super::Dispatched {
    type Of = Exempt;
}
// It is refused by its receiver.
impl<T: ?Sized> CodeOf<T> for super::Untraced {
    type Of = Exempt;
}
impl<T: ?Sized> CodeOf<T> for super::receiver::Std {
    type Of = T;
}

/// A value of whose type a question is asked, if the type is std's or the language's. A value of another type is refused
/// where it is made.
pub struct Only<'a, T: ?Sized>(pub &'a T);

/// The sides of an operator, of whose types a question is asked if both are std's or the language's.
pub struct Pair<'a, A: ?Sized, B: ?Sized>(pub &'a A, pub &'a B);

/// The values of which questions are asked. The methods are called where they never run.
pub trait Asked {
    /// The type of the value, or of the left side.
    type Left: ?Sized;
    /// The type of the right side.
    type Right: ?Sized;
    /// The value, or the left side.
    fn __left(&self) -> &Self::Left;
    /// The right side.
    fn __right(&self) -> &Self::Right;
    /// The receiver, if the method whose twin is `_twin` is not traced.
    fn __receiver<M>(
        &self,
        _twin: impl FnOnce() -> M,
    ) -> &<<Self::Left as super::Receiver>::Reached<M, super::Untraced> as CodeOf<Self::Left>>::Of
    where
        Self::Left: super::Receiver<Reached<M, super::Untraced>: CodeOf<Self::Left>>,
    {
        unreachable!("only its type matters")
    }
}

impl<T: Configuration + ?Sized> Asked for Only<'_, T> {
    type Left = T;
    type Right = ();
    fn __left(&self) -> &T {
        self.0
    }
    fn __right(&self) -> &() {
        &()
    }
}

impl<A: Configuration + ?Sized, B: Configuration + ?Sized> Asked for Pair<'_, A, B> {
    type Left = A;
    type Right = B;
    fn __left(&self) -> &A {
        self.0
    }
    fn __right(&self) -> &B {
        self.1
    }
}

/// The values of which nothing is asked. Implemented for references, so that method lookup finds it last.
pub trait NotAsked {
    /// In place of the value.
    fn __left(&self) -> &'static Exempt {
        &Exempt
    }
    /// In place of the right side.
    fn __right(&self) -> &'static Exempt {
        &Exempt
    }
    /// In place of the receiver.
    fn __receiver<M>(&self, _twin: impl FnOnce() -> M) -> &'static Exempt {
        &Exempt
    }
}

impl<T: ?Sized> NotAsked for &Only<'_, T> {}
impl<A: ?Sized, B: ?Sized> NotAsked for &Pair<'_, A, B> {}

/// A type that is never converted: beside it rustc does not take a type for the only one that may be.
pub struct Nothing;

/// The value of a `Result`, by its type.
pub fn ok_of<T, E>(_: &Result<T, E>) -> &T {
    unreachable!("only its type matters")
}

/// A reference to a value of the type. It is called where it never runs.
pub fn value_of<'a, T>(_: std::marker::PhantomData<T>) -> &'a T {
    unreachable!("only its type matters")
}

/// Marks a function of one of std's traits that is called by the type.
pub struct OfStd<With: ?Sized = ()>(std::marker::PhantomData<With>);

/// The same of a function that gives a `Result`.
pub struct Fallible<With: ?Sized = ()>(std::marker::PhantomData<With>);

impl<W: ?Sized> super::ThunderFunction for OfStd<W> {}
impl<W: ?Sized> super::ThunderFunction for Fallible<W> {}

/// A function of one of std's traits, by its twin: of what it gives a question is asked.
pub trait TwinOfStd {
    /// The type that it gives.
    type Gives;
    /// The type that it takes.
    type Takes: ?Sized;
    /// What it gives.
    fn __left(&self) -> &Self::Gives {
        unreachable!("only its type matters")
    }
    /// What it takes.
    fn __right(&self) -> &Self::Takes {
        unreachable!("only its type matters")
    }
}

impl<W: ?Sized, R> TwinOfStd for super::Twin<OfStd<W>, R> {
    type Gives = R;
    type Takes = W;
}
impl<W: ?Sized, R, E> TwinOfStd for super::Twin<Fallible<W>, Result<R, E>> {
    type Gives = R;
    type Takes = W;
}
impl<M, R> NotAsked for &super::Twin<M, R> {}

/// A type that `#[thunder]` declares: it has a hidden method for each of its fields.
pub trait Declared {}

/// What a field is that a body reads: one of the type that is asked, or one that `Deref` reaches.
#[diagnostic::on_unimplemented(
    message = "an opaque call: the `Deref` of `{Self}` would run here, and what it does is not traced",
    label = "no field of `{Self}` itself: its hand-written `Deref` leads to it",
    note = "name the way to it, `x.inner.field`; or pass what it gives as a parameter"
)]
pub trait OwnField {
    /// Refuses a field that `Deref` reaches.
    fn ask(&self) {}
}

impl OwnField for Exempt {}

/// Of a declared type that has no field of a name: if it has a `Deref`, that leads to it.
pub struct ByDeref<T: ?Sized>(std::marker::PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> ByDeref<T> {
    /// The only one.
    pub const NEW: Self = ByDeref(std::marker::PhantomData);
}

impl<T: std::ops::Deref + ?Sized> Asked for ByDeref<T> {
    type Left = T;
    type Right = ();
    fn __left(&self) -> &T {
        unreachable!("only its type matters")
    }
    fn __right(&self) -> &() {
        &()
    }
}
impl<T: ?Sized> NotAsked for &ByDeref<T> {}
impl NotAsked for Exempt {}

/// The type of a value.
pub const fn type_of<T>(_: &T) -> std::marker::PhantomData<T> {
    std::marker::PhantomData
}
