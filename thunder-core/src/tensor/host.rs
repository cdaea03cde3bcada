//! Operations on a tensor outside a body: a compile error that says so.
//!
//! rustc looks for a method on a tensor itself before it looks behind it, so where the operations are in scope, in
//! bodies, they are found; elsewhere what is found is here, and asks for what nothing has.

use super::Tensor;
use crate::op::{each_method, method_rows, op_rows};
use std::marker::PhantomData;
use std::ops::{Add, BitAnd, BitOr, BitXor, Deref, Div, Mul, Rem, Sub};

/// What a tensor has on the host in place of the operations.
#[doc(hidden)]
pub struct OnHost<E, S>(PhantomData<fn() -> (E, S)>);

/// What is only so in a body.
#[diagnostic::on_unimplemented(
    message = "tensor operations exist only in the bodies of `#[thunder]` functions",
    label = "an operation on a tensor outside one",
    note = "write a `#[thunder]` function that does it, and call that; `to_vec()`, `item()` and `shape()` read a tensor here"
)]
pub trait InBody {}

impl<E, S> Deref for Tensor<E, S> {
    type Target = OnHost<E, S>;
    fn deref(&self) -> &OnHost<E, S> {
        &OnHost(PhantomData)
    }
}

/// A method of as many arguments as `A`s. What it gives is left to inference, so that nothing follows.
macro_rules! refused {
    (none) => {};
    (unary $op:ident $name:ident $fixed:tt $bound:ident) => { refused! { $name } };
    (test $op:ident $name:ident $fixed:tt $bound:ident) => { refused! { $name } };
    (binary $op:ident $name:ident $fixed:tt $bound:ident) => { refused! { $name A } };
    (compare $op:ident $name:ident $fixed:tt $bound:ident) => { refused! { $name A } };
    (along $op:ident $name:ident $fixed:tt $bound:ident) => { refused! { $name A } };
    (reduce $op:ident $name:ident $keepdim:ident $fixed:tt $bound:ident) => {
        refused! { $name A }
        refused! { $keepdim A }
    };
    // Users write the type argument of these two.
    (cast $($arg:ident)*) => {};
    (one_hot $($arg:ident)*) => {};
    ($name:ident $($arg:ident)*) => {
        #[doc(hidden)]
        pub fn $name<R>(&self, $(_: argument!($arg)),*) -> R where Tensor<E, S>: InBody {
            unreachable!("nothing is `InBody`")
        }
    };
    ([] $($family:literal { $($name:ident($($arg:ident),*) => $build:expr;)* })*) => {
        $($( refused! { $name $($arg)* } )*)*
    };
}

/// Anything.
macro_rules! argument {
    ($arg:ident) => { impl Sized };
}

// rustc shows the row that a method is from.
impl<E, S> OnHost<E, S> {
    op_rows! { each_method refused }
}
impl<E, S> OnHost<E, S> {
    method_rows! { refused }
}
// What the macro writes out itself.
impl<E, S> OnHost<E, S> {
    refused! { rearrange A }
    refused! { chunk A B }
    refused! { chunk_vec A B }
    refused! { cast_like A }
    refused! { index_add A B C }
    refused! { scatter_add A B C }
}

// Those whose type argument users write.
#[allow(missing_docs)]
impl<E, S> OnHost<E, S> {
    #[doc(hidden)]
    pub fn cast<F>(&self) -> Tensor<F, S>
    where
        Tensor<E, S>: InBody,
    {
        unreachable!("nothing is `InBody`")
    }
    #[doc(hidden)]
    pub fn one_hot<F>(&self, _: usize) -> Tensor<F, S>
    where
        Tensor<E, S>: InBody,
    {
        unreachable!("nothing is `InBody`")
    }
}

/// The binary operators. rustc takes the operator before it has looked at the right side, so what it then reports is
/// that side's bound, in our words; of a bound on the left it would say its own.
macro_rules! operators {
    ($($trait:ident $name:ident),*) => {$(
        impl<E, S, R: InBody> $trait<R> for Tensor<E, S> {
            type Output = Tensor<E, S>;
            fn $name(self, _: R) -> Self::Output {
                unreachable!("nothing is `InBody`")
            }
        }
        impl<E, S, R: InBody> $trait<R> for &Tensor<E, S> {
            type Output = Tensor<E, S>;
            fn $name(self, _: R) -> Self::Output {
                unreachable!("nothing is `InBody`")
            }
        }
    )*};
}

operators! { Add add, Sub sub, Mul mul, Div div, Rem rem }
operators! { BitAnd bitand, BitOr bitor, BitXor bitxor }
