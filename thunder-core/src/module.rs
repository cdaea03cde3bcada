//! Structures of tensors: the arguments and results of functions and of transforms.

mod containers;
mod leaves;
mod named;
mod parameters;

pub use named::{named_tensors, try_map_tensors};
pub(crate) use parameters::Nesting;
pub use parameters::{AnyTensor, Zip, parameters, zip_map};

use crate::item::Spec;
use crate::tensor::{Key, RawTensor};
use crate::types::{DType, Extent, Float};

/// What the macro knows about a struct: its dimensions and its fields.
#[derive(Debug)]
pub struct StructInfo {
    /// The struct's name.
    pub name: &'static str,
    /// Its dimension names.
    pub dims: &'static [&'static str],
    /// Its fields.
    pub fields: &'static [FieldInfo],
}

/// A field of a [`StructInfo`].
#[derive(Debug)]
pub struct FieldInfo {
    /// The name.
    pub name: &'static str,
    /// The declared type. Its dimension variables are indices into [`StructInfo::dims`].
    pub ty: Spec,
    /// For a submodule, pairs of the submodule's dimension and its extent in terms of this struct's dimensions.
    pub bindings: &'static [(&'static str, Extent)],
    /// Whether it is a buffer, which gradients and optimisers skip.
    pub buffer: bool,
    /// Whether it is a `Vec` or an array with elements of type `ty`.
    pub list: bool,
    /// For a field `Dim<H>`, the dimension `H`.
    pub dim: Option<&'static str>,
}

/// A static value as a part of the cache key.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StaticValue<'a> {
    /// The bits of a number or a `bool`.
    Bits(u64),
    /// A string.
    Text(&'a str),
}

/// Visits every leaf of a structure, in a fixed order, with its path.
pub trait Visitor {
    /// A struct begins.
    fn begin(&mut self, info: &'static StructInfo) {
        let _ = info;
    }
    /// It ends.
    fn end(&mut self) {}
    /// The next leaves are under this field, until [`Visitor::leave`].
    fn field(&mut self, name: &'static str) {
        let _ = name;
    }
    /// The next leaves are under this element, until [`Visitor::leave`].
    fn index(&mut self, index: usize) {
        let _ = index;
    }
    /// Leaves the innermost field or element.
    fn leave(&mut self) {}
    /// The next field is a buffer.
    fn buffer(&mut self) {}
    /// Until [`Visitor::unstack`], every tensor has one more leading dimension than its struct declares.
    fn stack(&mut self) {}
    /// Tensors have their declared rank again.
    fn unstack(&mut self) {}
    /// The variant of an enum or an `Option`, or the length of a `Vec`.
    fn variant(&mut self, index: usize, name: &'static str) {
        let _ = name;
        self.fixed(StaticValue::Bits(index as u64));
    }
    /// A tensor.
    fn tensor(&mut self, tensor: &RawTensor);
    /// A key.
    fn key(&mut self, key: Key);
    /// A static value.
    fn fixed(&mut self, value: StaticValue<'_>);
}

/// Maps a structure to one of the same form with other leaves.
pub trait Mapper {
    /// The next leaves are under this field, until [`Mapper::leave`].
    fn field(&mut self, name: &'static str) {
        let _ = name;
    }
    /// The next leaves are under this element, until [`Mapper::leave`].
    fn index(&mut self, index: usize) {
        let _ = index;
    }
    /// Leaves the innermost field or element.
    fn leave(&mut self) {}
    /// The next field is a buffer.
    fn buffer(&mut self) {}
    /// The new tensor for this one, of the same element type.
    fn tensor(&mut self, tensor: &RawTensor) -> RawTensor;
    /// The new tensor for this one, of element type `dtype`: for [`Module::with`].
    fn recast(&mut self, tensor: &RawTensor, dtype: DType) -> RawTensor {
        let _ = dtype;
        self.tensor(tensor)
    }
    /// The new key for this one.
    fn key(&mut self, key: Key) -> Key;
}

/// A structure of tensors, keys and static values.
///
/// `#[thunder]` implements it for structs and enums. This crate implements it for tensors, keys, Rust scalars and
/// `String`, and for tuples, arrays, `Vec`, `Option` and `Box` of them.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::module::named_tensors;
/// use thunder_core::tensor::Tensor;
/// let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
/// let tree = (vec![x.clone(), x], 0.5f32);
/// let names: Vec<String> = named_tensors(&tree).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["0.0", "0.1"]);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't go in or out of a `#[thunder]` function",
    label = "neither a tensor nor a `#[thunder]` struct or enum",
    note = "mark a type of your own `#[thunder]`; keys, Rust scalars and `String` can too, and tuples, arrays, `Vec` and `Option`"
)]
pub trait Tree: Clone + Send + Sync + 'static {
    /// What the macro knows about a struct; for a container, about its elements.
    const INFO: Option<&'static StructInfo> = None;
    /// Whether it is a struct itself.
    const IS_STRUCT: bool = false;
    /// Whether it is a tensor.
    #[doc(hidden)]
    const IS_TENSOR: bool = false;
    /// Whether its type was refused already.
    #[doc(hidden)]
    const IS_REFUSED: bool = false;
    /// Visits every leaf with `v`.
    fn visit(&self, v: &mut dyn Visitor);
    /// The same structure with the leaves that `m` returns.
    fn map(&self, m: &mut dyn Mapper) -> Self;
}

/// The trait that `#[thunder]` implements for structs and enums. It gives them [`Tree`].
///
/// An error of rustc that names a trait lists the types that implement it. [`Tree`] itself is implemented only in this
/// crate, where an attribute keeps implementations out of that list. Emitted code can't use the attribute, because a
/// crate with `#![no_implicit_prelude]` can't name it.
#[doc(hidden)]
pub trait DeclaredTree: Clone + Send + Sync + 'static {
    const INFO: Option<&'static StructInfo> = None;
    const IS_STRUCT: bool = false;
    const IS_REFUSED: bool = false;
    fn visit(&self, v: &mut dyn Visitor);
    fn map(&self, m: &mut dyn Mapper) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: DeclaredTree> Tree for T {
    const INFO: Option<&'static StructInfo> = T::INFO;
    const IS_STRUCT: bool = T::IS_STRUCT;
    const IS_REFUSED: bool = T::IS_REFUSED;
    fn visit(&self, v: &mut dyn Visitor) {
        DeclaredTree::visit(self, v);
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        DeclaredTree::map(self, m)
    }
}

/// A structure of parameters, on which gradients and optimisers work.
///
/// ```
/// use thunder_core::module::Module;
/// use thunder_core::tensor::Tensor;
/// use half::bf16;
/// // The master weights of a bf16 module have the same structure with f32. Integers do not change.
/// type Weights = (Tensor<bf16, (usize, usize)>, Tensor<i64, (usize,)>);
/// type Masters = (Tensor<f32, (usize, usize)>, Tensor<i64, (usize,)>);
/// fn masters(m: <Weights as Module>::With<f32>) -> Masters {
///     m
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module",
    note = "put `#[thunder]` on the struct: its tensors are its parameters"
)]
pub trait Module: Tree {
    /// The same structure with floats of type `F`, for example master weights or moments.
    type With<F: Float>: Module;
    /// The same structure with floats of type `F`, with the leaves that `m` returns.
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F>;
}

/// The trait that `#[thunder]` implements for structs and enums. It gives them [`Module`], as [`DeclaredTree`] gives them
/// [`Tree`].
#[doc(hidden)]
pub trait DeclaredModule: Tree {
    type With<F: Float>: Module;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F>;
}

#[diagnostic::do_not_recommend]
impl<T: DeclaredModule> Module for T {
    type With<F: Float> = T::With<F>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        DeclaredModule::with::<F>(self, m)
    }
}

/// What stands for a field whose type was refused: what bodies do with it breeds no further errors.
#[doc(hidden)]
pub struct Refused<T: ?Sized>(std::marker::PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Clone for Refused<T> {
    fn clone(&self) -> Self {
        Refused(self.0)
    }
}

impl<T: ?Sized> std::ops::Deref for Refused<T> {
    type Target = T;
    fn deref(&self) -> &T {
        unreachable!("a type that was refused does not compile")
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + 'static> Tree for Refused<T> {
    const IS_REFUSED: bool = true;
    fn visit(&self, _: &mut dyn Visitor) {}
    fn map(&self, _: &mut dyn Mapper) -> Self {
        self.clone()
    }
}
