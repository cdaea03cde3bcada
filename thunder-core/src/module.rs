//! Structures of tensors: what a function can take, give, and be differentiated by.

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

/// What the macro knows of a struct: its dimensions, and what its fields say of them.
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
    /// What it is, its dimensions by their index in [`StructInfo::dims`].
    pub ty: Spec,
    /// For a submodule, `(its dimension, the extent over this struct's dimensions)`.
    pub bindings: &'static [(&'static str, Extent)],
    /// Whether it is state: skipped by gradients and optimisers.
    pub buffer: bool,
    /// Whether it is a `Vec` or an array of what `ty` says.
    pub list: bool,
    /// For `Dim<H>`, the dimension whose extent this number is.
    pub dim: Option<&'static str>,
}

/// A static value, as it goes into the key of the cache.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StaticValue<'a> {
    /// A number or a `bool`, by its bits.
    Bits(u64),
    /// A text.
    Text(&'a str),
}

/// Sees every leaf of a structure, in a fixed order, with the way to it.
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
    /// Every tensor has one leading dimension more than its struct says, until [`Visitor::unstack`].
    fn stack(&mut self) {}
    /// Tensors are what their struct says again.
    fn unstack(&mut self) {}
    /// Which variant an enum or an `Option` is, or how long a `Vec` is.
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

/// Makes a structure of the same form with other leaves.
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
    /// The tensor in place of this one, of the same element type.
    fn tensor(&mut self, tensor: &RawTensor) -> RawTensor;
    /// The tensor in place of this one, of element type `dtype`: for [`Module::with`].
    fn recast(&mut self, tensor: &RawTensor, dtype: DType) -> RawTensor {
        let _ = dtype;
        self.tensor(tensor)
    }
    /// The key in place of this one.
    fn key(&mut self, key: Key) -> Key;
}

/// A structure of tensors, keys and static values.
///
/// Implemented by `#[thunder]` for structs and enums, and here for tensors, keys, Rust scalars and `String`,
/// and for tuples, arrays, `Vec`, `Option` and `Box` of them.
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
    /// What the macro knows of a struct; for a container, of its elements.
    const INFO: Option<&'static StructInfo> = None;
    /// Whether it is a struct itself.
    const IS_STRUCT: bool = false;
    /// Whether it is a tensor.
    #[doc(hidden)]
    const IS_TENSOR: bool = false;
    /// Whether its type was refused already.
    #[doc(hidden)]
    const IS_REFUSED: bool = false;
    /// Shows every leaf to `v`.
    fn visit(&self, v: &mut dyn Visitor);
    /// The same structure with the leaves that `m` gives.
    fn map(&self, m: &mut dyn Mapper) -> Self;
}

/// What `#[thunder]` implements of a struct or an enum. [`Tree`] follows from it.
///
/// rustc lists the types that implement a trait beside an error that names the trait. [`Tree`] itself is implemented only
/// in this crate, where implementations can be kept out of that list. A crate under `#![no_implicit_prelude]` can't name
/// the attribute that does it, so emitted code does not use it.
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

/// A structure of parameters: what gradients and optimisers work on.
///
/// ```
/// use thunder_core::module::Module;
/// use thunder_core::tensor::Tensor;
/// use half::bf16;
/// // Master weights of a bf16 module are its structure over f32; integers stay.
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
    /// The same structure with floats of type `F`: master weights, moments.
    type With<F: Float>: Module;
    /// The same structure over `F`, its leaves from `m`.
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F>;
}

/// What `#[thunder]` implements of a struct or an enum. [`Module`] follows from it, as [`Tree`] from [`DeclaredTree`].
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
