//! Appending instructions to a body, with inference.

use super::{Body, Inst, InstData, Kind, Loc, Trace, Value};
use crate::op::{Flag, Lit, Mismatch, Op, infer};
use crate::types::{Axes, Axis, DType, Elem, Extent, Shape, Ty};

/// Appends instructions to one body of a trace under construction.
///
/// ```
/// use thunder_core::trace::{Builder, Trace};
/// use thunder_core::types::{DType, Ty};
/// let mut trace = Trace::new("twice");
/// let x = trace.param("x", Ty::of(DType::F32, &[2, 3]));
/// let mut b = Builder::new(&mut trace);
/// let y = b.add(x, x);
/// let body = b.finish();
/// trace.body.insts = body;
/// trace.body.results = vec![y];
/// assert!(trace.to_string().contains("v1: f32[2, 3] = add v0, v0"));
/// ```
pub struct Builder<'t> {
    /// The trace that owns the instructions.
    pub trace: &'t mut Trace,
    /// The source location of new instructions.
    pub loc: Loc,
    insts: Vec<Inst>,
}

impl<'t> Builder<'t> {
    /// A builder with an empty list of instructions.
    pub fn new(trace: &'t mut Trace) -> Builder<'t> {
        Builder { trace, loc: Loc::NONE, insts: Vec::new() }
    }

    /// The instructions, in order.
    pub fn finish(self) -> Vec<Inst> {
        self.insts
    }

    /// The number of instructions so far.
    pub fn len(&self) -> usize {
        self.insts.len()
    }

    /// Whether no instruction was appended yet.
    pub fn is_empty(&self) -> bool {
        self.insts.is_empty()
    }

    /// The `i`th instruction appended.
    pub fn at(&self, i: usize) -> Inst {
        self.insts[i]
    }

    /// Removes the instructions from the `at`th on.
    pub fn split_off(&mut self, at: usize) -> Vec<Inst> {
        self.insts.split_off(at)
    }

    /// Appends an instruction that the trace already owns.
    pub fn append(&mut self, inst: Inst) {
        self.insts.push(inst);
    }

    /// The type of a value.
    pub fn ty(&self, v: Value) -> Ty {
        self.trace.ty(v)
    }

    /// Appends `op`.
    ///
    /// # Errors
    /// The error of inference, if the operands are wrong.
    pub fn try_op(&mut self, op: Op, args: &[Value]) -> Result<Value, Mismatch> {
        let types: Vec<Ty> = args.iter().map(|&v| self.ty(v)).collect();
        let ty = infer(&op, &types, &[])?;
        Ok(self.push(Kind::Op(op), args.to_vec(), &[ty], None)[0])
    }

    /// Appends `op`, whose operands are known to be right.
    ///
    /// # Panics
    /// If they are wrong, which is a mistake in the calling rule.
    #[track_caller]
    pub fn op(&mut self, op: Op, args: &[Value]) -> Value {
        match self.try_op(op, args) {
            Ok(v) => v,
            Err(e) => panic!("a rule built an ill-typed instruction: {e}"),
        }
    }

    /// Appends an instruction of any kind, with results of these types.
    pub fn push(&mut self, kind: Kind, args: Vec<Value>, types: &[Ty], body: Option<Body>) -> Vec<Value> {
        let results: Vec<Value> = types.iter().map(|&t| self.trace.value(t)).collect();
        let inst = self.trace.inst(InstData { kind, args, results: results.clone(), body, loc: self.loc });
        self.insts.push(inst);
        results
    }

    /// A constant tensor whose elements are all `value`.
    pub fn full(&mut self, value: Lit, dtype: DType, shape: Shape) -> Value {
        self.op(Op::Full { value, elem: Elem::Known(dtype), shape }, &[])
    }

    /// A scalar constant of the element type of `like`.
    pub fn scalar_like(&mut self, like: Value, value: f64) -> Value {
        let dtype = self.ty(like).dtype();
        self.scalar(dtype, value)
    }

    /// A scalar constant. For an integer type, `value` must be a value of the type.
    pub fn scalar(&mut self, dtype: DType, value: f64) -> Value {
        self.scalar_lit(dtype, Lit::F(value))
    }

    /// A scalar constant of the element type of `like`, of which it must be a value.
    pub fn lit_like(&mut self, like: Value, value: Lit) -> Value {
        let dtype = self.ty(like).dtype();
        self.scalar_lit(dtype, value)
    }

    #[track_caller]
    fn scalar_lit(&mut self, dtype: DType, value: Lit) -> Value {
        match value.element(dtype) {
            Ok(value) => self.full(value, dtype, Shape::SCALAR),
            Err(_) => panic!("a rule wrote {value}, which is no {dtype}"),
        }
    }

    /// Zeros with the type of `like`.
    pub fn zeros_like(&mut self, like: Value) -> Value {
        let ty = self.ty(like);
        let zero = self.scalar(ty.dtype(), 0.0);
        self.expand(zero, ty.shape)
    }

    /// `x` broadcast to `shape`; `x` itself if it has that shape.
    pub fn expand(&mut self, x: Value, shape: Shape) -> Value {
        if self.ty(x).shape == shape { x } else { self.op(Op::Expand { shape }, &[x]) }
    }

    /// `x` in another shape; `x` itself if it has that shape.
    pub fn reshape(&mut self, x: Value, shape: Shape) -> Value {
        if self.ty(x).shape == shape { x } else { self.op(Op::Reshape { shape }, &[x]) }
    }

    /// `x` with another element type; `x` itself if it has that type.
    pub fn cast(&mut self, x: Value, dtype: DType) -> Value {
        if self.ty(x).dtype() == dtype { x } else { self.op(Op::Cast { elem: Elem::Known(dtype) }, &[x]) }
    }

    /// `x` with its dimensions reordered.
    pub fn permute(&mut self, x: Value, axes: &[usize]) -> Value {
        if axes.iter().enumerate().all(|(i, &a)| i == a) {
            return x;
        }
        self.op(Op::Permute { axes: Axes::from_usize(axes.iter().copied()) }, &[x])
    }

    /// `x` with its last two dimensions swapped.
    pub fn transpose_last(&mut self, x: Value) -> Value {
        let rank = self.ty(x).shape.rank();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 1, rank - 2);
        self.permute(x, &axes)
    }

    /// The sum over `axes`, which are counted from the front.
    pub fn sum(&mut self, x: Value, axes: &[usize], keepdim: bool) -> Value {
        if axes.is_empty() {
            return x;
        }
        let axes = Axes::from_usize(axes.iter().copied());
        self.op(Op::Sum { axes, keepdim: Flag::new(keepdim) }, &[x])
    }

    /// The transpose of a broadcast: sums `x` over the dimensions along which `shape` was broadcast to the shape of `x`.
    pub fn sum_to(&mut self, x: Value, shape: Shape) -> Value {
        let from = self.ty(x).shape;
        if from == shape {
            return x;
        }
        let extra = from.rank() - shape.rank();
        let axes: Vec<usize> = (0..from.rank())
            .filter(|&i| i < extra || (shape.at(i - extra).is(1) && !from.at(i).is(1)))
            .collect();
        let y = self.sum(x, &axes, extra == 0);
        self.reshape(y, shape)
    }

    /// Elements `start..start + len` along `axis`.
    pub fn narrow(&mut self, x: Value, axis: usize, start: usize, len: usize) -> Value {
        let sizes = self.ty(x).sizes();
        let (mut from, mut to) = (vec![0; sizes.len()], sizes);
        (from[axis], to[axis]) = (start, start + len);
        self.op(Op::Slice { start: Shape::of(&from), end: Shape::of(&to) }, &[x])
    }

    /// The key with index `index` of `n` derived from `key`.
    pub fn key_split(&mut self, key: Value, n: usize, index: usize) -> Value {
        self.op(Op::KeySplit { n: Extent::new(n), index: Extent::new(index) }, &[key])
    }

    /// The running sum along `axis`.
    pub fn cumsum(&mut self, x: Value, axis: usize, reverse: bool) -> Value {
        self.op(Op::Cumsum { axis: Axis(axis as i32), reverse: Flag::new(reverse) }, &[x])
    }
}

macro_rules! shorthand {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident),*) = $op:expr;)*) => {
        impl Builder<'_> { $(
            $(#[doc = $doc])*
            #[track_caller]
            pub fn $name(&mut self, $($arg: Value),*) -> Value { self.op($op, &[$($arg),*]) }
        )* }
    };
}

shorthand! {
    /// `x + y`.
    add(x, y) = Op::Add;
    /// `x - y`.
    sub(x, y) = Op::Sub;
    /// `x * y`.
    mul(x, y) = Op::Mul;
    /// `x / y`.
    div(x, y) = Op::Div;
    /// `x^y`.
    pow(x, y) = Op::Pow;
    /// `max(x, y)`.
    maximum(x, y) = Op::Maximum;
    /// `min(x, y)`.
    minimum(x, y) = Op::Minimum;
    /// `x == y`.
    eq(x, y) = Op::Eq;
    /// `x != y`.
    ne(x, y) = Op::Ne;
    /// `x < y`.
    lt(x, y) = Op::Lt;
    /// `x <= y`.
    le(x, y) = Op::Le;
    /// `x > y`.
    gt(x, y) = Op::Gt;
    /// `x >= y`.
    ge(x, y) = Op::Ge;
    /// `x & y`.
    and(x, y) = Op::And;
    /// `-x`.
    neg(x) = Op::Neg;
    /// `x²`.
    square(x) = Op::Square;
    /// `√x`.
    sqrt(x) = Op::Sqrt;
    /// `1 / √x`.
    rsqrt(x) = Op::Rsqrt;
    /// `1 / x`.
    reciprocal(x) = Op::Reciprocal;
    /// `e^x`.
    exp(x) = Op::Exp;
    /// `ln x`.
    log(x) = Op::Log;
    /// `tanh x`.
    tanh(x) = Op::Tanh;
    /// `1 / (1 + e^-x)`.
    sigmoid(x) = Op::Sigmoid;
    /// `x` where `c`, else `y`.
    select(c, x, y) = Op::Select;
    /// The matrix product.
    matmul(x, y) = Op::Matmul;
}
