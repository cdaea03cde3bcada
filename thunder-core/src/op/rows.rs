//! The rows of the operation table.

/// The rows of the table, which `$then!` reads, after what is given beside it in brackets: classes, each with its operations.
///
/// A row is `Variant { attributes } = name`; for operations that are methods of one form, `as` their methods, if they are
/// not called like the operation, in braces the attributes that they give, and `: ` the trait that the element type must have; then, for elementwise operations, their
/// [`Cost`](super::Cost).
#[macro_export]
#[doc(hidden)]
macro_rules! op_rows {
    ($then:ident $($extra:tt)*) => { $then! { [$($extra)*]
        Creation {
            /// Every element is `value`.
            Full { value: Lit, elem: Elem, shape: Shape } = full;
            /// Element `i` along `axis` is `i`.
            Iota { elem: Elem, shape: Shape, axis: Axis } = iota;
        }
        UnaryNum {
            /// `y = -x`.
            Neg = neg: Num, Cheap;
            /// `y = |x|`. The slope is `sign(x)`: 0 at 0 and at NaN.
            Abs = abs: Num, Cheap;
            /// `y = -1, 0 or 1`, by the sign of `x`; 0 for -0 and for NaN, as in PyTorch.
            Sign = sign: Num, Cheap;
            /// `y = x * x`.
            Square = square: Num, Cheap;
        }
        UnaryFloat {
            /// `y = 1 / x`.
            Reciprocal = reciprocal: Float, Root;
            /// `y = √x`.
            Sqrt = sqrt: Float, Root;
            /// `y = 1 / √x`.
            Rsqrt = rsqrt: Float, Root;
            /// `y = e^x`.
            Exp = exp: Float, Function;
            /// `y = 2^x`.
            Exp2 = exp2: Float, Function;
            /// `y = e^x - 1`, exact near 0.
            Expm1 = expm1: Float, Function;
            /// `y = ln x`.
            Log = log: Float, Function;
            /// `y = log₂ x`.
            Log2 = log2: Float, Function;
            /// `y = ln(1 + x)`, exact near 0.
            Log1p = log1p: Float, Function;
            /// `y = sin x`.
            Sin = sin: Float, Function;
            /// `y = cos x`.
            Cos = cos: Float, Function;
            /// `y = tanh x`.
            Tanh = tanh: Float, Function;
            /// `y = 2/√π ∫₀ˣ e^(-t²) dt`: never outside of [-1, 1].
            Erf = erf: Float, Function;
            /// `y = 1 - erf x`, to full relative precision where it is small.
            Erfc = erfc: Float, Function;
            /// `y = 1 / (1 + e^-x)`.
            Sigmoid = sigmoid: Float, Function;
            /// The greatest integer not above `x`.
            Floor = floor: Float, Cheap;
            /// The least integer not below `x`.
            Ceil = ceil: Float, Cheap;
            /// The nearest integer, halves to even.
            Round = round: Float, Cheap;
            /// The integer part.
            Trunc = trunc: Float, Cheap;
        }
        Test {
            /// Whether `x` is NaN.
            IsNan = isnan: Float, Cheap;
            /// Whether `x` is an infinity.
            IsInf = isinf: Float, Cheap;
            /// Whether `x` is neither NaN nor an infinity.
            IsFinite = isfinite: Float, Cheap;
        }
        UnaryLogic {
            /// `y = !x`: logical on `bool`, bitwise on integers.
            Not = not as logical_not: Element, Cheap;
        }
        Binary {
            /// `z = x + y`.
            Add = add: Num, Cheap;
            /// `z = x - y`.
            Sub = sub: Num, Cheap;
            /// `z = x * y`.
            Mul = mul: Num, Cheap;
            /// `z = x / y`; integers truncate.
            Div = div: Num, Division;
            /// The remainder with the sign of the dividend, as Rust's `%`. The slope by the divisor is minus the whole number
            /// of times that it was subtracted.
            Rem = rem: Num, Power;
            /// `z = x^y`.
            Pow = pow: Float, Power;
            /// The angle of the point `(y, x)`. At (0, 0) its slopes are NaN, as in PyTorch.
            Atan2 = atan2: Float, Power;
            /// The greater; NaN if either is; of two zeros, either. Operands that tie share the derivative evenly, and with a NaN
            /// both get all of it, as in PyTorch.
            Maximum = maximum: Num, Cheap;
            /// The lesser; NaN if either is; of two zeros, either. Derivatives as of `maximum`.
            Minimum = minimum: Num, Cheap;
        }
        Compare {
            /// `x == y`.
            Eq = eq: Element, Cheap;
            /// `x != y`.
            Ne = ne: Element, Cheap;
            /// `x < y`.
            Lt = lt: Element, Cheap;
            /// `x <= y`.
            Le = le: Element, Cheap;
            /// `x > y`.
            Gt = gt: Element, Cheap;
            /// `x >= y`.
            Ge = ge: Element, Cheap;
        }
        BinaryLogic {
            /// `x & y`.
            And = and as logical_and: Element, Cheap;
            /// `x | y`.
            Or = or as logical_or: Element, Cheap;
            /// `x ^ y`.
            Xor = xor as logical_xor: Element, Cheap;
        }
        Elementwise {
            /// Converts to another element type; float to integer truncates and saturates, non-zero is `true`.
            Cast { elem: Elem } = cast, Cheap;
            /// `x` where the condition holds, else `y`: operands `(condition, x, y)`, broadcast.
            Select = select, Cheap;
        }
        Reduce {
            /// The sum over `axes`; of nothing, 0.
            Sum { axes: Axes, keepdim: Flag } = sum as sum sum_keepdim: Num;
            /// The product over `axes`; of nothing, 1.
            Prod { axes: Axes, keepdim: Flag } = prod as prod prod_keepdim: Num;
            /// The greatest element over `axes`; NaN if there is one.
            Amax { axes: Axes, keepdim: Flag } = amax as amax amax_keepdim: Num;
            /// The least element over `axes`; NaN if there is one.
            Amin { axes: Axes, keepdim: Flag } = amin as amin amin_keepdim: Num;
            /// Whether every element over `axes` holds.
            All { axes: Axes, keepdim: Flag } = all as all all_keepdim: Truth;
            /// Whether any element over `axes` holds.
            Any { axes: Axes, keepdim: Flag } = any as any any_keepdim: Truth;
        }
        Along {
            /// The index (i64) of the first greatest element along `axis`.
            Argmax { axis: Axis, keepdim: Flag } = argmax;
            /// The index (i64) of the first least element along `axis`.
            Argmin { axis: Axis, keepdim: Flag } = argmin;
            /// The running sum along `axis`.
            Cumsum { axis: Axis, reverse: Flag } = cumsum { reverse: Flag::No }: Num;
        }
        View {
            /// The same elements, row-major, in another shape.
            Reshape { shape: Shape } = reshape;
            /// Dimension `i` of the result is dimension `axes[i]` of `x`.
            Permute { axes: Axes } = permute;
            /// Repeats dimensions of extent 1, and adds leading ones, up to `shape`.
            Expand { shape: Shape } = expand;
            /// Elements `start..end` of every dimension.
            Slice { start: Shape, end: Shape } = slice;
        }
        Movement {
            /// `value` around `x`: `lo` elements before and `hi` after, in every dimension.
            Pad { lo: Shape, hi: Shape, value: Lit } = pad;
            /// Reverses the order along `axes`.
            Flip { axes: Axes } = flip;
            /// The operands one after another along `axis`.
            Cat { axis: Axis } = cat;
        }
        Index {
            /// `x` with `update` in place of the elements from `start` (an i64 scalar) along `axis`: operands
            /// `(x, update, start)`. The start is clamped so that the update fits.
            SliceUpdate { axis: Axis } = slice_update;
            /// The transpose of [`Op::Take`]: zeros with `extent` along `axis`, plus the slices of `u` added at the indices
            /// `i`: operands `(u, i)`. Out-of-range indices are dropped. Deterministic.
            IndexAdd { axis: Axis, extent: Extent } = index_add;
            /// The transpose of [`Op::Gather`]: zeros with `extent` along `axis`, plus `u` added at `i`: operands `(u, i)`.
            ScatterAdd { axis: Axis, extent: Extent } = scatter_add;
        }
        Lookup {
            /// The slices of `x` along `axis` at the indices `i`: operands `(x, i)`; the result has the shape of `x` with
            /// `axis` replaced by the shape of `i`. An index out of range gives NaN (0 for integers).
            Take { axis: Axis } = take;
            /// `y[.., k, ..] = x[.., i[.., k, ..], ..]` along `axis`: operands `(x, i)` of one rank.
            Gather { axis: Axis } = gather;
        }
        Contract {
            /// The matrix product over the last two dimensions; leading dimensions broadcast. Accumulates in f32 for
            /// 16-bit floats.
            Matmul = matmul;
            /// The matrix product of 16-bit floats, accumulated and left in f32: operands of type f32 are rounded to `elem`
            /// first, so that cotangents, which are f32, are rounded nowhere else.
            MatmulWide { elem: Elem } = matmul_wide;
        }
        Key {
            /// The `index`th of `n` keys derived from a key.
            KeySplit { n: Extent, index: Extent } = key_split;
            /// A key derived from a key and a number: operands `(key, i64 scalar)`.
            FoldIn = fold_in;
        }
        Draw {
            /// Uniform on [0, 1): 32-bit lane `i % 4` of Philox counter `i / 4`, its upper 24 bits.
            Uniform { elem: Elem, shape: Shape } = uniform;
            /// Standard normal, by Box–Muller on two uniforms.
            Normal { elem: Elem, shape: Shape } = normal;
            /// `true` with probability `p`: 16-bit lane `i % 8` of Philox counter `i / 8`, below `round(p * 65536)`.
            Bernoulli { p: Lit, shape: Shape } = bernoulli;
        }
        Identity {
            /// `x`, through which no derivative flows.
            StopGradient = stop_gradient;
            /// `x`, which later passes may not fold with what came before: the edge of a recomputed region.
            Barrier = barrier;
        }
        Effect {
            /// `x`, printed with `label` each time the trace runs.
            DebugPrint { label: Label } = debug_print;
        }
        Custom {
            /// The operation `op` that a user defined, with a result of type `elem` and `shape`. As a `tangent`, what is linear
            /// of its derivative: its operands, then a tangent of each that is a float; only its transpose is computed.
            Custom { op: CustomRef, tangent: Flag, elem: Elem, shape: Shape } = custom;
        }
        CompositeUnary {
            /// `max(x, 0)`; NaN stays, and 0 has either sign for -0. The slope is 0 for `x <= 0`, else 1, at NaN too, as in
            /// PyTorch.
            Relu = relu: Num;
            /// `x Φ(x)`, by `erfc`, so that the left tail keeps its relative precision; with `tanh`, the usual approximation.
            Gelu { tanh: Flag } = gelu;
            /// `x σ(x)`.
            Silu = silu: Float;
            /// `ln(1 + e^x)`.
            Softplus = softplus: Float;
            /// `min(max(x, lo), hi)`: `hi` where `lo > hi`; NaN stays. The slope is 1 where `lo <= x <= hi`, the bounds included,
            /// else 0, at NaN too, as in PyTorch.
            Clamp { lo: Lit, hi: Lit } = clamp;
        }
        CompositeReduce {
            /// The mean over `axes`.
            Mean { axes: Axes, keepdim: Flag } = mean as mean mean_keepdim: Float;
            /// The variance over `axes`, divided by `n - correction`.
            Var { axes: Axes, keepdim: Flag, correction: u8 } = var as var var_keepdim { correction: 1 }: Float;
            /// `ln Σ e^x` over `axes`, without overflow.
            Logsumexp { axes: Axes, keepdim: Flag } = logsumexp as logsumexp logsumexp_keepdim: Float;
        }
        CompositeAlong {
            /// `e^x / Σ e^x` along `axis`.
            Softmax { axis: Axis } = softmax: Float;
            /// `x - ln Σ e^x` along `axis`.
            LogSoftmax { axis: Axis } = log_softmax: Float;
        }
        Composite {
            /// `(x - mean) / √(var + eps) * w + b` over the last dimension: operands `(x, w?, b?)`.
            LayerNorm { eps: Lit, weight: Flag, bias: Flag } = layer_norm;
            /// `x / √(mean(x²) + eps) * w` over the last dimension: operands `(x, w?)`.
            RmsNorm { eps: Lit, weight: Flag } = rms_norm;
            /// `x @ wᵀ + b`, `w` as `(out, in)`: operands `(x, w, b?)`.
            Linear { bias: Flag } = linear;
            /// The rows of `w` at the indices `i`: operands `(i, w)`.
            Embedding = embedding;
            /// Softmax cross-entropy of logits against class indices: operands `(logits, targets)`. Targets equal to
            /// `ignore_index`, if it is given, count nothing.
            CrossEntropy { ignore_index: Option<Lit>, label_smoothing: Lit, reduction: Reduction } = cross_entropy;
            /// `softmax(q kᵀ * scale + mask) v`: operands `(q, k, v, mask?)` of shape `(.., heads, time, width)`; fewer
            /// key heads than query heads are shared in groups. The scale is `1/√width` unless it is given; a `bool` mask keeps
            /// `true`. `causal` says which keys a query sees; see [`Causal`].
            Sdpa { causal: Causal, scale: Option<Lit>, mask: Flag } = scaled_dot_product_attention;
            /// Each element zeroed with probability `p`, the rest divided by `1 - p`: operands `(x, key)`.
            Dropout { p: Lit } = dropout;
            /// The `index`th of `n` equal parts along `axis`.
            Chunk { n: Extent, axis: Axis, index: Extent } = chunk;
            /// Elements `start..start + len` along `axis`.
            Narrow { axis: Axis, start: Extent, len: Extent } = narrow;
            /// Element `index` along `axis`, which is dropped.
            SelectIndex { axis: Axis, index: Extent } = select_index;
            /// Swaps two dimensions.
            Transpose { a: Axis, b: Axis } = transpose;
            /// Adds a dimension of extent 1 at `axis`.
            Unsqueeze { axis: Axis } = unsqueeze;
            /// Drops the dimension `axis`, of extent 1.
            Squeeze { axis: Axis } = squeeze;
            /// The operands one beside another along a new dimension at `axis`.
            Stack { axis: Axis } = stack;
            /// Splits, permutes and merges dimensions.
            Rearrange { pattern: Pattern } = rearrange;
            /// A sum of products over named indices.
            Einsum { spec: Label } = einsum;
            /// 1 at the index, 0 elsewhere, in a new last dimension of `classes`.
            OneHot { classes: Extent, elem: Elem } = one_hot;
            /// The lower triangle of the last two dimensions, up to `diagonal`.
            Tril { diagonal: Lit } = tril;
            /// The upper triangle of the last two dimensions, from `diagonal`.
            Triu { diagonal: Lit } = triu;
        }
    } };
}
pub(crate) use op_rows;

/// The methods of a form of their own, by family: `name(arguments) => the operation, from the attributes`.
#[macro_export]
#[doc(hidden)]
macro_rules! method_rows {
    ($then:ident $($extra:tt)*) => { $then! { [$($extra)*]
        "types" {
            cast() => |a| Op::Cast { elem: a.elem() };
        }
        "activations" {
            gelu() => |_| Op::Gelu { tanh: Flag::No };
            gelu_tanh() => |_| Op::Gelu { tanh: Flag::Yes };
            clamp(Lit, Lit) => |a| Op::Clamp { lo: a.lit(0), hi: a.lit(1) };
        }
        "reductions" {
            argmax(Axis) => |a| Op::Argmax { axis: a.axis(0), keepdim: Flag::No };
            argmin(Axis) => |a| Op::Argmin { axis: a.axis(0), keepdim: Flag::No };
        }
        "shapes" {
            reshape(Shape) => |a| Op::Reshape { shape: a.shape(0) };
            permute(Axes) => |a| Op::Permute { axes: a.axes(0) };
            broadcast_to(Shape) => |a| Op::Expand { shape: a.shape(0) };
            expand(Shape) => |a| Op::Expand { shape: a.shape(0) };
            flip(Axes) => |a| Op::Flip { axes: a.axes(0) };
            pad(Pads, Lit) => |a| { let (lo, hi) = a.pair(0); Op::Pad { lo, hi, value: a.lit(1) } };
            transpose(Axis, Axis) => |a| Op::Transpose { a: a.axis(0), b: a.axis(1) };
            t() => |_| Op::Transpose { a: Axis(-1), b: Axis(-2) };
            unsqueeze(Axis) => |a| Op::Unsqueeze { axis: a.axis(0) };
            squeeze(Axis) => |a| Op::Squeeze { axis: a.axis(0) };
            tril() => |_| Op::Tril { diagonal: Lit::I(0) };
            triu() => |_| Op::Triu { diagonal: Lit::I(0) };
        }
        "parts and indices" {
            slice(Ranges) => |a| { let (start, end) = a.pair(0); Op::Slice { start, end } };
            narrow(Axis, Extent, Extent) => |a| Op::Narrow { axis: a.axis(0), start: a.extent(1), len: a.extent(2) };
            select_index(Axis, Extent) => |a| Op::SelectIndex { axis: a.axis(0), index: a.extent(1) };
            slice_update(Axis, Tensor, Operand) => |a| Op::SliceUpdate { axis: a.axis(0) };
            index_select(Axis, Tensor) => |a| Op::Take { axis: a.axis(0) };
            gather(Axis, Tensor) => |a| Op::Gather { axis: a.axis(0) };
            masked_fill(Tensor, Operand) => |_| Op::Select;
            one_hot(Extent) => |a| Op::OneHot { classes: a.extent(0), elem: a.elem() };
        }
        "products" {
            matmul(Tensor) => |_| Op::Matmul;
            linear(Tensor, Optional) => |a| Op::Linear { bias: a.flag(1) };
        }
        "normalisation and losses" {
            layer_norm(Optional, Optional, Lit) => |a| Op::LayerNorm { weight: a.flag(0), bias: a.flag(1), eps: a.lit(2) };
            rms_norm(Optional, Lit) => |a| Op::RmsNorm { weight: a.flag(0), eps: a.lit(1) };
            cross_entropy(Tensor, CrossEntropyOptions) => |a| a.cross_entropy(1);
        }
        "random numbers" {
            dropout(Lit, Key) => |a| Op::Dropout { p: a.lit(0) };
        }
    } };
}
pub(crate) use method_rows;

/// The free functions, in the form of [`method_rows`].
#[macro_export]
#[doc(hidden)]
macro_rules! function_rows {
    ($then:ident $($extra:tt)*) => { $then! { [$($extra)*]
        "functions of tensors" {
            select(Tensor, Operand, Operand) => |_| Op::Select;
            cat(Tensors, Axis) => |a| Op::Cat { axis: a.axis(1) };
            stack(Tensors, Axis) => |a| Op::Stack { axis: a.axis(1) };
            embedding(Tensor, Tensor) => |_| Op::Embedding;
            stop_gradient(Tensor) => |_| Op::StopGradient;
            debug_print(Label, Tensor) => |a| Op::DebugPrint { label: a.label(0) };
        }
        "operations of one's own" {
            custom(Label, Tensors) => |_| Op::Custom { op: CustomRef::FREE, tangent: Flag::No, elem: Elem::Unknown, shape: Shape::UNKNOWN };
        }
        "constants" {
            zeros(Shape) => |a| a.full(0, 0);
            ones(Shape) => |a| a.full(1, 0);
            full(Shape, Lit) => |a| Op::Full { value: a.lit(1), elem: a.elem(), shape: a.shape(0) };
            arange(Extent) => |a| Op::Iota { elem: a.elem(), shape: Shape::new(&[a.extent(0)]), axis: Axis(0) };
        }
        "losses and attention" {
            cross_entropy(Tensor, Tensor, CrossEntropyOptions) => |a| a.cross_entropy(2);
            scaled_dot_product_attention(Tensor, Tensor, Tensor, SdpaOptions) => |a| a.sdpa(3, Flag::No);
            masked_attention(Tensor, Tensor, Tensor, Tensor, SdpaOptions) => |a| a.sdpa(4, Flag::Yes);
        }
        "random numbers" {
            uniform(Shape, Key) => |a| Op::Uniform { elem: a.elem(), shape: a.shape(0) };
            normal(Shape, Key) => |a| Op::Normal { elem: a.elem(), shape: a.shape(0) };
            bernoulli(Shape, Lit, Key) => |a| Op::Bernoulli { p: a.lit(1), shape: a.shape(0) };
        }
    } };
}
pub(crate) use function_rows;

/// `$then!` on the methods of every row of [`op_rows`], as items: `unary Exp exp [] Float`, `test`, `binary`,
/// `compare`, `along`, `reduce Sum sum sum_keepdim [] Num`; or `none`. In brackets are the attributes that have one value.
#[macro_export]
#[doc(hidden)]
macro_rules! each_method {
    ([$then:ident] $( $class:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:ident $(as $($method:ident)+)? $({ $($fixed:tt)* })? $(: $bound:ident)? $(, $cost:ident)?;
    )* } )*) => {
        $($( $crate::method_of! { $then $class $variant $name [$($($method)+)?] [$($($fixed)*)?] [$($bound)?] } )*)*
    };
}
pub(crate) use each_method;

/// As [`each_method`], as one slice of slices.
#[doc(hidden)]
macro_rules! method_list {
    ([$then:ident] $( $class:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:ident $(as $($method:ident)+)? $({ $($fixed:tt)* })? $(: $bound:ident)? $(, $cost:ident)?;
    )* } )*) => {
        &[$($( $crate::method_of! { $then $class $variant $name [$($($method)+)?] [$($($fixed)*)?] [$($bound)?] } ),*),*]
    };
}
pub(crate) use method_list;

/// `$then!` on the methods of one row, by its class.
#[macro_export]
#[doc(hidden)]
macro_rules! method_of {
    // Methods of a form of their own, or none.
    ($then:ident $class:ident $op:ident $name:ident $methods:tt $fixed:tt []) => {
        $then! { none }
    };
    // Called like the operation.
    ($then:ident $class:ident $op:ident $name:ident [] $fixed:tt $bound:tt) => {
        $crate::method_of! { $then $class $op $name [$name] $fixed $bound }
    };
    ($then:ident UnaryNum $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { unary $op $m $f $b }
    };
    ($then:ident UnaryFloat $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { unary $op $m $f $b }
    };
    ($then:ident UnaryLogic $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { unary $op $m $f $b }
    };
    ($then:ident CompositeUnary $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { unary $op $m $f $b }
    };
    ($then:ident Test $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { test $op $m $f $b }
    };
    ($then:ident Binary $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { binary $op $m $f $b }
    };
    ($then:ident BinaryLogic $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { binary $op $m $f $b }
    };
    ($then:ident Compare $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { compare $op $m $f $b }
    };
    ($then:ident Along $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { along $op $m $f $b }
    };
    ($then:ident CompositeAlong $op:ident $n:ident [$m:ident] $f:tt [$b:ident]) => {
        $then! { along $op $m $f $b }
    };
    ($then:ident Reduce $op:ident $n:ident [$m:ident $k:ident] $f:tt [$b:ident]) => {
        $then! { reduce $op $m $k $f $b }
    };
    ($then:ident CompositeReduce $op:ident $n:ident [$m:ident $k:ident] $f:tt [$b:ident]) => {
        $then! { reduce $op $m $k $f $b }
    };
}
