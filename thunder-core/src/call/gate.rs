//! The way into a call. It is closed where a type of the signature can't go in or out: rustc is asked of each where it is
//! written, and says so there; what a call asks for besides becomes no error of its own.

use super::{Args, CallError};
use crate::error::Error;
use crate::explain::Explanation;
use crate::item::Item;
use crate::module::Tree;
use std::marker::PhantomData;

/// The gate of a function in whose signature the user's types `T` are.
pub struct Gate<T>(PhantomData<fn() -> T>);

impl<T> Gate<T> {
    /// The only one.
    pub const NEW: Self = Gate(PhantomData);
}

/// A gate through which all types pass.
pub trait Open {
    /// As [`super::invoke`].
    #[track_caller]
    fn invoke<A: Args, R: Tree, F>(&self, item: &'static Item, args: A, body: F) -> R
    where
        F: Fn(A::Owned) -> R + 'static,
    {
        super::invoke(item, args, body)
    }
    /// As [`super::call`].
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
    /// As [`super::explain()`].
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
    /// As [`super::inline`].
    #[track_caller]
    fn inline<A: Args, R: Tree, F: FnOnce(A::Owned) -> R>(&self, item: &'static Item, args: A, body: F) -> R {
        super::inline(item, args, body)
    }
    /// As [`super::take_place`].
    fn take<T: Tree>(&self, place: &mut T) -> T {
        super::take_place(place)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Open for Gate<T> {}

/// A gate through which not all types pass: rustc finds it last, because it takes a reference more.
pub trait Closed {
    /// Nothing: it does not compile.
    fn invoke<A, R, F>(&self, _: &'static Item, _: A, _: F) -> R {
        unreachable!("only its type matters")
    }
    /// Nothing: it does not compile.
    #[allow(clippy::missing_errors_doc)]
    fn call<A, R, F, G>(&self, _: &'static Item, _: A, _: F) -> Result<R, CallError<G>> {
        unreachable!("only its type matters")
    }
    /// Nothing: it does not compile.
    #[allow(clippy::missing_errors_doc)]
    fn explain<A, F>(&self, _: &'static Item, _: A, _: F) -> Result<Explanation, Error> {
        unreachable!("only its type matters")
    }
    /// Nothing: it does not compile.
    fn inline<A, R, F>(&self, _: &'static Item, _: A, _: F) -> R {
        unreachable!("only its type matters")
    }
    /// Nothing: it does not compile.
    fn take<T>(&self, _: &mut T) -> T {
        unreachable!("only its type matters")
    }
}

#[diagnostic::do_not_recommend]
impl<T> Closed for &Gate<T> {}
