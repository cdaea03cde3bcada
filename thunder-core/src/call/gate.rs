//! The entry of a call. It is closed if a type of the signature is not allowed there. rustc reports that at the type in
//! the signature; a closed gate accepts all calls, so that they cause no further errors.

use super::{Args, CallError};
use crate::error::Error;
use crate::explain::Explanation;
use crate::item::Item;
use crate::module::Tree;
use std::marker::PhantomData;

/// The gate of a function whose signature has the user's types `T`.
pub struct Gate<T>(PhantomData<fn() -> T>);

impl<T> Gate<T> {
    /// The only value.
    pub const NEW: Self = Gate(PhantomData);
}

/// A gate whose types are all allowed.
pub trait Open {
    /// Calls [`super::invoke`].
    #[track_caller]
    fn invoke<A: Args, R: Tree, F>(&self, item: &'static Item, args: A, body: F) -> R
    where
        F: Fn(A::Owned) -> R + 'static,
    {
        super::invoke(item, args, body)
    }
    /// Calls [`super::call`].
    #[allow(clippy::missing_errors_doc)]
    #[track_caller]
    fn call<A: Args, R: Tree, F>(
        &self,
        item: &'static Item,
        args: A,
        body: F,
    ) -> Result<R, CallError<A::Given>>
    where
        F: Fn(A::Owned) -> R + 'static,
    {
        super::call(item, args, body)
    }
    /// Calls [`super::explain()`].
    #[allow(clippy::missing_errors_doc)]
    #[track_caller]
    fn explain<A: Args, R: Tree, F>(
        &self,
        item: &'static Item,
        args: A,
        body: F,
    ) -> Result<Explanation, Error>
    where
        F: Fn(A::Owned) -> R + 'static,
    {
        super::explain(item, args, body)
    }
    /// Calls [`super::inline`].
    #[track_caller]
    fn inline<A: Args, R: Tree, F: FnOnce(A::Owned) -> R>(&self, item: &'static Item, args: A, body: F) -> R {
        super::inline(item, args, body)
    }
    /// Calls [`super::take_place`].
    fn take<T: Tree>(&self, place: &mut T) -> T {
        super::take_place(place)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Open for Gate<T> {}

/// A gate with a type that is not allowed. It is implemented for `&Gate<T>`, so method lookup tries it after [`Open`].
pub trait Closed {
    /// Only type-checked: a program with a closed gate does not compile.
    fn invoke<A, R, F>(&self, _: &'static Item, _: A, _: F) -> R {
        unreachable!("only its type matters")
    }
    /// Only type-checked: a program with a closed gate does not compile.
    #[allow(clippy::missing_errors_doc)]
    fn call<A, R, F, G>(&self, _: &'static Item, _: A, _: F) -> Result<R, CallError<G>> {
        unreachable!("only its type matters")
    }
    /// Only type-checked: a program with a closed gate does not compile.
    #[allow(clippy::missing_errors_doc)]
    fn explain<A, F>(&self, _: &'static Item, _: A, _: F) -> Result<Explanation, Error> {
        unreachable!("only its type matters")
    }
    /// Only type-checked: a program with a closed gate does not compile.
    fn inline<A, R, F>(&self, _: &'static Item, _: A, _: F) -> R {
        unreachable!("only its type matters")
    }
    /// Only type-checked: a program with a closed gate does not compile.
    fn take<T>(&self, _: &mut T) -> T {
        unreachable!("only its type matters")
    }
}

#[diagnostic::do_not_recommend]
impl<T> Closed for &Gate<T> {}
