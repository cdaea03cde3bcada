//! What a body asks of its static values, where only rustc can know that they are static.
//!
//! Emitted code calls the traits' methods, not functions with a bound: rustc would show such a bound where it is written,
//! in this file.

use crate::error::Error;
use crate::recorder;
use crate::trace::Loc;

/// The bool a static condition is, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a branch on a tensor value: it decides while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is not a `bool` that is known while tracing",
    note = "compute both and choose: `select(condition, x, y)`; or a mask"
)]
pub trait StaticBool {
    /// The value.
    fn get(self) -> bool;
}

#[diagnostic::do_not_recommend]
impl StaticBool for bool {
    fn get(self) -> bool {
        self
    }
}

#[diagnostic::do_not_recommend]
impl StaticBool for &bool {
    fn get(self) -> bool {
        *self
    }
}

/// A number that `as` converts, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a host read: `as` makes a Rust number of a tensor, and while tracing it holds nothing yet",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "another element type: `x.cast::<f32>()`"
)]
pub trait StaticNumber {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticNumber<This = N>,
    {
        self.get()
    }
}

/// A side of a shift, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "unknown operation: only Rust numbers are shifted, and `{Self}` is none",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "`x * 4` for `x << 2`"
)]
pub trait StaticShift {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticShift<This = N>,
    {
        self.get()
    }
}

/// What is changed in its place, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "in-place mutation: this would change a tensor, and a trace has values, not places",
    label = "`{Self}` is no plain Rust value",
    note = "bind a new value: `let y = x + 1.0;`, or rebind a `let mut`: `x = x + 1.0;`"
)]
pub trait StaticPlace {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This: ?Sized;
    /// The place.
    fn place(&mut self) -> &mut Self::This;
    /// The place; emitted code calls this.
    fn known<N: ?Sized>(&mut self) -> &mut N
    where
        Self: StaticPlace<This = N>,
    {
        self.place()
    }
}

/// What a plain value is changed by, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "in-place mutation: a plain Rust value can't be changed by a tensor, and a trace has values, not places",
    label = "`{Self}` is no Rust value that is known while tracing",
    note = "bind a new value, which is a tensor then: `let y = k + x;`"
)]
pub trait StaticChange {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticChange<This = N>,
    {
        self.get()
    }
}

/// An argument of a number's function, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "an opaque call: a function of Rust's numbers takes no tensor",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "the operation of tensors: `x.maximum(y)`, `x.minimum(y)`, `x.pow(2.0)`, `x.sqrt()`"
)]
pub trait StaticArgument {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticArgument<This = N>,
    {
        self.get()
    }
}

/// A bound of a range, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a branch on a tensor value: a range bound decides while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is no Rust number that is known while tracing",
    note = "a static bound, with `select` or a mask for what lies beyond; for a loop also `scan`"
)]
pub trait StaticBound {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticBound<This = N>,
    {
        self.get()
    }
}

/// An index, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a host read: an index into a Rust list must be known while tracing, when a tensor holds nothing yet",
    label = "`{Self}` is no Rust index that is known while tracing",
    note = "put the list into a tensor and take from it: `stack(&xs, 0).index_select(0, i)`"
)]
pub trait StaticIndex {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This;
    /// The value.
    fn get(self) -> Self::This;
    /// The value; emitted code calls this.
    fn known<N>(self) -> N
    where
        Self: Sized + StaticIndex<This = N>,
    {
        self.get()
    }
}

/// What a message may show, when only rustc can know that it is no tensor.
#[diagnostic::on_unimplemented(
    message = "a host read: formatting a tensor reads it, and while tracing it holds nothing yet",
    label = "`{Self}` is no plain Rust value that is known while tracing",
    note = "name its shape instead, `x.shape()`; or `debug_print(\"x\", &x)`, which is traced"
)]
pub trait StaticText {
    /// Itself: of what is none, rustc has no type to speak of twice.
    type This: ?Sized;
    /// The value.
    fn get(&self) -> &Self::This;
    /// The value; emitted code calls this.
    fn known<N: ?Sized>(&self) -> &N
    where
        Self: StaticText<This = N>,
    {
        self.get()
    }
}

/// The types that are [`StaticText`]: an error names that trait, which has one implementation that rustc could list, or
/// this one, where a reference to a type is asked; both say the same.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a host read: formatting a tensor reads it, and while tracing it holds nothing yet",
    label = "`{Self}` is no plain Rust value that is known while tracing",
    note = "name its shape instead, `x.shape()`; or `debug_print(\"x\", &x)`, which is traced"
)]
pub trait PlainText {
    /// Itself. The other trait has it from here, so that it has none of another type.
    type This: ?Sized;
    /// The value.
    fn plain(&self) -> &Self::This;
}

#[diagnostic::do_not_recommend]
impl<T: PlainText + ?Sized> StaticText for T {
    type This = T::This;
    fn get(&self) -> &T::This {
        self.plain()
    }
}

/// What `#[thunder]` implements of an enum without fields: `as` numbers its variants.
#[doc(hidden)]
pub trait PlainEnum {
    /// Itself, as of [`PlainText`].
    type This;
    /// The value.
    fn plain(self) -> Self::This;
}

#[diagnostic::do_not_recommend]
impl<T: PlainEnum> StaticNumber for T {
    type This = T::This;
    fn get(self) -> T::This {
        self.plain()
    }
}

macro_rules! texts {
    ($([$($generics:tt)*] $t:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> PlainText for $t {
            type This = Self;
            fn plain(&self) -> &Self {
                self
            }
        }
    )*};
}

texts! {
    [] u8; [] u16; [] u32; [] u64; [] u128; [] usize; [] i8; [] i16; [] i32; [] i64; [] i128; [] isize;
    [] f32; [] f64; [] half::f16; [] half::bf16; [] bool; [] char; [] str; [] String; []  ();
    [] crate::types::DType; [T: StaticText + ?Sized] &T; [T: StaticText] [T]; [T: StaticText, const N: usize] [T; N];
    [T: StaticText] Vec<T>; [T: StaticText] Option<T>; [T: StaticText + ?Sized] Box<T>;
    [A: StaticText, B: StaticText] (A, B); [A: StaticText, B: StaticText, C: StaticText] (A, B, C);
    [A: StaticText, B: StaticText, C: StaticText, D: StaticText] (A, B, C, D);
}

macro_rules! known {
    ($trait:ident: $($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $trait for $t {
            type This = $t;
            fn get(self) -> $t {
                self
            }
        }
    )*};
}

known! { StaticNumber: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char }
known! { StaticBound: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char }
known! { StaticIndex: usize }
known! { StaticShift: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
known! { StaticChange: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 half::f16 half::bf16 bool char String
std::time::Duration }
known! { StaticArgument: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 half::f16 half::bf16 bool char }

macro_rules! references {
    ($($trait:ident)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a, T: $trait + ?Sized> $trait for &'a T where &'a T: Plain {
            type This = &'a T;
            fn get(self) -> &'a T {
                self
            }
        }
    )*};
}

/// A reference to what std's numbers and texts take by reference.
pub trait Plain {}

macro_rules! plain {
    ($($t:ty)*) => {$( impl Plain for &$t {} )*};
}

plain! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 half::f16 half::bf16 bool char str String }

references! { StaticShift StaticArgument }

#[diagnostic::do_not_recommend]
impl<'a, T: ?Sized> StaticChange for &'a T
where
    &'a T: Plain,
{
    type This = &'a T;
    fn get(self) -> &'a T {
        self
    }
}

macro_rules! places {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl StaticPlace for $t {
            type This = $t;
            fn place(&mut self) -> &mut $t {
                self
            }
        }
    )*};
}

places! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 half::f16 half::bf16 bool char String
std::time::Duration }

/// Extents, `_` for one that is left open.
fn wanted(expected: &[Option<usize>]) -> String {
    let list: Vec<String> = expected.iter().map(|e| e.map_or("_".into(), |n| n.to_string())).collect();
    format!("[{}]", list.join(", "))
}

/// Checks an annotated binding's extents when the trace is linked.
#[track_caller]
pub fn assert_shape<E: crate::types::Element, S: crate::tensor::Shape>(
    x: &crate::tensor::Tensor<E, S>,
    expected: &[Option<usize>],
    names: &str,
) {
    let sizes = x.shape().sizes();
    let fits =
        sizes.len() == expected.len() && sizes.iter().zip(expected).all(|(s, e)| e.is_none_or(|e| e == *s));
    if !fits && recorder::active() {
        recorder::fail(Error::Type {
            text: format!(
                "annotated as {names}, which is {}; the tensor has shape {sizes:?}",
                wanted(expected)
            ),
            loc: Loc::caller(),
        });
    }
}
