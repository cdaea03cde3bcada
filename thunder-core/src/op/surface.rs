//! How the language spells the operations: the methods and free functions that bodies call, with what each
//! argument is. The macro reads calls by this table; the typed methods build the same operations.

use super::{Causal, Flag, Label, Lit, Op, Reduction};
use crate::types::{Axes, Axis, Elem, Extent, Shape};

/// What an argument of a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    /// A tensor.
    Tensor,
    /// A tensor, or a Rust scalar in the tensor's element type.
    Operand,
    /// `Option<&Tensor>`.
    Optional,
    /// An array, slice or `Vec` of tensors.
    Tensors,
    /// A random key.
    Key,
    /// An axis.
    Axis,
    /// An axis, a tuple or an array of them, or `..` for all.
    Axes,
    /// A tuple of extents.
    Shape,
    /// A static extent or count.
    Extent,
    /// A static scalar.
    Lit,
    /// A tuple of ranges, one a dimension.
    Ranges,
    /// A tuple of pairs `(before, after)`, one a dimension.
    Pads,
    /// A string literal.
    Label,
    /// `Sdpa { causal, alignment, scale }`.
    SdpaOptions,
    /// `CrossEntropy { ignore_index, label_smoothing, reduction }`.
    CrossEntropyOptions,
}

/// An attribute argument as far as it could be read; [`AttrValue::Free`] where it could not.
#[derive(Clone, Copy, Debug)]
pub enum AttrValue {
    /// Unreadable.
    Free,
    /// For [`ArgKind::Axis`].
    Axis(Axis),
    /// For [`ArgKind::Axes`].
    Axes(Axes),
    /// For [`ArgKind::Shape`].
    Shape(Shape),
    /// For [`ArgKind::Ranges`] (start, end) and [`ArgKind::Pads`] (before, after).
    Pair(Shape, Shape),
    /// For [`ArgKind::Extent`].
    Extent(Extent),
    /// For [`ArgKind::Lit`].
    Lit(Lit),
    /// For [`ArgKind::Label`].
    Label(Label),
    /// For [`ArgKind::Optional`]: whether it is there.
    Flag(Flag),
    /// For [`ArgKind::SdpaOptions`].
    Sdpa {
        /// Which keys a query sees.
        causal: Causal,
        /// The scale, if it is given.
        scale: Option<Lit>,
    },
    /// For [`ArgKind::CrossEntropyOptions`].
    CrossEntropy {
        /// Targets that count nothing, if there are any.
        ignore_index: Option<Lit>,
        /// Label smoothing.
        label_smoothing: Lit,
        /// The reduction.
        reduction: Reduction,
    },
}

/// The non-tensor arguments of a call, by position among all of the call's arguments, and its type argument.
#[derive(Clone, Debug, Default)]
pub struct Attrs {
    /// One entry an argument (tensor arguments: [`AttrValue::Free`]).
    pub values: Vec<AttrValue>,
    /// The type argument of `cast::<T>()` and its like.
    pub elem: Option<Elem>,
}

impl Attrs {
    fn axis(&self, i: usize) -> Axis {
        if let Some(AttrValue::Axis(a)) = self.values.get(i) { *a } else { Axis::UNKNOWN }
    }
    fn axes(&self, i: usize) -> Axes {
        if let Some(AttrValue::Axes(a)) = self.values.get(i) { *a } else { Axes::UNKNOWN }
    }
    fn shape(&self, i: usize) -> Shape {
        if let Some(AttrValue::Shape(s)) = self.values.get(i) { *s } else { Shape::UNKNOWN }
    }
    fn pair(&self, i: usize) -> (Shape, Shape) {
        if let Some(AttrValue::Pair(a, b)) = self.values.get(i) {
            (*a, *b)
        } else {
            (Shape::UNKNOWN, Shape::UNKNOWN)
        }
    }
    fn extent(&self, i: usize) -> Extent {
        if let Some(AttrValue::Extent(e)) = self.values.get(i) { *e } else { Extent::UNKNOWN }
    }
    fn lit(&self, i: usize) -> Lit {
        if let Some(AttrValue::Lit(l)) = self.values.get(i) { *l } else { Lit::Free }
    }
    fn label(&self, i: usize) -> Label {
        if let Some(AttrValue::Label(l)) = self.values.get(i) { *l } else { Label::new("") }
    }
    fn flag(&self, i: usize) -> Flag {
        if let Some(AttrValue::Flag(f)) = self.values.get(i) { *f } else { Flag::Free }
    }
    fn elem(&self) -> Elem {
        self.elem.unwrap_or(Elem::Unknown)
    }
    fn full(&self, value: i128, shape: usize) -> Op {
        Op::Full { value: Lit::I(value), elem: self.elem(), shape: self.shape(shape) }
    }
    fn cross_entropy(&self, i: usize) -> Op {
        match self.values.get(i) {
            Some(AttrValue::CrossEntropy { ignore_index, label_smoothing, reduction }) => Op::CrossEntropy {
                ignore_index: *ignore_index,
                label_smoothing: *label_smoothing,
                reduction: *reduction,
            },
            _ => Op::CrossEntropy {
                ignore_index: Some(Lit::Free),
                label_smoothing: Lit::Free,
                reduction: Reduction::Free,
            },
        }
    }
    fn sdpa(&self, i: usize, mask: Flag) -> Op {
        match self.values.get(i) {
            Some(AttrValue::Sdpa { causal, scale }) => Op::Sdpa { causal: *causal, scale: *scale, mask },
            _ => Op::Sdpa { causal: Causal::Free, scale: Some(Lit::Free), mask },
        }
    }
}

/// A method or free function of the language that is one operation.
///
/// Its tensor arguments (the receiver of a method first) are the operation's operands, in order; scalars
/// given for [`ArgKind::Operand`] become constants.
pub struct Method {
    /// The name.
    pub name: &'static str,
    /// The arguments; those of a method without the receiver.
    pub args: &'static [ArgKind],
    /// The operation, from the attributes. Positions count the arguments in `args`.
    pub build: fn(&Attrs) -> Op,
}

/// The methods that are operations.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    METHODS.iter()
}

/// The method called `name`, if an operation has that name.
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|m| m.name == name)
}

/// The free functions that are operations.
pub fn free_functions() -> impl Iterator<Item = &'static Method> {
    FREE.iter()
}

/// The free function called `name`, if an operation has that name.
pub fn free_function(name: &str) -> Option<&'static Method> {
    FREE.iter().find(|m| m.name == name)
}

/// Names a body may call on a tensor that are no operation of the table: shape queries, and what the macro
/// writes out itself.
pub const NAMES: &[&str] = &[
    "shape",
    "rank",
    "dtype",
    "rearrange",
    "chunk",
    "chunk_vec",
    "clone",
    "cast_like",
    "index_add",
    "scatter_add",
];

/// The operation by which a method adds at indices along an axis of an extent; the method adds what that gives to its
/// receiver.
pub fn adding(method: &str) -> Option<fn(Axis, Extent) -> Op> {
    match method {
        "index_add" => Some(|axis, extent| Op::IndexAdd { axis, extent }),
        "scatter_add" => Some(|axis, extent| Op::ScatterAdd { axis, extent }),
        _ => None,
    }
}

/// The operation names nearest to a misspelt one, best first.
///
/// ```
/// assert_eq!(thunder_core::op::nearest("softmaxx")[0], "softmax");
/// ```
pub fn nearest(name: &str) -> Vec<&'static str> {
    let mut all: Vec<(usize, &'static str)> = METHODS
        .iter()
        .chain(FREE)
        .map(|m| m.name)
        .chain(NAMES.iter().copied())
        .map(|n| (distance(name, n), n))
        .filter(|(d, n)| *d <= 1 + n.len() / 4)
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().take(3).map(|(_, n)| n).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

macro_rules! methods {
    ($($name:ident($($arg:ident),*) => $build:expr;)*) => {
        &[$(Method { name: stringify!($name), args: &[$(ArgKind::$arg),*], build: $build }),*]
    };
}

const NO: Flag = Flag::No;
const YES: Flag = Flag::Yes;

static METHODS: &[Method] = methods! {
    neg() => |_| Op::Neg; abs() => |_| Op::Abs; sign() => |_| Op::Sign; square() => |_| Op::Square;
    reciprocal() => |_| Op::Reciprocal; sqrt() => |_| Op::Sqrt; rsqrt() => |_| Op::Rsqrt;
    exp() => |_| Op::Exp; exp2() => |_| Op::Exp2; expm1() => |_| Op::Expm1;
    log() => |_| Op::Log; log2() => |_| Op::Log2; log1p() => |_| Op::Log1p;
    sin() => |_| Op::Sin; cos() => |_| Op::Cos; tanh() => |_| Op::Tanh; erf() => |_| Op::Erf; erfc() => |_| Op::Erfc;
    sigmoid() => |_| Op::Sigmoid; floor() => |_| Op::Floor; ceil() => |_| Op::Ceil;
    round() => |_| Op::Round; trunc() => |_| Op::Trunc;
    isnan() => |_| Op::IsNan; isinf() => |_| Op::IsInf; isfinite() => |_| Op::IsFinite;
    logical_not() => |_| Op::Not;
    cast() => |a| Op::Cast { elem: a.elem() };

    add(Operand) => |_| Op::Add; sub(Operand) => |_| Op::Sub; mul(Operand) => |_| Op::Mul;
    div(Operand) => |_| Op::Div; rem(Operand) => |_| Op::Rem; pow(Operand) => |_| Op::Pow;
    atan2(Operand) => |_| Op::Atan2; maximum(Operand) => |_| Op::Maximum; minimum(Operand) => |_| Op::Minimum;
    eq(Operand) => |_| Op::Eq; ne(Operand) => |_| Op::Ne; lt(Operand) => |_| Op::Lt;
    le(Operand) => |_| Op::Le; gt(Operand) => |_| Op::Gt; ge(Operand) => |_| Op::Ge;
    logical_and(Operand) => |_| Op::And; logical_or(Operand) => |_| Op::Or; logical_xor(Operand) => |_| Op::Xor;

    sum(Axes) => |a| Op::Sum { axes: a.axes(0), keepdim: NO };
    sum_keepdim(Axes) => |a| Op::Sum { axes: a.axes(0), keepdim: YES };
    prod(Axes) => |a| Op::Prod { axes: a.axes(0), keepdim: NO };
    prod_keepdim(Axes) => |a| Op::Prod { axes: a.axes(0), keepdim: YES };
    amax(Axes) => |a| Op::Amax { axes: a.axes(0), keepdim: NO };
    amax_keepdim(Axes) => |a| Op::Amax { axes: a.axes(0), keepdim: YES };
    amin(Axes) => |a| Op::Amin { axes: a.axes(0), keepdim: NO };
    amin_keepdim(Axes) => |a| Op::Amin { axes: a.axes(0), keepdim: YES };
    mean(Axes) => |a| Op::Mean { axes: a.axes(0), keepdim: NO };
    mean_keepdim(Axes) => |a| Op::Mean { axes: a.axes(0), keepdim: YES };
    var(Axes) => |a| Op::Var { axes: a.axes(0), keepdim: NO, correction: 1 };
    var_keepdim(Axes) => |a| Op::Var { axes: a.axes(0), keepdim: YES, correction: 1 };
    logsumexp(Axes) => |a| Op::Logsumexp { axes: a.axes(0), keepdim: NO };
    logsumexp_keepdim(Axes) => |a| Op::Logsumexp { axes: a.axes(0), keepdim: YES };
    all(Axes) => |a| Op::All { axes: a.axes(0), keepdim: NO };
    all_keepdim(Axes) => |a| Op::All { axes: a.axes(0), keepdim: YES };
    any(Axes) => |a| Op::Any { axes: a.axes(0), keepdim: NO };
    any_keepdim(Axes) => |a| Op::Any { axes: a.axes(0), keepdim: YES };
    argmax(Axis) => |a| Op::Argmax { axis: a.axis(0), keepdim: NO };
    argmin(Axis) => |a| Op::Argmin { axis: a.axis(0), keepdim: NO };
    cumsum(Axis) => |a| Op::Cumsum { axis: a.axis(0), reverse: NO };

    reshape(Shape) => |a| Op::Reshape { shape: a.shape(0) };
    permute(Axes) => |a| Op::Permute { axes: a.axes(0) };
    broadcast_to(Shape) => |a| Op::Expand { shape: a.shape(0) };
    expand(Shape) => |a| Op::Expand { shape: a.shape(0) };
    slice(Ranges) => |a| { let (start, end) = a.pair(0); Op::Slice { start, end } };
    pad(Pads, Lit) => |a| { let (lo, hi) = a.pair(0); Op::Pad { lo, hi, value: a.lit(1) } };
    flip(Axes) => |a| Op::Flip { axes: a.axes(0) };
    transpose(Axis, Axis) => |a| Op::Transpose { a: a.axis(0), b: a.axis(1) };
    t() => |_| Op::Transpose { a: Axis(-1), b: Axis(-2) };
    unsqueeze(Axis) => |a| Op::Unsqueeze { axis: a.axis(0) };
    squeeze(Axis) => |a| Op::Squeeze { axis: a.axis(0) };
    narrow(Axis, Extent, Extent) => |a| Op::Narrow { axis: a.axis(0), start: a.extent(1), len: a.extent(2) };
    select_index(Axis, Extent) => |a| Op::SelectIndex { axis: a.axis(0), index: a.extent(1) };
    slice_update(Axis, Tensor, Operand) => |a| Op::SliceUpdate { axis: a.axis(0) };
    index_select(Axis, Tensor) => |a| Op::Take { axis: a.axis(0) };
    gather(Axis, Tensor) => |a| Op::Gather { axis: a.axis(0) };
    masked_fill(Tensor, Operand) => |_| Op::Select;
    tril() => |_| Op::Tril { diagonal: Lit::I(0) };
    triu() => |_| Op::Triu { diagonal: Lit::I(0) };
    one_hot(Extent) => |a| Op::OneHot { classes: a.extent(0), elem: a.elem() };

    matmul(Tensor) => |_| Op::Matmul;
    linear(Tensor, Optional) => |a| Op::Linear { bias: a.flag(1) };

    softmax(Axis) => |a| Op::Softmax { axis: a.axis(0) };
    log_softmax(Axis) => |a| Op::LogSoftmax { axis: a.axis(0) };
    layer_norm(Optional, Optional, Lit) => |a| Op::LayerNorm { weight: a.flag(0), bias: a.flag(1), eps: a.lit(2) };
    rms_norm(Optional, Lit) => |a| Op::RmsNorm { weight: a.flag(0), eps: a.lit(1) };
    relu() => |_| Op::Relu; silu() => |_| Op::Silu; softplus() => |_| Op::Softplus;
    gelu() => |_| Op::Gelu { tanh: NO };
    gelu_tanh() => |_| Op::Gelu { tanh: YES };
    clamp(Lit, Lit) => |a| Op::Clamp { lo: a.lit(0), hi: a.lit(1) };
    dropout(Lit, Key) => |a| Op::Dropout { p: a.lit(0) };
    cross_entropy(Tensor, CrossEntropyOptions) => |a| a.cross_entropy(1);

    fold_in(Operand) => |_| Op::FoldIn;
};

static FREE: &[Method] = methods! {
    select(Tensor, Operand, Operand) => |_| Op::Select;
    cat(Tensors, Axis) => |a| Op::Cat { axis: a.axis(1) };
    stack(Tensors, Axis) => |a| Op::Stack { axis: a.axis(1) };
    zeros(Shape) => |a| a.full(0, 0);
    ones(Shape) => |a| a.full(1, 0);
    full(Shape, Lit) => |a| Op::Full { value: a.lit(1), elem: a.elem(), shape: a.shape(0) };
    arange(Extent) => |a| Op::Iota { elem: a.elem(), shape: Shape::new(&[a.extent(0)]), axis: Axis(0) };
    embedding(Tensor, Tensor) => |_| Op::Embedding;
    cross_entropy(Tensor, Tensor, CrossEntropyOptions) => |a| a.cross_entropy(2);
    scaled_dot_product_attention(Tensor, Tensor, Tensor, SdpaOptions) => |a| a.sdpa(3, NO);
    masked_attention(Tensor, Tensor, Tensor, Tensor, SdpaOptions) => |a| a.sdpa(4, YES);
    stop_gradient(Tensor) => |_| Op::StopGradient;
    uniform(Shape, Key) => |a| Op::Uniform { elem: a.elem(), shape: a.shape(0) };
    normal(Shape, Key) => |a| Op::Normal { elem: a.elem(), shape: a.shape(0) };
    bernoulli(Shape, Lit, Key) => |a| Op::Bernoulli { p: a.lit(1), shape: a.shape(0) };
    debug_print(Label, Tensor) => |a| Op::DebugPrint { label: a.label(0) };
};
