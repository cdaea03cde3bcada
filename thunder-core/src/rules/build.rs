//! Shorthands for writing rules.

use crate::op::{Flag, Lit, Op};
use crate::trace::{Builder, Value};
use crate::types::{Axes, DType, Elem, Shape};

impl Builder<'_> {
    /// The extents of a value.
    pub(crate) fn sizes(&self, v: Value) -> Vec<usize> {
        self.ty(v).sizes()
    }

    /// The shape of a value.
    pub(crate) fn shape(&self, v: Value) -> Shape {
        self.ty(v).shape
    }

    /// The rank of a value.
    pub(crate) fn rank(&self, v: Value) -> usize {
        self.ty(v).shape.rank()
    }

    /// The element type of a value.
    pub(crate) fn dtype(&self, v: Value) -> DType {
        self.ty(v).dtype()
    }

    /// `x` in the type that arithmetic on it runs in.
    pub(crate) fn widen(&mut self, x: Value) -> Value {
        let to = self.dtype(x).compute();
        self.cast(x, to)
    }

    /// The matrix product of `x` and `y`, left in the type that their elements are computed in. Values of that type
    /// are rounded to `dtype`, the type of the operands that the user gave, where that is a 16-bit one.
    pub(crate) fn matmul_wide(&mut self, x: Value, y: Value, dtype: DType) -> Value {
        let (x, y) = (self.widen(x), self.widen(y));
        if dtype == dtype.compute() {
            return self.matmul(x, y);
        }
        self.op(Op::MatmulWide { elem: Elem::Known(dtype) }, &[x, y])
    }

    /// `x + c`.
    pub(crate) fn add_c(&mut self, x: Value, c: f64) -> Value {
        let c = self.scalar_like(x, c);
        self.add(x, c)
    }

    /// `x * c`; `x` itself for 1.
    pub(crate) fn mul_c(&mut self, x: Value, c: f64) -> Value {
        if c == 1.0 {
            return x;
        }
        let c = self.scalar_like(x, c);
        self.mul(x, c)
    }

    /// `x / c`; `x` itself for 1.
    pub(crate) fn div_c(&mut self, x: Value, c: f64) -> Value {
        if c == 1.0 {
            return x;
        }
        let c = self.scalar_like(x, c);
        self.div(x, c)
    }

    /// `c - x`.
    pub(crate) fn c_sub(&mut self, c: f64, x: Value) -> Value {
        let c = self.scalar_like(x, c);
        self.sub(c, x)
    }

    /// `x` where `mask`, else `c`.
    pub(crate) fn select_c(&mut self, mask: Value, x: Value, c: f64) -> Value {
        let c = self.scalar_like(x, c);
        self.select(mask, x, c)
    }

    /// `x` where `mask`, else the integer `c`.
    pub(crate) fn select_int(&mut self, mask: Value, x: Value, c: i64) -> Value {
        let c = self.lit_like(x, Lit::I(c.into()));
        self.select(mask, x, c)
    }

    /// `x < c`, `x == c` and the like, for an integer `c`.
    pub(crate) fn compare_int(&mut self, op: Op, x: Value, c: Lit) -> Value {
        let c = self.lit_like(x, c);
        self.op(op, &[x, c])
    }

    /// `x < c`, `x == c` and the like.
    pub(crate) fn compare_c(&mut self, op: Op, x: Value, c: f64) -> Value {
        let c = self.scalar_like(x, c);
        self.op(op, &[x, c])
    }

    /// The greatest float over `axes`, which stay with extent 1; of nothing, -∞.
    pub(crate) fn amax(&mut self, x: Value, axes: &[usize]) -> Value {
        if axes.is_empty() {
            return x;
        }
        let sizes = self.sizes(x);
        if axes.iter().any(|&a| sizes[a] == 0) {
            let least = self.scalar_like(x, f64::NEG_INFINITY);
            return self.expand(least, kept(&sizes, axes));
        }
        self.op(Op::Amax { axes: Axes::from_usize(axes.iter().copied()), keepdim: Flag::Yes }, &[x])
    }

    /// The mean over `axes`, which stay with extent 1.
    pub(crate) fn mean(&mut self, x: Value, axes: &[usize]) -> Value {
        let n: usize = axes.iter().map(|&a| self.sizes(x)[a]).product();
        let sum = self.sum(x, axes, true);
        self.div_c(sum, n as f64)
    }

    /// `0, 1, 2, …` along `axis` of a tensor of extents `sizes`.
    pub(crate) fn iota(&mut self, dtype: DType, sizes: &[usize], axis: usize) -> Value {
        let axis = crate::types::Axis(axis as i32);
        self.op(Op::Iota { elem: Elem::Known(dtype), shape: Shape::of(sizes), axis }, &[])
    }

    /// Elements `start..end` of every dimension; `x` itself if that is all of it.
    pub(crate) fn slice(&mut self, x: Value, start: &[usize], end: &[usize]) -> Value {
        if start.iter().all(|&s| s == 0) && end == self.sizes(x) {
            return x;
        }
        self.op(Op::Slice { start: Shape::of(start), end: Shape::of(end) }, &[x])
    }

    /// Zeros around `x`; `x` itself if there are none.
    pub(crate) fn pad_zero(&mut self, x: Value, lo: &[usize], hi: &[usize]) -> Value {
        if lo.iter().chain(hi).all(|&n| n == 0) {
            return x;
        }
        let value = zero(self.dtype(x));
        self.op(Op::Pad { lo: Shape::of(lo), hi: Shape::of(hi), value }, &[x])
    }

    /// `x` with a dimension of extent 1 inserted before position `at`.
    pub(crate) fn unsqueeze(&mut self, x: Value, at: usize) -> Value {
        let mut sizes = self.sizes(x);
        sizes.insert(at, 1);
        self.reshape(x, Shape::of(&sizes))
    }

    /// `x` with its leading dimensions merged: `(rows, last)`.
    pub(crate) fn rows(&mut self, x: Value) -> Value {
        let sizes = self.sizes(x);
        let last = sizes.last().copied().unwrap_or(1);
        let rows: usize = sizes.iter().rev().skip(1).product();
        self.reshape(x, Shape::of(&[rows, last]))
    }

    /// Whether each index in `i` lies in `0..extent`.
    pub(crate) fn in_range(&mut self, i: Value, extent: usize) -> Value {
        let i = self.cast(i, DType::I64);
        let extent = Lit::I(extent as i128);
        let (low, high) = (self.compare_int(Op::Ge, i, Lit::I(0)), self.compare_int(Op::Lt, i, extent));
        self.and(low, high)
    }
}

/// The zero of an element type.
pub(crate) fn zero(dtype: DType) -> Lit {
    match dtype {
        DType::Bool => Lit::B(false),
        d if d.is_int() => Lit::I(0),
        _ => Lit::F(0.0),
    }
}

/// The axes from the front that a reduction of a value of rank `rank` names.
pub(crate) fn resolved(axes: Axes, rank: usize) -> Vec<usize> {
    axes.resolved(rank)
}

/// `sizes` with 1 at each of `axes`.
pub(crate) fn kept(sizes: &[usize], axes: &[usize]) -> Shape {
    let sizes: Vec<usize> =
        sizes.iter().enumerate().map(|(i, &s)| if axes.contains(&i) { 1 } else { s }).collect();
    Shape::of(&sizes)
}
