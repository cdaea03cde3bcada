//! Structures of tensors: what a function can take, give, and be differentiated by.

use crate::item::Spec;
use crate::link::record;
use crate::tensor::{AnyShape, Key, RawTensor, Shape, Tensor};
use crate::types::{DType, Element, Extent, Float};

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

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> Tree for Tensor<E, S> {
    const IS_TENSOR: bool = true;
    fn visit(&self, v: &mut dyn Visitor) {
        v.tensor(self.raw());
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        Tensor::from_raw(m.tensor(self.raw()))
    }
}

#[diagnostic::do_not_recommend]
impl<E: Float, S: Shape> Module for Tensor<E, S> {
    type With<F: Float> = Tensor<F, S>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        Tensor::from_raw(m.recast(self.raw(), F::DTYPE))
    }
}

/// Tensors of other types stay as they are.
macro_rules! other_tensors {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<S: Shape> Module for Tensor<$t, S> {
            type With<F: Float> = Tensor<$t, S>;
            fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self { self.map(m) }
        }
    )*};
}

other_tensors! { i64 i32 u32 u8 bool }

#[diagnostic::do_not_recommend]
impl Tree for Key {
    fn visit(&self, v: &mut dyn Visitor) {
        v.key(*self);
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        m.key(*self)
    }
}

#[diagnostic::do_not_recommend]
impl Module for Key {
    type With<F: Float> = Key;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Key {
        m.key(*self)
    }
}

macro_rules! static_trees {
    ($($t:ty: $x:ident => $bits:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Tree for $t {
            fn visit(&self, v: &mut dyn Visitor) { let $x = *self; v.fixed(StaticValue::Bits($bits)); }
            fn map(&self, _: &mut dyn Mapper) -> Self { *self }
        }
        #[diagnostic::do_not_recommend]
        impl Module for $t {
            type With<F: Float> = $t;
            fn with<F: Float>(&self, _: &mut dyn Mapper) -> $t { *self }
        }
    )*};
}

static_trees! {
    f64: x => x.to_bits();
    f32: x => u64::from(x.to_bits());
    half::f16: x => u64::from(x.to_bits());
    half::bf16: x => u64::from(x.to_bits());
    i64: x => x as u64;
    i32: x => x as u64;
    i16: x => x as u64;
    i8: x => x as u64;
    isize: x => x as u64;
    u64: x => x;
    u32: x => u64::from(x);
    u16: x => u64::from(x);
    u8: x => u64::from(x);
    usize: x => x as u64;
    bool: x => u64::from(x);
    char: x => u64::from(x);
    (): _x => 0;
}

#[diagnostic::do_not_recommend]
impl Tree for String {
    fn visit(&self, v: &mut dyn Visitor) {
        v.fixed(StaticValue::Text(self));
    }
    fn map(&self, _: &mut dyn Mapper) -> Self {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl Tree for &'static str {
    fn visit(&self, v: &mut dyn Visitor) {
        v.fixed(StaticValue::Text(self));
    }
    fn map(&self, _: &mut dyn Mapper) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Tree for Option<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        match self {
            Some(x) => {
                v.variant(1, "Some");
                x.visit(v);
            }
            None => v.variant(0, "None"),
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        self.as_ref().map(|x| x.map(m))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree> Tree for Vec<T> {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        v.variant(self.len(), "Vec");
        for (i, x) in self.iter().enumerate() {
            v.index(i);
            x.visit(v);
            v.leave();
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        self.iter().enumerate().map(|(i, x)| element(m, i, |m| x.map(m))).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Tree, const N: usize> Tree for [T; N] {
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        for (i, x) in self.iter().enumerate() {
            v.index(i);
            x.visit(v);
            v.leave();
        }
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        std::array::from_fn(|i| element(m, i, |m| self[i].map(m)))
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

#[diagnostic::do_not_recommend]
impl<T: Tree> DeclaredTree for Box<T> {
    const IS_REFUSED: bool = T::IS_REFUSED;
    const INFO: Option<&'static StructInfo> = T::INFO;
    fn visit(&self, v: &mut dyn Visitor) {
        (**self).visit(v);
    }
    fn map(&self, m: &mut dyn Mapper) -> Self {
        Box::new((**self).map(m))
    }
}

#[diagnostic::do_not_recommend]
impl Module for String {
    type With<F: Float> = String;
    fn with<F: Float>(&self, _: &mut dyn Mapper) -> String {
        self.clone()
    }
}
#[diagnostic::do_not_recommend]
impl<T: Module> Module for Option<T> {
    type With<F: Float> = Option<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        self.as_ref().map(|x| x.with::<F>(m))
    }
}
#[diagnostic::do_not_recommend]
impl<T: Module> Module for Vec<T> {
    type With<F: Float> = Vec<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        self.iter().enumerate().map(|(i, x)| element(m, i, |m| x.with::<F>(m))).collect()
    }
}
#[diagnostic::do_not_recommend]
impl<T: Module, const N: usize> Module for [T; N] {
    type With<F: Float> = [T::With<F>; N];
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        std::array::from_fn(|i| element(m, i, |m| self[i].with::<F>(m)))
    }
}
#[diagnostic::do_not_recommend]
impl<T: Module> DeclaredModule for Box<T> {
    type With<F: Float> = Box<T::With<F>>;
    fn with<F: Float>(&self, m: &mut dyn Mapper) -> Self::With<F> {
        Box::new((**self).with::<F>(m))
    }
}

/// What `f` makes, under the element `index`.
fn element<T>(m: &mut dyn Mapper, index: usize, f: impl FnOnce(&mut dyn Mapper) -> T) -> T {
    m.index(index);
    let y = f(m);
    m.leave();
    y
}

macro_rules! tuple_trees {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: Tree),*> Tree for ($($t,)*) {
            fn visit(&self, v: &mut dyn Visitor) {
                $(v.index($i); self.$i.visit(v); v.leave();)*
            }
            fn map(&self, m: &mut dyn Mapper) -> Self {
                ($(element(m, $i, |m| self.$i.map(m)),)*)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<$($t: Module),*> Module for ($($t,)*) {
            type With<F_: Float> = ($($t::With<F_>,)*);
            fn with<F_: Float>(&self, m: &mut dyn Mapper) -> Self::With<F_> {
                ($(element(m, $i, |m| self.$i.with::<F_>(m)),)*)
            }
        }
    )*};
}

tuple_trees! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
}

/// A parameter as [`zip_map`] and [`parameters`] hand it out: any float type, any rank.
pub type AnyTensor = Tensor<crate::types::AnyFloat, AnyShape>;

/// The float parameters of a structure, in order: no buffers, no integers, no keys.
///
/// Inside a `#[thunder]` function; sums of squares for clipping are written with it.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::module::parameters;
/// use thunder_core::tensor::Tensor;
/// let w = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
/// let steps = Tensor::from_vec(vec![3i64], ());
/// assert_eq!(parameters(&(w, steps)).len(), 1);
/// # }
/// ```
pub fn parameters<T: Tree>(tree: &T) -> Vec<AnyTensor> {
    let mut list = Vec::new();
    let mut see = |_: &str, raw: &RawTensor| list.push(Tensor::from_raw(raw.clone()));
    tree.visit(&mut Walk { path: Vec::new(), buffer: Buffer::default(), see: &mut see });
    list
}

/// Whether a walk is inside a buffer, which may be a structure of its own.
#[derive(Default)]
struct Buffer {
    depth: usize,
    /// The depth around the outermost buffer.
    outside: Option<usize>,
}

impl Buffer {
    fn begin(&mut self) {
        self.outside.get_or_insert(self.depth);
    }
    fn enter(&mut self) {
        self.depth += 1;
    }
    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.outside == Some(self.depth) {
            self.outside = None;
        }
    }
    /// Whether a tensor here is a parameter.
    fn parameter(&self, t: &RawTensor) -> bool {
        self.outside.is_none() && t.ty().is_some_and(|ty| ty.dtype().is_float())
    }
}

/// Walks the float parameters with their paths.
struct Walk<'a> {
    path: Vec<String>,
    buffer: Buffer,
    see: &'a mut dyn FnMut(&str, &RawTensor),
}

#[diagnostic::do_not_recommend]
impl Visitor for Walk<'_> {
    fn buffer(&mut self) {
        self.buffer.begin();
    }
    fn field(&mut self, name: &'static str) {
        self.buffer.enter();
        self.path.push(name.to_string());
    }
    fn index(&mut self, index: usize) {
        self.buffer.enter();
        self.path.push(index.to_string());
    }
    fn leave(&mut self) {
        self.path.pop();
        self.buffer.leave();
    }
    fn tensor(&mut self, t: &RawTensor) {
        if self.buffer.parameter(t) {
            (self.see)(&self.path.join("."), t);
        }
    }
    fn key(&mut self, _: Key) {}
    fn fixed(&mut self, _: StaticValue<'_>) {}
}

/// Every tensor of a structure (buffers and integers too) with its path: `blocks.3.attn.weight`.
pub fn named_tensors<T: Tree>(tree: &T) -> Vec<(String, RawTensor)> {
    struct All(Vec<String>, Vec<(String, RawTensor)>);
    #[diagnostic::do_not_recommend]
    impl Visitor for All {
        fn field(&mut self, name: &'static str) {
            self.0.push(name.to_string());
        }
        fn index(&mut self, index: usize) {
            self.0.push(index.to_string());
        }
        fn leave(&mut self) {
            self.0.pop();
        }
        fn tensor(&mut self, t: &RawTensor) {
            self.1.push((self.0.join("."), t.clone()));
        }
        fn key(&mut self, _: Key) {}
        fn fixed(&mut self, _: StaticValue<'_>) {}
    }
    let mut all = All(Vec::new(), Vec::new());
    tree.visit(&mut all);
    all.1
}

/// The same structure with the tensors that `f` gives for each path; the first error ends it.
///
/// # Errors
/// What `f` gives.
pub fn try_map_tensors<T: Tree, X>(
    tree: &T,
    f: impl FnMut(&str, &RawTensor) -> Result<RawTensor, X>,
) -> Result<T, X> {
    struct Replace<F, X> {
        path: Vec<String>,
        f: F,
        error: Option<X>,
    }
    #[diagnostic::do_not_recommend]
    impl<F: FnMut(&str, &RawTensor) -> Result<RawTensor, X>, X> Mapper for Replace<F, X> {
        fn field(&mut self, name: &'static str) {
            self.path.push(name.to_string());
        }
        fn index(&mut self, index: usize) {
            self.path.push(index.to_string());
        }
        fn leave(&mut self) {
            self.path.pop();
        }
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            if self.error.is_none() {
                match (self.f)(&self.path.join("."), t) {
                    Ok(new) => return new,
                    Err(e) => self.error = Some(e),
                }
            }
            t.clone()
        }
        fn key(&mut self, key: Key) -> Key {
            key
        }
    }
    let mut replace = Replace { path: Vec::new(), f, error: None };
    let out = tree.map(&mut replace);
    replace.error.map_or(Ok(out), Err)
}

/// Structures of one form that [`zip_map`] walks together: a tuple of references.
pub trait Zip {
    /// The structures, by value.
    type Out;
    /// One parameter of each.
    type Leaves;
    /// Maps every parameter by `f`, which also gets its path.
    fn zip(self, f: &mut dyn FnMut(&str, Self::Leaves) -> Self::Leaves) -> Self::Out;
}

/// Walks structures of one form together: `f` gets the path and one parameter of each, and gives what takes
/// their places. Buffers, integers and keys stay.
///
/// Optimisers are written with it:
/// `zip_map((&model, &grads), |_, (p, g)| { let p = p - g.clone() * lr; (p, g) })`.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::module::zip_map;
/// use thunder_core::tensor::Tensor;
/// let (a, b) = (Tensor::from_vec(vec![1.0f32], (1,)), Tensor::from_vec(vec![2.0f32], (1,)));
/// let (x, y) = zip_map((&(a.clone(), a), &(b.clone(), b)), |_, (a, b)| (b, a));
/// assert_eq!((x.0.to_vec(), y.1.to_vec()), (vec![2.0], vec![1.0]));
/// # }
/// ```
pub fn zip_map<T: Zip>(trees: T, mut f: impl FnMut(&str, T::Leaves) -> T::Leaves) -> T::Out {
    trees.zip(&mut f)
}

/// Puts new parameters in the places of the old ones, in order.
struct Refill<'a> {
    buffer: Buffer,
    new: &'a mut dyn Iterator<Item = RawTensor>,
}

#[diagnostic::do_not_recommend]
impl Mapper for Refill<'_> {
    fn buffer(&mut self) {
        self.buffer.begin();
    }
    fn field(&mut self, _: &'static str) {
        self.buffer.enter();
    }
    fn index(&mut self, _: usize) {
        self.buffer.enter();
    }
    fn leave(&mut self) {
        self.buffer.leave();
    }
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        if !self.buffer.parameter(t) {
            return t.clone();
        }
        self.new.next().unwrap_or(RawTensor::Poison)
    }
    fn key(&mut self, key: Key) -> Key {
        key
    }
}

macro_rules! any_tensor {
    ($x:ident) => {
        AnyTensor
    };
}

macro_rules! any_len {
    ($x:ident, $paths:ident) => {
        $paths.len()
    };
}

macro_rules! zips {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: Tree),*> Zip for ($(&$t,)*) {
            type Out = ($($t,)*);
            type Leaves = ($(any_tensor!($t),)*);
            fn zip(self, f: &mut dyn FnMut(&str, Self::Leaves) -> Self::Leaves) -> Self::Out {
                let mut paths = Vec::new();
                let mut see = |path: &str, _: &RawTensor| paths.push(path.to_string());
                self.0.visit(&mut Walk { path: Vec::new(), buffer: Buffer::default(), see: &mut see });
                let lists = ($(parameters(self.$i),)*);
                if [$(lists.$i.len()),*].iter().any(|n| *n != paths.len()) {
                    record::fail_text::<()>("`zip_map`: the structures differ in their parameters");
                }
                let mut new = ($(Vec::with_capacity(any_len!($t, paths)),)*);
                for (k, path) in paths.iter().enumerate() {
                    let leaves = ($(lists.$i.get(k).cloned().unwrap_or_else(|| Tensor::from_raw(RawTensor::Poison)),)*);
                    let out = f(path, leaves);
                    $(new.$i.push(out.$i.raw().clone());)*
                }
                ($(self.$i.map(&mut Refill { buffer: Buffer::default(), new: &mut new.$i.into_iter() }),)*)
            }
        }
    )*};
}

zips! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}
