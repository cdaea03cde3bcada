//! The operation table.

use super::attr::{Attr, AttrRef, Causal, Flag, Label, Pattern, Reduction};
use super::lit::Lit;
use crate::types::{Axes, Axis, Elem, Extent, Shape};

/// What an operation does to its operands' types, and what the passes may assume of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// No tensor operand: a constant.
    Creation,
    /// Elementwise on one tensor of a float type.
    UnaryFloat,
    /// Elementwise on one tensor of a numeric type.
    UnaryNum,
    /// Elementwise on one float tensor, giving `bool`.
    Test,
    /// Elementwise on two broadcast tensors of one numeric type.
    Binary,
    /// Elementwise on two broadcast tensors, giving `bool`.
    Compare,
    /// Elementwise on `bool` or integers.
    Logic,
    /// Elementwise, with a rule of its own.
    Elementwise,
    /// A reduction over axes.
    Reduce,
    /// Moves elements, computes nothing.
    Movement,
    /// Reads or adds elements at indices.
    Index,
    /// A contraction.
    Contract,
    /// Draws random numbers from a key.
    Random,
    /// Identity with a meaning for a transform, or an effect.
    Meta,
    /// Written in terms of other operations; an executor may claim it whole.
    Composite,
}

macro_rules! op_table {
    ($( $(#[doc = $doc:literal])* $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:literal, $class:ident; )*) => {
        /// An operation with its attributes.
        ///
        /// Operands broadcast as NumPy's do wherever a row says *elementwise*.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum Op { $( $(#[doc = $doc])* $variant $({ $($field: $ty),* })?, )* }

        /// The name of an operation, without its attributes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        #[repr(u8)]
        pub enum Opcode { $( $variant, )* }

        impl Opcode {
            /// Every operation, in the table's order.
            pub const ALL: &'static [Opcode] = &[$( Opcode::$variant, )*];
            /// The name, as the printed trace writes it.
            pub const fn name(self) -> &'static str { match self { $( Opcode::$variant => $name, )* } }
            /// The class.
            pub const fn class(self) -> Class { match self { $( Opcode::$variant => Class::$class, )* } }
            /// The documentation, with the formula.
            pub const fn doc(self) -> &'static str { match self { $( Opcode::$variant => concat!($($doc, "\n"),*), )* } }
        }

        impl Op {
            /// The operation without its attributes.
            pub const fn code(&self) -> Opcode { match self { $( Op::$variant { .. } => Opcode::$variant, )* } }

            /// Whether `linked` is one that `self`, from the compile-time trace, allows: the same operation, and
            /// each attribute equal or free.
            pub fn allows(&self, linked: &Op, bindings: &[Extent]) -> bool {
                let _ = bindings;
                match (self, linked) {
                    $( (Op::$variant $({ $($field),* })?, Op::$variant { .. }) => {
                        $( $( let mine = $field; let Op::$variant { $field: other, .. } = linked else { return false };
                              if !Attr::allows(mine, other, bindings) { return false; } )* )?
                        true
                    } )*
                    _ => false,
                }
            }

            /// The attributes as `(name, value)`, in the table's order.
            pub fn fields(&self) -> Vec<(&'static str, AttrRef<'_>)> {
                match self {
                    $( Op::$variant $({ $($field),* })? => vec![$( $( (stringify!($field), Attr::view($field)) ),* )?], )*
                }
            }

            /// The first attribute with an extent that is no number, in a linked trace.
            pub(crate) fn unknown_extent(&self) -> Option<&'static str> {
                let unknown = |a: &AttrRef<'_>| match a {
                    AttrRef::Extent(e) => e.is_unknown(),
                    AttrRef::Shape(s) => s.dims().iter().any(Extent::is_unknown),
                    _ => false,
                };
                self.fields().into_iter().find(|(_, a)| unknown(a)).map(|(name, _)| name)
            }

            /// The attributes as `(name, text)`, dimension variables by the names in `dims`.
            pub fn attrs(&self, dims: &[&str]) -> Vec<(&'static str, String)> {
                let _ = dims;
                match self {
                    $( Op::$variant $({ $($field),* })? => {
                        #[allow(unused_mut)]
                        let mut list = Vec::new();
                        $( $( let mut text = String::new(); Attr::print($field, dims, &mut text);
                              list.push((stringify!($field), text)); )* )?
                        list
                    } )*
                }
            }
        }
    };
}

op_table! {
    /// Every element is `value`.
    Full { value: Lit, elem: Elem, shape: Shape } = "full", Creation;
    /// Element `i` along `axis` is `i`.
    Iota { elem: Elem, shape: Shape, axis: Axis } = "iota", Creation;

    /// `y = -x`.
    Neg = "neg", UnaryNum;
    /// `y = |x|`. The slope is `sign(x)`: 0 at 0 and at NaN.
    Abs = "abs", UnaryNum;
    /// `y = -1, 0 or 1`, by the sign of `x`; 0 for -0 and for NaN, as in PyTorch.
    Sign = "sign", UnaryNum;
    /// `y = x * x`.
    Square = "square", UnaryNum;
    /// `y = 1 / x`.
    Reciprocal = "reciprocal", UnaryFloat;
    /// `y = √x`.
    Sqrt = "sqrt", UnaryFloat;
    /// `y = 1 / √x`.
    Rsqrt = "rsqrt", UnaryFloat;
    /// `y = e^x`.
    Exp = "exp", UnaryFloat;
    /// `y = 2^x`.
    Exp2 = "exp2", UnaryFloat;
    /// `y = e^x - 1`, exact near 0.
    Expm1 = "expm1", UnaryFloat;
    /// `y = ln x`.
    Log = "log", UnaryFloat;
    /// `y = log₂ x`.
    Log2 = "log2", UnaryFloat;
    /// `y = ln(1 + x)`, exact near 0.
    Log1p = "log1p", UnaryFloat;
    /// `y = sin x`.
    Sin = "sin", UnaryFloat;
    /// `y = cos x`.
    Cos = "cos", UnaryFloat;
    /// `y = tanh x`.
    Tanh = "tanh", UnaryFloat;
    /// `y = 2/√π ∫₀ˣ e^(-t²) dt`: never outside of [-1, 1].
    Erf = "erf", UnaryFloat;
    /// `y = 1 - erf x`, to full relative precision where it is small.
    Erfc = "erfc", UnaryFloat;
    /// `y = 1 / (1 + e^-x)`.
    Sigmoid = "sigmoid", UnaryFloat;
    /// The greatest integer not above `x`.
    Floor = "floor", UnaryFloat;
    /// The least integer not below `x`.
    Ceil = "ceil", UnaryFloat;
    /// The nearest integer, halves to even.
    Round = "round", UnaryFloat;
    /// The integer part.
    Trunc = "trunc", UnaryFloat;
    /// Whether `x` is NaN.
    IsNan = "isnan", Test;
    /// Whether `x` is an infinity.
    IsInf = "isinf", Test;
    /// Whether `x` is neither NaN nor an infinity.
    IsFinite = "isfinite", Test;
    /// `y = !x`: logical on `bool`, bitwise on integers.
    Not = "not", Logic;
    /// Converts to another element type; float to integer truncates and saturates, non-zero is `true`.
    Cast { elem: Elem } = "cast", Elementwise;

    /// `z = x + y`.
    Add = "add", Binary;
    /// `z = x - y`.
    Sub = "sub", Binary;
    /// `z = x * y`.
    Mul = "mul", Binary;
    /// `z = x / y`; integers truncate.
    Div = "div", Binary;
    /// The remainder with the sign of the dividend, as Rust's `%`. The slope by the divisor is minus the whole number
    /// of times that it was subtracted.
    Rem = "rem", Binary;
    /// `z = x^y`.
    Pow = "pow", Binary;
    /// The angle of the point `(y, x)`. At (0, 0) its slopes are NaN, as in PyTorch.
    Atan2 = "atan2", Binary;
    /// The greater; NaN if either is; of two zeros, either. Operands that tie share the derivative evenly, and with a NaN
    /// both get all of it, as in PyTorch.
    Maximum = "maximum", Binary;
    /// The lesser; NaN if either is; of two zeros, either. Derivatives as of `maximum`.
    Minimum = "minimum", Binary;
    /// `x == y`.
    Eq = "eq", Compare;
    /// `x != y`.
    Ne = "ne", Compare;
    /// `x < y`.
    Lt = "lt", Compare;
    /// `x <= y`.
    Le = "le", Compare;
    /// `x > y`.
    Gt = "gt", Compare;
    /// `x >= y`.
    Ge = "ge", Compare;
    /// `x & y`.
    And = "and", Logic;
    /// `x | y`.
    Or = "or", Logic;
    /// `x ^ y`.
    Xor = "xor", Logic;
    /// `x` where the condition holds, else `y`: operands `(condition, x, y)`, broadcast.
    Select = "select", Elementwise;

    /// The sum over `axes`; of nothing, 0.
    Sum { axes: Axes, keepdim: Flag } = "sum", Reduce;
    /// The product over `axes`; of nothing, 1.
    Prod { axes: Axes, keepdim: Flag } = "prod", Reduce;
    /// The greatest element over `axes`; NaN if there is one.
    Amax { axes: Axes, keepdim: Flag } = "amax", Reduce;
    /// The least element over `axes`; NaN if there is one.
    Amin { axes: Axes, keepdim: Flag } = "amin", Reduce;
    /// Whether every element over `axes` holds.
    All { axes: Axes, keepdim: Flag } = "all", Reduce;
    /// Whether any element over `axes` holds.
    Any { axes: Axes, keepdim: Flag } = "any", Reduce;
    /// The index (i64) of the first greatest element along `axis`.
    Argmax { axis: Axis, keepdim: Flag } = "argmax", Reduce;
    /// The index (i64) of the first least element along `axis`.
    Argmin { axis: Axis, keepdim: Flag } = "argmin", Reduce;
    /// The running sum along `axis`.
    Cumsum { axis: Axis, reverse: Flag } = "cumsum", Reduce;

    /// The same elements, row-major, in another shape.
    Reshape { shape: Shape } = "reshape", Movement;
    /// Dimension `i` of the result is dimension `axes[i]` of `x`.
    Permute { axes: Axes } = "permute", Movement;
    /// Repeats dimensions of extent 1, and adds leading ones, up to `shape`.
    Expand { shape: Shape } = "expand", Movement;
    /// Elements `start..end` of every dimension.
    Slice { start: Shape, end: Shape } = "slice", Movement;
    /// `value` around `x`: `lo` elements before and `hi` after, in every dimension.
    Pad { lo: Shape, hi: Shape, value: Lit } = "pad", Movement;
    /// Reverses the order along `axes`.
    Flip { axes: Axes } = "flip", Movement;
    /// The operands one after another along `axis`.
    Cat { axis: Axis } = "cat", Movement;
    /// `x` with `update` in place of the elements from `start` (an i64 scalar) along `axis`: operands
    /// `(x, update, start)`. The start is clamped so that the update fits.
    SliceUpdate { axis: Axis } = "slice_update", Index;
    /// The slices of `x` along `axis` at the indices `i`: operands `(x, i)`; the result has the shape of `x` with
    /// `axis` replaced by the shape of `i`. An index out of range gives NaN (0 for integers).
    Take { axis: Axis } = "take", Index;
    /// The transpose of [`Op::Take`]: zeros with `extent` along `axis`, plus the slices of `u` added at the indices
    /// `i`: operands `(u, i)`. Out-of-range indices are dropped. Deterministic.
    IndexAdd { axis: Axis, extent: Extent } = "index_add", Index;
    /// `y[.., k, ..] = x[.., i[.., k, ..], ..]` along `axis`: operands `(x, i)` of one rank.
    Gather { axis: Axis } = "gather", Index;
    /// The transpose of [`Op::Gather`]: zeros with `extent` along `axis`, plus `u` added at `i`: operands `(u, i)`.
    ScatterAdd { axis: Axis, extent: Extent } = "scatter_add", Index;

    /// The matrix product over the last two dimensions; leading dimensions broadcast. Accumulates in f32 for
    /// 16-bit floats.
    Matmul = "matmul", Contract;
    /// The matrix product of 16-bit floats, accumulated and left in f32: operands of type f32 are rounded to `elem`
    /// first, so that cotangents, which are f32, are rounded nowhere else.
    MatmulWide { elem: Elem } = "matmul_wide", Contract;

    /// The `index`th of `n` keys derived from a key.
    KeySplit { n: Extent, index: Extent } = "key_split", Random;
    /// A key derived from a key and a number: operands `(key, i64 scalar)`.
    FoldIn = "fold_in", Random;
    /// Uniform on [0, 1): 32-bit lane `i % 4` of Philox counter `i / 4`, its upper 24 bits.
    Uniform { elem: Elem, shape: Shape } = "uniform", Random;
    /// Standard normal, by Box–Muller on two uniforms.
    Normal { elem: Elem, shape: Shape } = "normal", Random;
    /// `true` with probability `p`: 16-bit lane `i % 8` of Philox counter `i / 8`, below `round(p * 65536)`.
    Bernoulli { p: Lit, shape: Shape } = "bernoulli", Random;

    /// `x`, through which no derivative flows.
    StopGradient = "stop_gradient", Meta;
    /// `x`, which later passes may not fold with what came before: the edge of a recomputed region.
    Barrier = "barrier", Meta;
    /// `x`, printed with `label` each time the trace runs.
    DebugPrint { label: Label } = "debug_print", Meta;

    /// The mean over `axes`.
    Mean { axes: Axes, keepdim: Flag } = "mean", Composite;
    /// The variance over `axes`, divided by `n - correction`.
    Var { axes: Axes, keepdim: Flag, correction: u8 } = "var", Composite;
    /// `ln Σ e^x` over `axes`, without overflow.
    Logsumexp { axes: Axes, keepdim: Flag } = "logsumexp", Composite;
    /// `e^x / Σ e^x` along `axis`.
    Softmax { axis: Axis } = "softmax", Composite;
    /// `x - ln Σ e^x` along `axis`.
    LogSoftmax { axis: Axis } = "log_softmax", Composite;
    /// `(x - mean) / √(var + eps) * w + b` over the last dimension: operands `(x, w?, b?)`.
    LayerNorm { eps: Lit, weight: Flag, bias: Flag } = "layer_norm", Composite;
    /// `x / √(mean(x²) + eps) * w` over the last dimension: operands `(x, w?)`.
    RmsNorm { eps: Lit, weight: Flag } = "rms_norm", Composite;
    /// `max(x, 0)`; NaN stays, and 0 has either sign for -0. The slope is 0 for `x <= 0`, else 1, at NaN too, as in
    /// PyTorch.
    Relu = "relu", Composite;
    /// `x Φ(x)`, by `erfc`, so that the left tail keeps its relative precision; with `tanh`, the usual approximation.
    Gelu { tanh: Flag } = "gelu", Composite;
    /// `x σ(x)`.
    Silu = "silu", Composite;
    /// `ln(1 + e^x)`.
    Softplus = "softplus", Composite;
    /// `min(max(x, lo), hi)`: `hi` where `lo > hi`; NaN stays. The slope is 1 where `lo <= x <= hi`, the bounds included,
    /// else 0, at NaN too, as in PyTorch.
    Clamp { lo: Lit, hi: Lit } = "clamp", Composite;
    /// `x @ wᵀ + b`, `w` as `(out, in)`: operands `(x, w, b?)`.
    Linear { bias: Flag } = "linear", Composite;
    /// The rows of `w` at the indices `i`: operands `(i, w)`.
    Embedding = "embedding", Composite;
    /// Softmax cross-entropy of logits against class indices: operands `(logits, targets)`. Targets equal to
    /// `ignore_index`, if it is given, count nothing.
    CrossEntropy { ignore_index: Option<Lit>, label_smoothing: Lit, reduction: Reduction } = "cross_entropy", Composite;
    /// `softmax(q kᵀ * scale + mask) v`: operands `(q, k, v, mask?)` of shape `(.., heads, time, width)`; fewer
    /// key heads than query heads are shared in groups. The scale is `1/√width` unless it is given; a `bool` mask keeps
    /// `true`. `causal` says which keys a query sees; see [`Causal`].
    Sdpa { causal: Causal, scale: Option<Lit>, mask: Flag } = "scaled_dot_product_attention", Composite;
    /// Each element zeroed with probability `p`, the rest divided by `1 - p`: operands `(x, key)`.
    Dropout { p: Lit } = "dropout", Composite;
    /// The `index`th of `n` equal parts along `axis`.
    Chunk { n: Extent, axis: Axis, index: Extent } = "chunk", Composite;
    /// Elements `start..start + len` along `axis`.
    Narrow { axis: Axis, start: Extent, len: Extent } = "narrow", Composite;
    /// Element `index` along `axis`, which is dropped.
    SelectIndex { axis: Axis, index: Extent } = "select_index", Composite;
    /// Swaps two dimensions.
    Transpose { a: Axis, b: Axis } = "transpose", Composite;
    /// Adds a dimension of extent 1 at `axis`.
    Unsqueeze { axis: Axis } = "unsqueeze", Composite;
    /// Drops the dimension `axis`, of extent 1.
    Squeeze { axis: Axis } = "squeeze", Composite;
    /// The operands one beside another along a new dimension at `axis`.
    Stack { axis: Axis } = "stack", Composite;
    /// Splits, permutes and merges dimensions.
    Rearrange { pattern: Pattern } = "rearrange", Composite;
    /// A sum of products over named indices.
    Einsum { spec: Label } = "einsum", Composite;
    /// 1 at the index, 0 elsewhere, in a new last dimension of `classes`.
    OneHot { classes: Extent, elem: Elem } = "one_hot", Composite;
    /// The lower triangle of the last two dimensions, up to `diagonal`.
    Tril { diagonal: Lit } = "tril", Composite;
    /// The upper triangle of the last two dimensions, from `diagonal`.
    Triu { diagonal: Lit } = "triu", Composite;
}

impl Op {
    /// The name, as the printed trace writes it.
    pub const fn name(&self) -> &'static str {
        self.code().name()
    }

    /// The class.
    pub const fn class(&self) -> Class {
        self.code().class()
    }

    /// Whether it computes each element of its result from the elements at the same place of its operands.
    pub const fn is_elementwise(&self) -> bool {
        matches!(
            self.class(),
            Class::UnaryFloat
                | Class::UnaryNum
                | Class::Test
                | Class::Binary
                | Class::Compare
                | Class::Logic
                | Class::Elementwise
        )
    }

    /// Whether it must run even if nothing reads its result.
    pub const fn has_effect(&self) -> bool {
        matches!(self, Op::DebugPrint { .. })
    }
}
