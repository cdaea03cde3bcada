//! The arguments of a call: by reference, or by value, which donates them.

use crate::item::Param;
use crate::link::structures;
use crate::module::{Mapper, Tree, Visitor};
use crate::recorder::Leaves;

/// An argument passed by reference. Its memory is never overwritten.
pub struct Ref<'a, T>(pub &'a T);

/// An argument passed by value. Its memory may be reused for the results.
pub struct Own<T>(pub T);

/// One argument of a call.
pub trait Argument {
    /// The argument itself.
    type Tree: Tree;
    /// What a refused call returns to the caller.
    type Given;
    /// Whether it is donated.
    const OWNED: bool;
    /// The argument by reference.
    fn tree(&self) -> &Self::Tree;
    /// The argument, by value; cloned if it was given by reference.
    fn into_tree(self) -> Self::Tree;
    /// What a refused call returns to the caller.
    fn give(self) -> Self::Given;
    /// Offers what a refused call returns to the running [`update`](super::update).
    fn rescue(given: Self::Given);
    /// What a refused call returns, rebuilt from a structure of the same form with the leaves that `m` returns.
    fn restore(tree: &Self::Tree, m: &mut dyn Mapper) -> Self::Given;
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Argument for Ref<'_, T> {
    type Tree = T;
    type Given = ();
    const OWNED: bool = false;
    fn tree(&self) -> &T {
        self.0
    }
    fn into_tree(self) -> T {
        self.0.clone()
    }
    fn give(self) {}
    fn rescue((): ()) {}
    fn restore(tree: &T, m: &mut dyn Mapper) {
        tree.map(m);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Argument for Own<T> {
    type Tree = T;
    type Given = T;
    const OWNED: bool = true;
    fn tree(&self) -> &T {
        &self.0
    }
    fn into_tree(self) -> T {
        self.0
    }
    fn give(self) -> T {
        self.0
    }
    fn rescue(given: T) {
        super::update::rescue(given);
    }
    fn restore(tree: &T, m: &mut dyn Mapper) -> T {
        tree.map(m)
    }
}

/// Visits the leaves of all arguments.
pub trait ArgVisitor: Visitor {
    /// The next leaves belong to this argument.
    fn argument(&mut self, index: usize, owned: bool);
}

/// All arguments of a call, as a tuple of [`Ref`] and [`Own`].
pub trait Args: Sized {
    /// The arguments, by value.
    type Owned: Send + Sync + 'static;
    /// What a refused call returns to the caller: `()` for each argument passed by reference.
    type Given;
    /// Visits every leaf.
    fn visit(&self, v: &mut dyn ArgVisitor);
    /// Traced parameters in place of the arguments.
    fn parameters(&self, params: &[Param]) -> Self::Owned;
    /// The arguments, by value.
    fn owned(self) -> Self::Owned;
    /// A copy of the arguments.
    fn copy(owned: &Self::Owned) -> Self::Owned;
    /// What a refused call returns to the caller.
    fn give(self) -> Self::Given;
    /// Offers what a refused call returns to the running [`update`](super::update).
    fn rescue(given: Self::Given);
    /// What a refused call returns, rebuilt from `owned` with the leaves that `m` returns.
    fn restore(owned: &Self::Owned, m: &mut dyn Mapper) -> Self::Given;
    /// The traced leaves of each argument.
    #[doc(hidden)]
    fn leaves(owned: &Self::Owned) -> ArgLeaves;
}

/// The traced leaves of each argument.
#[doc(hidden)]
pub struct ArgLeaves(pub(crate) Vec<Leaves>);

macro_rules! args {
    ($($t:ident $i:tt),*) => {
        #[diagnostic::do_not_recommend]
        impl<$($t: Argument),*> Args for ($($t,)*) {
            type Owned = ($($t::Tree,)*);
            type Given = ($($t::Given,)*);
            #[allow(unused_variables)]
            fn visit(&self, v: &mut dyn ArgVisitor) {
                $(v.argument($i, $t::OWNED); self.$i.tree().visit(v);)*
            }
            #[allow(unused_variables, clippy::unused_unit)]
            fn parameters(&self, params: &[Param]) -> Self::Owned {
                ($(structures::parameters(self.$i.tree(), params.get($i).map_or("", |p| p.name)),)*)
            }
            #[allow(clippy::unused_unit)]
            fn owned(self) -> Self::Owned { ($(self.$i.into_tree(),)*) }
            #[allow(unused_variables, clippy::unused_unit)]
            fn copy(owned: &Self::Owned) -> Self::Owned { ($(owned.$i.clone(),)*) }
            #[allow(clippy::unused_unit)]
            fn give(self) -> Self::Given { ($(self.$i.give(),)*) }
            #[allow(unused_variables)]
            fn rescue(given: Self::Given) { $($t::rescue(given.$i);)* }
            #[allow(unused_variables, clippy::unused_unit)]
            fn restore(owned: &Self::Owned, m: &mut dyn Mapper) -> Self::Given { ($($t::restore(&owned.$i, m),)*) }
            #[allow(unused_variables)]
            fn leaves(owned: &Self::Owned) -> ArgLeaves { ArgLeaves(vec![$(structures::leaves(&owned.$i)),*]) }
        }
    };
}

/// The tuples of all sizes up to the whole list, whose length is [`MAX_PARAMS`](crate::item::MAX_PARAMS).
macro_rules! up_to {
    (@ [$($done:tt)*]) => { args!($($done)*); };
    (@ [$($done:tt)*] $t:ident $i:tt $($rest:tt)*) => {
        args!($($done)*);
        up_to!(@@ [$($done)*] $t $i $($rest)*);
    };
    (@@ [] $t:ident $i:tt $($rest:tt)*) => { up_to!(@ [$t $i] $($rest)*); };
    (@@ [$($done:tt)+] $t:ident $i:tt $($rest:tt)*) => { up_to!(@ [$($done)+, $t $i] $($rest)*); };
}

up_to! { @ []
    A0 0 A1 1 A2 2 A3 3 A4 4 A5 5 A6 6 A7 7 A8 8 A9 9 A10 10 A11 11 A12 12 A13 13 A14 14 A15 15
    A16 16 A17 17 A18 18 A19 19 A20 20 A21 21 A22 22 A23 23 A24 24 A25 25 A26 26 A27 27 A28 28 A29 29 A30 30 A31 31
}
