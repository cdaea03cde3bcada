//! What the parts of a value are, by their types: modules, tensors, contents of containers.

use crate::module::{StructInfo, Tree};
use std::marker::PhantomData;

/// What is known of the struct that `_f` leads to, or of the elements of a container.
pub const fn info_of<T, F: Known>(_f: fn(&T) -> F) -> Option<&'static StructInfo> {
    F::INFO
}

/// A type, of which more is known if it is one of the language's.
pub trait Known {
    /// What the macro knows of a struct.
    const INFO: Option<&'static StructInfo>;
    /// Whether it is a struct.
    const IS_STRUCT: bool;
    /// Whether it is a tensor.
    const IS_TENSOR: bool;
    /// Whether it was refused already.
    const IS_REFUSED: bool;
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Known for PhantomData<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    const IS_STRUCT: bool = T::IS_STRUCT;
    const IS_TENSOR: bool = T::IS_TENSOR;
    const IS_REFUSED: bool = T::IS_REFUSED;
}

/// A type that is none of the language's: where it is written rustc says so.
pub struct Foreign;

#[diagnostic::do_not_recommend]
impl Known for Foreign {
    const INFO: Option<&'static StructInfo> = None;
    const IS_STRUCT: bool = false;
    const IS_TENSOR: bool = false;
    const IS_REFUSED: bool = true;
}

/// The type of a value that is one of the language's.
pub trait OfLanguage: Sized {
    /// The type.
    fn __type(&self) -> PhantomData<Self> {
        PhantomData
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> OfLanguage for T {}

/// The type of a value that is none: it takes a reference more, so rustc finds it last.
pub trait OfForeign {
    /// The type.
    fn __type(&self) -> Foreign {
        Foreign
    }
}

#[diagnostic::do_not_recommend]
impl<T> OfForeign for &T {}

/// The way to a part of a structure, as an expression that is typed and never run.
///
/// `__content` looks into an `Option`: a body that uses its content has made sure that there is one. Anything else is
/// its own content: [`Itself`] takes a reference more, so rustc finds it only where [`Content`] is not implemented.
pub trait Content {
    /// What is inside.
    type Of;
    /// What is inside.
    fn __content(&self) -> &Self::Of;
}

/// The elements that a loop walks over, as [`Content`].
pub trait Elements {
    /// An element.
    type Of;
    /// An element.
    fn __element(&self) -> &Self::Of;
}

/// What is no `Option`, or no container.
pub trait Itself {
    /// The reference.
    type Of;
    /// The same.
    fn __content(&self) -> Self::Of;
    /// The same.
    fn __element(&self) -> Self::Of;
}

#[diagnostic::do_not_recommend]
impl<'a, T> Itself for &'a T {
    type Of = &'a T;
    fn __content(&self) -> &'a T {
        self
    }
    fn __element(&self) -> &'a T {
        self
    }
}

macro_rules! containers {
    ($([$($const:tt)*] $t:ty: $trait:ident $method:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, $($const)*> $trait for $t {
            type Of = T;
            fn $method(&self) -> &T {
                unreachable!("only its type matters")
            }
        }
    )*};
}

containers! {
    [] Option<T>: Content __content;
    [] Option<T>: Elements __element;
    [] Vec<T>: Elements __element;
    [] Box<T>: Content __content;
    [const N: usize] [T; N]: Elements __element;
}
