//! Whether a function or a method is traced, and by which constant.

use super::places::Known;
use crate::item::Item;
use std::marker::PhantomData;

/// The constant of a method, by the type that its twin returns.
pub trait Traced {
    /// The method's compile-time trace.
    const ITEM: &'static Item;
}

/// Marks the twin of a trait's method, or of a generic module's. The method is traced; linking finds which one it is.
pub struct Dispatched;

#[diagnostic::do_not_recommend]
impl Traced for Dispatched {
    const ITEM: &'static Item = &Item { name: "_", ..Item::OPAQUE };
}

/// Marks a function without a companion and a method without a twin: it is not traced.
pub struct Untraced;

#[diagnostic::do_not_recommend]
impl Traced for Untraced {
    const ITEM: &'static Item = Untraced::TRACE;
}

impl Untraced {
    /// Where a companion has its trace.
    pub const TRACE: &'static Item = &Item::OPAQUE;
}

/// The constant of the method whose twin `_f` calls; rustc infers which one.
pub const fn item_of<T, M: Traced>(_f: fn(&T) -> M) -> &'static Item {
    M::ITEM
}

/// Whether a method that std also has is traced, or may be std's. A struct of the language has none of std's.
pub const fn is_traced<T, F: Known>(item: &Item, _f: fn(&T) -> F) -> bool {
    !(F::IS_STRUCT && item.is_opaque())
}

/// Whether a method that std does not have is traced. `near` says that its name is close to that of an operation: on a
/// tensor that is reported as a misspelt operation instead.
pub const fn is_own_traced<T, F: Known>(item: &Item, _f: fn(&T) -> F, near: bool) -> bool {
    F::IS_TENSOR && near || F::IS_REFUSED || !item.is_opaque()
}

/// The result of a function's twin: the marker of the function, and the type of the function's result.
pub struct Twin<M, R>(PhantomData<fn() -> (M, R)>);

impl<M, R> Twin<M, R> {
    /// The only one.
    pub const NEW: Self = Twin(PhantomData);
}

/// What marks a function of the language: its companion, or its twin's marker.
pub trait ThunderFunction {
    /// Whether it is traced; if not, it is std's and pure.
    const TRACED: bool = true;
}

#[diagnostic::do_not_recommend]
impl ThunderFunction for Dispatched {}

/// Marks a method of which it is known whether it is traced.
pub struct Method<const TRACED: bool>;

/// What marks a method, once it is known whether it is traced.
pub trait Marked {
    /// The marker.
    type Marker;
}

#[diagnostic::do_not_recommend]
impl Marked for Method<true> {
    type Marker = Dispatched;
}

#[diagnostic::do_not_recommend]
impl Marked for Method<false> {
    type Marker = Untraced;
}

/// A result of the function that `M` marks, or the receiver of the method.
///
/// It is of this type that rustc asks whether the function is one of the language's: where there is no function at all,
/// the type is unknown, and rustc has nothing to add to saying so. An error shows no `M`, which is the default then.
#[diagnostic::on_unimplemented(
    message = "an opaque call: this is not a `#[thunder]` function, so what it does is not traced",
    label = "not a `#[thunder]` function, nor one of std's that are known to be pure",
    note = "mark it `#[thunder]`, or pass what it gives as a parameter"
)]
pub trait TracedCall<M = Untraced> {
    /// Whether it is traced; if not, it is std's and pure.
    const TRACED: bool;
    /// Refuses a function by what it gave.
    fn ask(&self) {}
    /// Refuses a method by its receiver and its mark.
    fn ask_mark(&self, _: &PhantomData<M>) {}
    /// Which arm a method is, by its receiver and its mark: 0 is that of std's, 1 the traced one.
    fn arm(&self, _: PhantomData<M>) -> u16 {
        u16::from(Self::TRACED)
    }
    /// Refuses a method by what its twin gives. It is called where it never runs.
    fn of_method(_: M) -> Self
    where
        Self: Sized,
    {
        unreachable!("only its type matters")
    }
    /// Refuses an associated function by its twin. It is called where it never runs.
    fn of_function(_: Twin<M, Self>) -> Self
    where
        Self: Sized,
    {
        unreachable!("only its type matters")
    }
}

#[diagnostic::do_not_recommend]
impl<R: ?Sized, M: ThunderFunction> TracedCall<M> for R {
    const TRACED: bool = M::TRACED;
}
