//! The typed methods and free functions of the language. Each records one operation.

use super::operators::{Lit, Literal, TensorOperand as Operand};
use super::record;
use super::{
    AxesArg, AxisList, Broadcast, Key, MatMul, PadsArg, Pop, Push, RangesArg, RawTensor, Scalar, Shape,
    Tensor,
};
use crate::op::{self, Causal, Flag, Label, Op, Reduction, each_method, op_rows};
use crate::recorder;
use crate::tensor::rank::stored;
use crate::types::{Accepts, Axes, Axis, DType, Elem, Element, Extent, Float, Int, Num, Shape as Extents};

/// A tensor argument of element type `E` and shape `S`, by value or by reference.
pub trait TensorArg<E: Element, S: Shape>: Operand<Flat = Tensor<E, S>> {}
#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape, T: Operand<Flat = Tensor<E, S>>> TensorArg<E, S> for T {}

/// The other operand of a binary operation on `Tensor<E, S>`: a tensor, or a Rust number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't stand beside a tensor of `{E}`",
    note = "give a tensor of the same element type, or a Rust number"
)]
pub trait Other<E: Element, S: Shape> {
    /// The shape of the result.
    type Out: Shape;
    /// Records it, as a constant if it is a number, and gives the operation that is applied to the two: `op`, or, for a
    /// comparison with a number outside of the element type, one that says the same.
    #[track_caller]
    fn operand(&self, op: Op, beside: &RawTensor) -> (Op, RawTensor);
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape + Broadcast<S2>, S2: Shape> Other<E, S> for Tensor<E, S2> {
    type Out = <S as Broadcast<S2>>::Out;
    fn operand(&self, op: Op, _: &RawTensor) -> (Op, RawTensor) {
        (op, self.raw().clone())
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape, T: Other<E, S>> Other<E, S> for &T {
    type Out = T::Out;
    #[track_caller]
    fn operand(&self, op: Op, beside: &RawTensor) -> (Op, RawTensor) {
        (**self).operand(op, beside)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Accepts<T>, S: Shape, T: Literal> Other<E, S> for Lit<T> {
    type Out = S;
    #[track_caller]
    fn operand(&self, op: Op, beside: &RawTensor) -> (Op, RawTensor) {
        record::beside(op, self.0.attr(), beside, false)
    }
}

macro_rules! number_operands {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<E: Accepts<$t>, S: Shape> Other<E, S> for $t {
            type Out = S;
            #[track_caller]
            fn operand(&self, op: Op, beside: &RawTensor) -> (Op, RawTensor) {
                record::beside(op, self.attr(), beside, false)
            }
        }
    )*};
}

number_operands! { f64 f32 i64 i32 u32 u8 usize u64 bool }

/// Options of [`scaled_dot_product_attention`].
///
/// ```
/// use thunder_core::tensor::{Alignment, Sdpa};
/// // Every query sees the keys at its place and before; as many queries as keys.
/// let train = Sdpa { causal: true, ..Default::default() };
/// // New queries against a cache: the last of them sees every key.
/// let decode = Sdpa { causal: true, alignment: Alignment::LowerRight, ..Default::default() };
/// assert_eq!((train.alignment, decode.scale), (Alignment::Equal, None));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sdpa {
    /// Whether a query sees only keys at its place and before.
    pub causal: bool,
    /// What "its place" is among more, or fewer, keys than queries; it says nothing if `causal` is false.
    pub alignment: Alignment,
    /// The factor of the scores; `1/√width` if `None`.
    pub scale: Option<f64>,
}

/// How the places of queries and keys correspond in a causal attention.
///
/// With one query, zero, and two keys, zeros, of values 1 and 3, the result is 1 by [`UpperLeft`](Alignment::UpperLeft)
/// and 2 by [`LowerRight`](Alignment::LowerRight).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Alignment {
    /// There are as many queries as keys; other lengths are an error, which asks for one of the other two.
    #[default]
    Equal,
    /// Query `i` is at the place of key `i`, as in PyTorch's `is_causal=True`.
    UpperLeft,
    /// The last query is at the place of the last key: query `i` sees the keys up to `i + keys - queries`, as a decoding
    /// step with a cache needs it. Queries that see no key give zeros.
    LowerRight,
}

/// Options of [`cross_entropy`].
#[derive(Clone, Copy, Debug, Default)]
pub struct CrossEntropy {
    /// Targets equal to this count nothing; if `None`, every target counts.
    pub ignore_index: Option<i64>,
    /// The share of the target's weight that is spread over all classes, in 0 to 1.
    pub label_smoothing: f64,
    /// Mean over the targets that count, or sum.
    pub reduction: Reduction,
}

fn elem<E: Element>() -> Elem {
    Elem::Known(E::DTYPE)
}

/// A number beside the tensor `x`; `what` asks for it. By the type in the trace: `E` may stand for any float.
#[track_caller]
fn number(what: &str, n: impl Literal, x: &RawTensor) -> Option<op::Lit> {
    recorder::number(what, n.attr(), x.ty()?.dtype())
}

fn extents(shape: &impl Shape) -> Extents {
    Extents::of(&shape.sizes())
}

fn axis(a: i32) -> Axis {
    Axis(stored(a))
}

fn cross_entropy_op(o: CrossEntropy) -> Op {
    Op::CrossEntropy {
        ignore_index: o.ignore_index.map(|i| op::Lit::I(i.into())),
        label_smoothing: op::Lit::F(o.label_smoothing),
        reduction: o.reduction,
    }
}

fn sdpa_op(o: Sdpa, mask: bool) -> Op {
    Op::Sdpa {
        causal: match (o.causal, o.alignment) {
            (false, _) => Causal::No,
            (true, Alignment::Equal) => Causal::Equal,
            (true, Alignment::UpperLeft) => Causal::UpperLeft,
            (true, Alignment::LowerRight) => Causal::LowerRight,
        },
        scale: o.scale.map(op::Lit::F),
        mask: Flag::new(mask),
    }
}

/// Axes of a reduction that keeps the rank: an axis, a tuple or an array of them, or `..`.
pub trait KeptAxes {
    /// The axes.
    fn kept(self) -> Axes;
}

#[diagnostic::do_not_recommend]
impl<T: AxisList> KeptAxes for T {
    fn kept(self) -> Axes {
        self.list()
    }
}

#[diagnostic::do_not_recommend]
impl KeptAxes for std::ops::RangeFull {
    fn kept(self) -> Axes {
        Axes::ALL
    }
}

/// Marks `bool` for the reductions that need it.
pub trait Truth: Element {}
#[diagnostic::do_not_recommend]
impl Truth for bool {}

/// The methods of an operation whose row in the table gives them.
macro_rules! typed {
    (none) => {};
    (unary $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name(&self) -> Tensor<Self::E, Self::S>
        where
            Self::E: $bound,
        {
            Tensor::from_raw(record::op(Op::$op, &[self.this().raw()]))
        }
    };
    (test $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name(&self) -> Tensor<bool, Self::S>
        where
            Self::E: $bound,
        {
            Tensor::from_raw(record::op(Op::$op, &[self.this().raw()]))
        }
    };
    (binary $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name<T: Other<Self::E, Self::S>>(&self, other: T) -> Tensor<Self::E, T::Out>
        where
            Self::E: $bound,
        {
            let (op, other) = other.operand(Op::$op, self.this().raw());
            Tensor::from_raw(record::op(op, &[self.this().raw(), &other]))
        }
    };
    (compare $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name<T: Other<Self::E, Self::S>>(&self, other: T) -> Tensor<bool, T::Out> {
            let (op, other) = other.operand(Op::$op, self.this().raw());
            Tensor::from_raw(record::op(op, &[self.this().raw(), &other]))
        }
    };
    (along $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name(&self, dim: i32) -> Tensor<Self::E, Self::S> where Self::E: $bound {
            Tensor::from_raw(record::op(Op::$op { axis: axis(dim), $($fixed)* }, &[self.this().raw()]))
        }
    };
    (reduce $op:ident $name:ident $keepdim:ident [$($fixed:tt)*] $bound:ident) => {
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($name), ".md")))]
        #[track_caller]
        fn $name<A: AxesArg<Self::S>>(&self, axes: A) -> Tensor<Self::E, A::Out>
        where
            Self::E: $bound,
        {
            Tensor::from_raw(record::op(
                Op::$op { axes: axes.axes(), keepdim: Flag::No, $($fixed)* },
                &[self.this().raw()],
            ))
        }
        #[cfg_attr(not(doctest), doc = include_str!(concat!("docs/", stringify!($keepdim), ".md")))]
        #[track_caller]
        fn $keepdim<A: KeptAxes>(&self, axes: A) -> Tensor<Self::E, Self::S>
        where
            Self::E: $bound,
        {
            Tensor::from_raw(record::op(
                Op::$op { axes: axes.kept(), keepdim: Flag::Yes, $($fixed)* },
                &[self.this().raw()],
            ))
        }
    };
}

/// The operations on tensors, which bodies of `#[thunder]` functions call as methods: with the attribute they are
/// in scope. Outside of such a function they don't exist.
///
/// Each has its formula, its shapes and element types, its derivative, what is refused, and an example. Their
/// arguments are taken by value or by reference alike.
pub trait TensorOps: Sized {
    /// The element type.
    type E: Element;
    /// The shape.
    type S: Shape;
    /// The tensor itself.
    fn this(&self) -> &Tensor<Self::E, Self::S>;

    op_rows! { each_method typed }

    #[cfg_attr(not(doctest), doc = include_str!("docs/gelu.md"))]
    #[track_caller]
    fn gelu(&self) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        Tensor::from_raw(record::op(Op::Gelu { tanh: Flag::No }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/gelu_tanh.md"))]
    #[track_caller]
    fn gelu_tanh(&self) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        Tensor::from_raw(record::op(Op::Gelu { tanh: Flag::Yes }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/cast.md"))]
    #[track_caller]
    fn cast<F: Element>(&self) -> Tensor<F, Self::S> {
        Tensor::from_raw(record::op(Op::Cast { elem: elem::<F>() }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/cast_like.md"))]
    #[track_caller]
    fn cast_like<F: Element, S2: Shape>(&self, like: &Tensor<F, S2>) -> Tensor<F, Self::S> {
        let elem = like.raw().ty().map_or(elem::<F>(), |t| t.elem);
        Tensor::from_raw(record::op(Op::Cast { elem }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/argmax.md"))]
    #[track_caller]
    fn argmax(&self, dim: i32) -> Tensor<i64, <Self::S as Pop>::Less>
    where
        Self::S: Pop,
    {
        Tensor::from_raw(record::op(Op::Argmax { axis: axis(dim), keepdim: Flag::No }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/argmin.md"))]
    #[track_caller]
    fn argmin(&self, dim: i32) -> Tensor<i64, <Self::S as Pop>::Less>
    where
        Self::S: Pop,
    {
        Tensor::from_raw(record::op(Op::Argmin { axis: axis(dim), keepdim: Flag::No }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/reshape.md"))]
    #[track_caller]
    fn reshape<S2: Shape>(&self, shape: S2) -> Tensor<Self::E, S2> {
        Tensor::from_raw(record::op(Op::Reshape { shape: extents(&shape) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/permute.md"))]
    #[track_caller]
    fn permute<A: AxisList>(&self, axes: A) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Permute { axes: axes.list() }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/broadcast_to.md"))]
    #[track_caller]
    fn broadcast_to<S2: Shape>(&self, shape: S2) -> Tensor<Self::E, S2> {
        Tensor::from_raw(record::op(Op::Expand { shape: extents(&shape) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/expand.md"))]
    #[track_caller]
    fn expand<S2: Shape>(&self, shape: S2) -> Tensor<Self::E, S2> {
        self.broadcast_to(shape)
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/slice.md"))]
    #[track_caller]
    fn slice<R: RangesArg<Self::S>>(&self, ranges: R) -> Tensor<Self::E, Self::S> {
        let bounds = ranges.ranges(&self.this().shape().sizes());
        let (from, to): (Vec<usize>, Vec<usize>) = bounds.into_iter().unzip();
        let op = Op::Slice { start: Extents::of(&from), end: Extents::of(&to) };
        Tensor::from_raw(record::op(op, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/pad.md"))]
    #[track_caller]
    fn pad<P: PadsArg<Self::S>, T: Literal>(&self, pads: P, value: T) -> Tensor<Self::E, Self::S> {
        let (lo, hi): (Vec<usize>, Vec<usize>) = pads.pads().into_iter().unzip();
        let Some(value) = number("pad", value, self.this().raw()) else {
            return Tensor::from_raw(RawTensor::Poison);
        };
        let op = Op::Pad { lo: Extents::of(&lo), hi: Extents::of(&hi), value };
        Tensor::from_raw(record::op(op, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/flip.md"))]
    #[track_caller]
    fn flip<A: AxisList>(&self, axes: A) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Flip { axes: axes.list() }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/transpose.md"))]
    #[track_caller]
    fn transpose(&self, a: i32, b: i32) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Transpose { a: axis(a), b: axis(b) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/t.md"))]
    #[track_caller]
    fn t(&self) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Transpose { a: Axis(-1), b: Axis(-2) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/unsqueeze.md"))]
    #[track_caller]
    fn unsqueeze(&self, dim: i32) -> Tensor<Self::E, <Self::S as Push>::More>
    where
        Self::S: Push,
    {
        Tensor::from_raw(record::op(Op::Unsqueeze { axis: axis(dim) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/squeeze.md"))]
    #[track_caller]
    fn squeeze(&self, dim: i32) -> Tensor<Self::E, <Self::S as Pop>::Less>
    where
        Self::S: Pop,
    {
        Tensor::from_raw(record::op(Op::Squeeze { axis: axis(dim) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/narrow.md"))]
    #[track_caller]
    fn narrow(&self, dim: i32, start: usize, len: usize) -> Tensor<Self::E, Self::S> {
        let op = Op::Narrow { axis: axis(dim), start: Extent::new(start), len: Extent::new(len) };
        Tensor::from_raw(record::op(op, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/select_index.md"))]
    #[track_caller]
    fn select_index(&self, dim: i32, index: usize) -> Tensor<Self::E, <Self::S as Pop>::Less>
    where
        Self::S: Pop,
    {
        let op = Op::SelectIndex { axis: axis(dim), index: Extent::new(index) };
        Tensor::from_raw(record::op(op, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/slice_update.md"))]
    #[track_caller]
    fn slice_update<U: TensorArg<Self::E, Self::S>, T: StartArg>(
        &self,
        dim: i32,
        update: U,
        start: T,
    ) -> Tensor<Self::E, Self::S> {
        let (update, start) = (update.flat(), start.start());
        Tensor::from_raw(record::op(
            Op::SliceUpdate { axis: axis(dim) },
            &[self.this().raw(), update.raw(), &start],
        ))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/index_select.md"))]
    #[track_caller]
    fn index_select<I: Int, A: TensorArg<I, (usize,)>>(
        &self,
        dim: i32,
        index: A,
    ) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Take { axis: axis(dim) }, &[self.this().raw(), index.flat().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/gather.md"))]
    #[track_caller]
    fn gather<I: Int, A: TensorArg<I, Self::S>>(&self, dim: i32, index: A) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Gather { axis: axis(dim) }, &[self.this().raw(), index.flat().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/index_add.md"))]
    #[track_caller]
    fn index_add<I: Int, A: TensorArg<I, (usize,)>, U: TensorArg<Self::E, Self::S>>(
        &self,
        dim: i32,
        index: A,
        source: U,
    ) -> Tensor<Self::E, Self::S>
    where
        Self::E: Num,
    {
        let op = |extent| Op::IndexAdd { axis: axis(dim), extent };
        added(self.this(), dim, op, index.flat().raw(), source.flat().raw())
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/scatter_add.md"))]
    #[track_caller]
    fn scatter_add<I: Int, A: TensorArg<I, Self::S>, U: TensorArg<Self::E, Self::S>>(
        &self,
        dim: i32,
        index: A,
        source: U,
    ) -> Tensor<Self::E, Self::S>
    where
        Self::E: Num,
    {
        let op = |extent| Op::ScatterAdd { axis: axis(dim), extent };
        added(self.this(), dim, op, index.flat().raw(), source.flat().raw())
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/masked_fill.md"))]
    #[track_caller]
    fn masked_fill<S2: Shape, M: TensorArg<bool, S2>, T: Literal>(
        &self,
        mask: M,
        value: T,
    ) -> Tensor<Self::E, Self::S>
    where
        Self::S: Broadcast<S2, Out = Self::S>,
    {
        let value = record::scalar("masked_fill", value.attr(), self.this().raw());
        Tensor::from_raw(record::op(Op::Select, &[mask.flat().raw(), &value, self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/tril.md"))]
    #[track_caller]
    fn tril(&self) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Tril { diagonal: op::Lit::I(0) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/triu.md"))]
    #[track_caller]
    fn triu(&self) -> Tensor<Self::E, Self::S> {
        Tensor::from_raw(record::op(Op::Triu { diagonal: op::Lit::I(0) }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/one_hot.md"))]
    #[track_caller]
    fn one_hot<F: Element>(&self, classes: usize) -> Tensor<F, <Self::S as Push>::More>
    where
        Self::S: Push,
        Self::E: Int,
    {
        let op = Op::OneHot { classes: Extent::new(classes), elem: elem::<F>() };
        Tensor::from_raw(record::op(op, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/matmul.md"))]
    #[track_caller]
    fn matmul<S2: Shape, T: TensorArg<Self::E, S2>>(
        &self,
        other: T,
    ) -> Tensor<Self::E, <Self::S as MatMul<S2>>::Product>
    where
        Self::E: Num,
        Self::S: MatMul<S2>,
    {
        Tensor::from_raw(record::op(Op::Matmul, &[self.this().raw(), other.flat().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/linear.md"))]
    #[track_caller]
    fn linear<W: TensorArg<Self::E, (usize, usize)>>(
        &self,
        w: W,
        b: Option<&Tensor<Self::E, (usize,)>>,
    ) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        let w = w.flat();
        let mut args = vec![self.this().raw(), w.raw()];
        args.extend(b.map(Tensor::raw));
        Tensor::from_raw(record::op(Op::Linear { bias: Flag::new(b.is_some()) }, &args))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/layer_norm.md"))]
    #[track_caller]
    fn layer_norm<T: Literal>(
        &self,
        w: Option<&Tensor<Self::E, (usize,)>>,
        b: Option<&Tensor<Self::E, (usize,)>>,
        eps: T,
    ) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        let mut args = vec![self.this().raw()];
        args.extend(w.map(Tensor::raw));
        args.extend(b.map(Tensor::raw));
        let op = Op::LayerNorm {
            eps: op::Lit::F(eps.wide()),
            weight: Flag::new(w.is_some()),
            bias: Flag::new(b.is_some()),
        };
        Tensor::from_raw(record::op(op, &args))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/rms_norm.md"))]
    #[track_caller]
    fn rms_norm<T: Literal>(&self, w: Option<&Tensor<Self::E, (usize,)>>, eps: T) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        let mut args = vec![self.this().raw()];
        args.extend(w.map(Tensor::raw));
        let op = Op::RmsNorm { eps: op::Lit::F(eps.wide()), weight: Flag::new(w.is_some()) };
        Tensor::from_raw(record::op(op, &args))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/clamp.md"))]
    #[track_caller]
    fn clamp<T: Literal, U: Literal>(&self, lo: T, hi: U) -> Tensor<Self::E, Self::S>
    where
        Self::E: Num,
    {
        let x = self.this().raw();
        let (Some(lo), Some(hi)) = (number("clamp", lo, x), number("clamp", hi, x)) else {
            return Tensor::from_raw(RawTensor::Poison);
        };
        Tensor::from_raw(record::op(Op::Clamp { lo, hi }, &[self.this().raw()]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/dropout.md"))]
    #[track_caller]
    fn dropout<T: Literal>(&self, p: T, key: Key) -> Tensor<Self::E, Self::S>
    where
        Self::E: Float,
    {
        let key = key.value().map_or(RawTensor::Poison, RawTensor::Traced);
        Tensor::from_raw(record::op(Op::Dropout { p: op::Lit::F(p.wide()) }, &[self.this().raw(), &key]))
    }

    #[cfg_attr(not(doctest), doc = include_str!("docs/cross_entropy.md"))]
    #[track_caller]
    fn cross_entropy<I: Int, S2: Shape, T: TensorArg<I, S2>>(
        &self,
        targets: T,
        options: CrossEntropy,
    ) -> Scalar<Self::E>
    where
        Self::E: Float,
        Self::S: Pop<Less = S2>,
    {
        Tensor::from_raw(record::op(cross_entropy_op(options), &[self.this().raw(), targets.flat().raw()]))
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> TensorOps for Tensor<E, S> {
    type E = E;
    type S = S;
    fn this(&self) -> &Tensor<E, S> {
        self
    }
}

/// `x` plus what `op` makes of `source`, an operation that adds at indices into zeros of an extent along `dim`.
#[track_caller]
fn added<E: Element, S: Shape>(
    x: &Tensor<E, S>,
    dim: i32,
    op: impl FnOnce(Extent) -> Op,
    index: &RawTensor,
    source: &RawTensor,
) -> Tensor<E, S> {
    let Some(ty) = x.raw().ty() else { return Tensor::from_raw(RawTensor::Poison) };
    let sizes = ty.sizes();
    // An axis out of range has no extent; inference says so.
    let at = axis(dim).resolve(sizes.len());
    let op = op(Extent::new(at.map_or(0, |at| sizes[at])));
    let part = record::op(op, &[source, index]);
    if let Some(found) = part.ty().filter(|found| found.sizes() != sizes) {
        let what = format!(
            "`{}`: what is added is {found}, and the tensor that it is added to {ty}: they differ in a dimension \
             other than {dim}\n\n       help: a source of the tensor's shape, but for that dimension",
            op.name()
        );
        recorder::fail_text::<()>(&what);
        return Tensor::from_raw(RawTensor::Poison);
    }
    Tensor::from_raw(record::op(Op::Add, &[x.raw(), &part]))
}

/// Where a `slice_update` starts: a traced number, or a static one.
pub trait StartArg {
    /// The operand.
    #[track_caller]
    fn start(&self) -> RawTensor;
}

#[diagnostic::do_not_recommend]
impl StartArg for Scalar<i64> {
    fn start(&self) -> RawTensor {
        self.raw().clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T: StartArg> StartArg for &T {
    #[track_caller]
    fn start(&self) -> RawTensor {
        (**self).start()
    }
}

macro_rules! starts {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl StartArg for $t {
            #[track_caller]
            fn start(&self) -> RawTensor {
                let Some(value) = recorder::number("slice_update", self.attr(), DType::I64) else {
                    return RawTensor::Poison;
                };
                constant(value, DType::I64)
            }
        }
    )*};
}

starts! { usize i64 i32 }

#[track_caller]
fn constant(value: op::Lit, dtype: DType) -> RawTensor {
    record::op(Op::Full { value, elem: Elem::Known(dtype), shape: Extents::SCALAR }, &[])
}

#[cfg_attr(not(doctest), doc = include_str!("docs/select.md"))]
#[track_caller]
pub fn select<E, S, S1, C, X, Y>(condition: C, x: X, y: Y) -> Tensor<E, <S as Broadcast<S1>>::Out>
where
    E: Element,
    S: Shape + Broadcast<S1>,
    S1: Shape,
    C: Operand<Flat = Tensor<bool, S1>>,
    X: Branches<Y, E = E, S = S>,
{
    let (x, y) = x.branches(y);
    Tensor::from_raw(record::op(Op::Select, &[condition.flat().raw(), &x, &y]))
}

/// The two sides of a [`select`]: two tensors, or a tensor and a number.
#[diagnostic::on_unimplemented(
    message = "`select` can't choose between `{Self}` and `{Y}`",
    note = "give two tensors of one element type, or a tensor and a Rust number"
)]
pub trait Branches<Y> {
    /// The element type.
    type E: Element;
    /// The shape the two broadcast to.
    type S: Shape;
    /// The operands.
    #[track_caller]
    fn branches(self, y: Y) -> (RawTensor, RawTensor);
}

macro_rules! branches {
    ($(($($r:tt)?) ($($q:tt)?);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<E: Element, S: Shape + Broadcast<S2>, S2: Shape> Branches<$($q)? Tensor<E, S2>> for $($r)? Tensor<E, S> {
            type E = E;
            type S = <S as Broadcast<S2>>::Out;
            fn branches(self, y: $($q)? Tensor<E, S2>) -> (RawTensor, RawTensor) {
                (self.raw().clone(), y.raw().clone())
            }
        }
    )*};
}

branches! { () (); (&) (); () (&); (&) (&); }

macro_rules! number_branches {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<E: Accepts<$t>, S: Shape> Branches<$t> for Tensor<E, S> {
            type E = E;
            type S = S;
            #[track_caller]
            fn branches(self, y: $t) -> (RawTensor, RawTensor) { (self.raw().clone(), record::scalar("select", y.attr(), self.raw())) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Accepts<$t>, S: Shape> Branches<$t> for &Tensor<E, S> {
            type E = E;
            type S = S;
            #[track_caller]
            fn branches(self, y: $t) -> (RawTensor, RawTensor) { (self.raw().clone(), record::scalar("select", y.attr(), self.raw())) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Accepts<$t>, S: Shape> Branches<Tensor<E, S>> for $t {
            type E = E;
            type S = S;
            #[track_caller]
            fn branches(self, y: Tensor<E, S>) -> (RawTensor, RawTensor) { (record::scalar("select", self.attr(), y.raw()), y.raw().clone()) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Accepts<$t>, S: Shape> Branches<&Tensor<E, S>> for $t {
            type E = E;
            type S = S;
            #[track_caller]
            fn branches(self, y: &Tensor<E, S>) -> (RawTensor, RawTensor) { (record::scalar("select", self.attr(), y.raw()), y.raw().clone()) }
        }
    )*};
}

number_branches! { f64 f32 i64 i32 usize bool }

#[cfg_attr(not(doctest), doc = include_str!("docs/cat.md"))]
#[track_caller]
pub fn cat<E: Element, S: Shape, T: Operand<Flat = Tensor<E, S>>>(
    tensors: impl AsRef<[T]>,
    dim: i32,
) -> Tensor<E, S> {
    let flat: Vec<Tensor<E, S>> = tensors.as_ref().iter().map(Operand::flat).collect();
    let raw: Vec<&RawTensor> = flat.iter().map(Tensor::raw).collect();
    Tensor::from_raw(record::op(Op::Cat { axis: axis(dim) }, &raw))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/stack.md"))]
#[track_caller]
pub fn stack<E: Element, S: Push, T: Operand<Flat = Tensor<E, S>>>(
    tensors: impl AsRef<[T]>,
    dim: i32,
) -> Tensor<E, S::More> {
    let flat: Vec<Tensor<E, S>> = tensors.as_ref().iter().map(Operand::flat).collect();
    let raw: Vec<&RawTensor> = flat.iter().map(Tensor::raw).collect();
    Tensor::from_raw(record::op(Op::Stack { axis: axis(dim) }, &raw))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/zeros.md"))]
#[track_caller]
pub fn zeros<E: Element, S: Shape>(shape: S) -> Tensor<E, S> {
    full(shape, 0)
}

#[cfg_attr(not(doctest), doc = include_str!("docs/ones.md"))]
#[track_caller]
pub fn ones<E: Element, S: Shape>(shape: S) -> Tensor<E, S> {
    full(shape, 1)
}

#[cfg_attr(not(doctest), doc = include_str!("docs/full.md"))]
#[track_caller]
pub fn full<E: Element, S: Shape>(shape: S, value: impl Literal) -> Tensor<E, S> {
    let Some(value) = recorder::number("full", value.attr(), E::DTYPE) else {
        return Tensor::from_raw(RawTensor::Poison);
    };
    Tensor::from_raw(record::op(Op::Full { value, elem: elem::<E>(), shape: extents(&shape) }, &[]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/arange.md"))]
#[track_caller]
pub fn arange<E: Num>(n: usize) -> Tensor<E, (usize,)> {
    Tensor::from_raw(record::op(Op::Iota { elem: elem::<E>(), shape: Extents::of(&[n]), axis: Axis(0) }, &[]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/embedding.md"))]
#[track_caller]
pub fn embedding<
    I: Int,
    E: Element,
    S: Push,
    A: Operand<Flat = Tensor<I, S>>,
    W: Operand<Flat = Tensor<E, (usize, usize)>>,
>(
    index: A,
    weight: W,
) -> Tensor<E, S::More> {
    Tensor::from_raw(record::op(Op::Embedding, &[index.flat().raw(), weight.flat().raw()]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/cross_entropy.md"))]
#[track_caller]
pub fn cross_entropy<
    E: Float,
    I: Int,
    S: Pop,
    L: Operand<Flat = Tensor<E, S>>,
    T: Operand<Flat = Tensor<I, S::Less>>,
>(
    logits: L,
    targets: T,
    options: CrossEntropy,
) -> Scalar<E> {
    Tensor::from_raw(record::op(cross_entropy_op(options), &[logits.flat().raw(), targets.flat().raw()]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/scaled_dot_product_attention.md"))]
#[track_caller]
pub fn scaled_dot_product_attention<E: Float, S: Shape>(
    q: impl TensorArg<E, S>,
    k: impl TensorArg<E, S>,
    v: impl TensorArg<E, S>,
    options: Sdpa,
) -> Tensor<E, S> {
    Tensor::from_raw(record::op(sdpa_op(options, false), &[q.flat().raw(), k.flat().raw(), v.flat().raw()]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/masked_attention.md"))]
#[track_caller]
pub fn masked_attention<E: Float, S: Shape, M: Element, S2: Shape>(
    q: impl TensorArg<E, S>,
    k: impl TensorArg<E, S>,
    v: impl TensorArg<E, S>,
    mask: impl TensorArg<M, S2>,
    options: Sdpa,
) -> Tensor<E, S> {
    let args = [q.flat(), k.flat(), v.flat()];
    let mask = mask.flat();
    Tensor::from_raw(record::op(
        sdpa_op(options, true),
        &[args[0].raw(), args[1].raw(), args[2].raw(), mask.raw()],
    ))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/stop_gradient.md"))]
#[track_caller]
pub fn stop_gradient<E: Element, S: Shape>(x: impl TensorArg<E, S>) -> Tensor<E, S> {
    Tensor::from_raw(record::op(Op::StopGradient, &[x.flat().raw()]))
}

#[track_caller]
fn random<E: Element, S: Shape>(op: Op, key: Key) -> Tensor<E, S> {
    let key = key.value().map_or(RawTensor::Poison, RawTensor::Traced);
    Tensor::from_raw(record::op(op, &[&key]))
}

#[cfg_attr(not(doctest), doc = include_str!("docs/uniform.md"))]
#[track_caller]
pub fn uniform<E: Float, S: Shape>(shape: S, key: Key) -> Tensor<E, S> {
    random(Op::Uniform { elem: elem::<E>(), shape: extents(&shape) }, key)
}

#[cfg_attr(not(doctest), doc = include_str!("docs/normal.md"))]
#[track_caller]
pub fn normal<E: Float, S: Shape>(shape: S, key: Key) -> Tensor<E, S> {
    random(Op::Normal { elem: elem::<E>(), shape: extents(&shape) }, key)
}

#[cfg_attr(not(doctest), doc = include_str!("docs/bernoulli.md"))]
#[track_caller]
pub fn bernoulli<S: Shape>(shape: S, p: impl Literal, key: Key) -> Tensor<bool, S> {
    random(Op::Bernoulli { p: op::Lit::F(p.wide()), shape: extents(&shape) }, key)
}

#[cfg_attr(not(doctest), doc = include_str!("docs/debug_print.md"))]
#[track_caller]
pub fn debug_print<E: Element, S: Shape>(label: &str, x: impl TensorArg<E, S>) -> Tensor<E, S> {
    Tensor::from_raw(record::op(Op::DebugPrint { label: Label::new(label) }, &[x.flat().raw()]))
}
