//! The operations of the language.
//!
//! Most are methods of a tensor, in the trait [`TensorOps`]. The others are the functions of this module, which are in the
//! [prelude](crate::prelude). Both exist only in the bodies of `#[thunder]` functions. Names and argument order follow
//! PyTorch.
//!
//! | family | operations |
//! |---|---|
#![doc = thunder_core::op_rows!(classes)]
#![doc = thunder_core::method_rows!(families methods)]
#![doc = thunder_core::function_rows!(families functions)]
//! | as methods too | [`cast_like`](TensorOps::cast_like), [`index_add`](TensorOps::index_add), [`scatter_add`](TensorOps::scatter_add), and [below](#forms-of-the-language) `rearrange`, `chunk`, `chunk_vec`, `einsum` |
//! | keys | [`Key::split`](crate::Key::split), [`Key::fold_in`](crate::Key::fold_in) |
//! | transforms | [`thunder::transforms`](crate::transforms) |
//!
//! # Forms of the language
//!
//! These look like calls, but the macro expands them.
//!
//! ## `x.rearrange(|b, t, (H, d)| (b, H, t, d))`
#![doc = include_str!("../thunder-core/src/tensor/docs/rearrange.md")]
//! ## `einsum("ij,jk->ik", x, y)`
#![doc = include_str!("../thunder-core/src/tensor/docs/einsum.md")]
//! ## `x.chunk(3, -1)`
#![doc = include_str!("../thunder-core/src/tensor/docs/chunk.md")]
//! ## `x.chunk_vec(n, -1)`
#![doc = include_str!("../thunder-core/src/tensor/docs/chunk_vec.md")]
//! ## `x.shape()`, `x.rank()`, `x.dtype()`, `x.clone()`
#![doc = include_str!("../thunder-core/src/tensor/docs/shape.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/rank.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/dtype.md")]
#![doc = include_str!("../thunder-core/src/tensor/docs/clone.md")]

pub use thunder_core::tensor::{
    CrossEntropy, Sdpa, TensorOps, arange, bernoulli, cat, cross_entropy, custom, debug_print, embedding,
    full, masked_attention, normal, ones, scaled_dot_product_attention, select, stack, stop_gradient,
    uniform, zeros,
};

/// Runs the examples of the operations that thunder-core defines. They need the macro, which thunder-core can't use.
#[cfg(doctest)]
mod examples {
    macro_rules! examples {
        (none) => {};
        (reduce $op:ident $name:ident $keepdim:ident $fixed:tt $bound:ident) => { examples! { @page $name $keepdim } };
        ($form:ident $op:ident $name:ident $fixed:tt $bound:ident) => { examples! { @page $name } };
        ([] $($family:literal { $($name:ident $args:tt => $build:expr;)* })*) => {
            examples! { @page $($($name)*)* }
        };
        (@page $($name:ident)*) => {$(
            #[doc = include_str!(concat!("../thunder-core/src/tensor/docs/", stringify!($name), ".md"))]
            mod $name {}
        )*};
    }

    mod regular {
        use thunder_core::each_method;
        thunder_core::op_rows! { each_method examples }
    }
    mod methods {
        thunder_core::method_rows! { examples }
    }
    mod functions {
        thunder_core::function_rows! { examples }
    }
    mod others {
        examples! { @page cast_like index_add scatter_add }
    }
}

/// A table row for each class of operations whose methods have the same form.
macro_rules! classes {
    ([] $( $class:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:ident $(as $($method:ident)+)? $({ $($fixed:tt)* })? $(: $bound:ident)? $(, $cost:ident)?;
    )* } )*) => {
        concat!($( classes!(@class $class [$( ($name [$($($method)+)?] [$($bound)?]) )*]) ),*)
    };
    (@class UnaryNum $rows:tt) => { classes!(@row "arithmetic on one tensor" $rows) };
    (@class UnaryFloat $rows:tt) => { classes!(@row "functions of one tensor" $rows) };
    (@class Test $rows:tt) => { classes!(@row "tests" $rows) };
    (@class UnaryLogic $rows:tt) => { classes!(@row "negation: `!x`" $rows) };
    (@class Binary $rows:tt) => { classes!(@row "arithmetic on two tensors: `+ - * / %`" $rows) };
    (@class Compare $rows:tt) => { classes!(@row "comparisons: `== != < <= > >=`" $rows) };
    (@class BinaryLogic $rows:tt) => { classes!(@row "logic, bits: `& \\| ^`" $rows) };
    (@class Reduce $rows:tt) => { classes!(@row "reductions over axes" $rows) };
    (@class Along $rows:tt) => { classes!(@row "scans along an axis" $rows) };
    (@class CompositeAlong $rows:tt) => { classes!(@row "softmax" $rows) };
    (@class CompositeUnary $rows:tt) => { classes!(@row "activations" $rows) };
    (@class CompositeReduce $rows:tt) => { classes!(@row "statistics over axes" $rows) };
    (@class $class:ident $rows:tt) => { "" };
    (@row $title:literal [$(($name:ident $methods:tt $bound:tt))*]) => {
        concat!("| ", $title, " |", $( classes!(@link $name $methods $bound) ),*, " |\n")
    };
    // An operation without a method, or whose method has a form of its own.
    (@link $name:ident $methods:tt []) => { "" };
    (@link $name:ident [] [$bound:ident]) => { concat!(" [`", stringify!($name), "`](TensorOps::", stringify!($name), ")") };
    (@link $name:ident [$($method:ident)+] $bound:tt) => { concat!($( classes!(@link $method [] $bound) ),+) };
}
use classes;

/// A table row for each family of methods or of functions.
macro_rules! families {
    ([$kind:ident] $($family:literal { $($name:ident $args:tt => $build:expr;)* })*) => {
        concat!($( "| ", $family, " |", $( families!(@link $kind $name) ),*, " |\n" ),*)
    };
    (@link methods $name:ident) => { concat!(" [`", stringify!($name), "`](TensorOps::", stringify!($name), ")") };
    (@link functions $name:ident) => { concat!(" [`", stringify!($name), "`]") };
}
use families;
