//! The float parameters of a structure: listed, and mapped together with those of structures of the same form.

use super::{Mapper, StaticValue, Tree, Visitor};
use crate::recorder;
use crate::tensor::{AnyShape, Key, RawTensor, Tensor};

/// A parameter in the closure of [`zip_map`] and in the list of [`parameters`]: of any float type and any rank.
pub type AnyTensor = Tensor<crate::types::AnyFloat, AnyShape>;

/// The float parameters of a structure, in order, without buffers, integers and keys.
///
/// It is used inside `#[thunder]` functions, for example for the sum of squares in gradient clipping.
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
    tree.visit(&mut Walk { path: Vec::new(), nesting: Nesting::default(), see: &mut see });
    list
}

/// Whether a walk over a structure is inside a buffer, which may be a structure of its own.
#[derive(Default)]
pub(crate) struct Nesting {
    depth: usize,
    /// The depth of the field that holds the outermost buffer.
    outside: Option<usize>,
}

impl Nesting {
    /// The next field is a buffer.
    pub(crate) fn buffer(&mut self) {
        self.outside.get_or_insert(self.depth);
    }
    /// A field or an element begins.
    pub(crate) fn enter(&mut self) {
        self.depth += 1;
    }
    /// It ends.
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.outside == Some(self.depth) {
            self.outside = None;
        }
    }
    /// Whether the current leaf lies in a buffer.
    pub(crate) fn in_buffer(&self) -> bool {
        self.outside.is_some()
    }
    /// Whether a tensor at this place is a parameter.
    fn is_parameter(&self, t: &RawTensor) -> bool {
        !self.in_buffer() && t.ty().is_some_and(|ty| ty.dtype().is_float())
    }
}

/// Visits the float parameters with their paths.
struct Walk<'a> {
    path: Vec<String>,
    nesting: Nesting,
    see: &'a mut dyn FnMut(&str, &RawTensor),
}

#[diagnostic::do_not_recommend]
impl Visitor for Walk<'_> {
    fn buffer(&mut self) {
        self.nesting.buffer();
    }
    fn field(&mut self, name: &'static str) {
        self.nesting.enter();
        self.path.push(name.to_string());
    }
    fn index(&mut self, index: usize) {
        self.nesting.enter();
        self.path.push(index.to_string());
    }
    fn leave(&mut self) {
        self.path.pop();
        self.nesting.leave();
    }
    fn tensor(&mut self, t: &RawTensor) {
        if self.nesting.is_parameter(t) {
            (self.see)(&self.path.join("."), t);
        }
    }
    fn key(&mut self, _: Key) {}
    fn fixed(&mut self, _: StaticValue<'_>) {}
}

/// Structures of the same form that [`zip_map`] maps together: a tuple of references.
pub trait Zip {
    /// The structures, by value.
    type Out;
    /// One parameter of each.
    type Leaves;
    /// Maps every parameter with `f`, which also gets its path.
    fn zip(self, f: &mut dyn FnMut(&str, Self::Leaves) -> Self::Leaves) -> Self::Out;
}

/// Maps structures of the same form together. `f` gets the path and one parameter of each structure, and returns the new
/// ones. Buffers, integers and keys do not change.
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

/// Replaces the parameters by new ones, in order.
struct Refill<'a> {
    nesting: Nesting,
    new: &'a mut dyn Iterator<Item = RawTensor>,
}

#[diagnostic::do_not_recommend]
impl Mapper for Refill<'_> {
    fn buffer(&mut self) {
        self.nesting.buffer();
    }
    fn field(&mut self, _: &'static str) {
        self.nesting.enter();
    }
    fn index(&mut self, _: usize) {
        self.nesting.enter();
    }
    fn leave(&mut self) {
        self.nesting.leave();
    }
    fn tensor(&mut self, t: &RawTensor) -> RawTensor {
        if !self.nesting.is_parameter(t) {
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
                self.0.visit(&mut Walk { path: Vec::new(), nesting: Nesting::default(), see: &mut see });
                let lists = ($(parameters(self.$i),)*);
                if [$(lists.$i.len()),*].iter().any(|n| *n != paths.len()) {
                    recorder::fail_text::<()>("`zip_map`: the structures differ in their parameters");
                }
                let mut new = ($(Vec::with_capacity(any_len!($t, paths)),)*);
                for (k, path) in paths.iter().enumerate() {
                    let leaves = ($(lists.$i.get(k).cloned().unwrap_or_else(|| Tensor::from_raw(RawTensor::Poison)),)*);
                    let out = f(path, leaves);
                    $(new.$i.push(out.$i.raw().clone());)*
                }
                ($(self.$i.map(&mut Refill { nesting: Nesting::default(), new: &mut new.$i.into_iter() }),)*)
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
