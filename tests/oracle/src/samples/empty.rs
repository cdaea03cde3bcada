//! Samples with a dimension of no elements, of operations of every kind.

use super::{Table, bools, exactly, ints, key};
use thunder_core::op::{Causal, Flag, Lit, Op, Reduction};
use thunder_core::types::DType::{I32, I64};
use thunder_core::types::{Axes, Axis, Elem, Extent, Shape};

pub(super) fn add(t: &mut Table) {
    let (keepdim, none) = (Flag::Yes, Flag::No);
    for shape in [&[3, 0][..], &[0, 3], &[2, 0, 3]] {
        let last = shape[shape.len() - 1];
        for op in [Op::Exp, Op::Tanh, Op::Gelu { tanh: none }, Op::Silu, Op::Square] {
            t.add(2, op, &[t.x(shape)]);
        }
        t.add(2, Op::Mul, &[t.x(shape), t.x(&[last])]);
        t.add(2, Op::Add, &[t.x(shape), t.x(&[])]);
        t.add(2, Op::Select, &[bools(shape), t.x(shape), t.x(&[])]);
        for axis in [0, -1] {
            t.add(2, Op::Sum { axes: Axes::new(&[axis]), keepdim }, &[t.x(shape)]);
            t.add(2, Op::Prod { axes: Axes::new(&[axis]), keepdim }, &[t.x(shape)]);
            t.add(0, Op::Mean { axes: Axes::new(&[axis]), keepdim }, &[t.x(shape)]);
            t.add(0, Op::Var { axes: Axes::new(&[axis]), keepdim, correction: 1 }, &[t.x(shape)]);
            t.add(0, Op::All { axes: Axes::new(&[axis]), keepdim }, &[bools(shape)]);
            t.add(0, Op::Any { axes: Axes::new(&[axis]), keepdim }, &[bools(shape)]);
            t.add(2, Op::Cumsum { axis: Axis(axis), reverse: none }, &[t.x(shape)]);
            t.add(2, Op::Flip { axes: Axes::new(&[axis]) }, &[t.x(shape)]);
            t.add(2, Op::Softmax { axis: Axis(axis) }, &[t.x(shape)]);
            t.add(2, Op::LogSoftmax { axis: Axis(axis) }, &[t.x(shape)]);
            t.add(2, Op::Cat { axis: Axis(axis) }, &[t.x(shape), t.x(shape)]);
        }
        let eps = Lit::F(1e-5);
        let (x, w) = (t.x(shape), t.x(&[last]));
        t.add(2, Op::LayerNorm { eps, weight: keepdim, bias: keepdim }, &[x.clone(), w.clone(), w.clone()]);
        t.add(2, Op::RmsNorm { eps, weight: keepdim }, &[x.clone(), w]);
        t.add(2, Op::Dropout { p: Lit::F(0.5) }, &[x, key()]);
        t.add(0, Op::Normal { elem: Elem::Known(t.float), shape: Shape::of(shape) }, &[key()]);
        t.add(0, Op::Bernoulli { p: Lit::F(0.5), shape: Shape::of(shape) }, &[key()]);
    }
    for (shape, axis) in [(&[0, 3][..], 1), (&[3, 0], 0)] {
        let axes = Axes::new(&[axis]);
        t.add(1, Op::Amax { axes, keepdim }, &[t.x(shape)]);
        t.add(1, Op::Amin { axes, keepdim: none }, &[t.x(shape)]);
        t.add(2, Op::Logsumexp { axes, keepdim }, &[t.x(shape)]);
        t.add(0, Op::Argmax { axis: Axis(axis), keepdim }, &[t.x(shape)]);
    }
    let (lo, hi) = (Shape::of(&[1, 0]), Shape::of(&[0, 2]));
    t.add(2, Op::Pad { lo, hi, value: Lit::F(1.0) }, &[t.x(&[0, 3])]);
    t.add(2, Op::Permute { axes: Axes::new(&[1, 0]) }, &[t.x(&[0, 3])]);
    t.add(2, Op::Expand { shape: Shape::of(&[4, 0, 3]) }, &[t.x(&[0, 1])]);
    t.add(2, Op::SliceUpdate { axis: Axis(1) }, &[t.x(&[2, 5]), t.x(&[2, 0]), exactly(I64, &[], &[2])]);
    t.add(2, Op::Take { axis: Axis(0) }, &[t.x(&[5, 3]), ints(I64, &[0], 0, 5)]);
    t.add(2, Op::Take { axis: Axis(0) }, &[t.x(&[5, 0]), ints(I64, &[2], 0, 5)]);
    t.add(0, Op::Take { axis: Axis(0) }, &[t.x(&[0, 3]), exactly(I64, &[2], &[0, -1])]);
    t.add(2, Op::Gather { axis: Axis(1) }, &[t.x(&[3, 5]), ints(I64, &[3, 0], 0, 5)]);
    t.add(0, Op::Gather { axis: Axis(1) }, &[t.x(&[3, 0]), ints(I64, &[3, 2], 0, 5)]);
    let extent = Extent::new(4);
    t.add(2, Op::IndexAdd { axis: Axis(0), extent }, &[t.x(&[0, 3]), ints(I64, &[0], 0, 4)]);
    t.add(2, Op::IndexAdd { axis: Axis(0), extent }, &[t.x(&[2, 0]), ints(I32, &[2], 0, 4)]);
    t.add(0, Op::IndexAdd { axis: Axis(0), extent: Extent::new(0) }, &[t.x(&[2, 3]), ints(I64, &[2], 0, 4)]);
    t.add(2, Op::ScatterAdd { axis: Axis(1), extent }, &[t.x(&[3, 0]), ints(I64, &[3, 0], 0, 4)]);
    for (a, b) in [(&[0, 3][..], &[3, 2][..]), (&[2, 3], &[3, 0]), (&[2, 0], &[0, 3]), (&[0, 2, 3], &[3, 2])]
    {
        t.add(2, Op::Matmul, &[t.x(a), t.x(b)]);
    }
    t.add(2, Op::Linear { bias: keepdim }, &[t.x(&[0, 5]), t.x(&[4, 5]), t.x(&[4])]);
    t.add(2, Op::Linear { bias: keepdim }, &[t.x(&[3, 0]), t.x(&[4, 0]), t.x(&[4])]);
    t.add(2, Op::Embedding, &[ints(I64, &[0], 0, 7), t.x(&[7, 5])]);
    let sdpa = Op::Sdpa { causal: Causal::No, scale: None, mask: none };
    t.add(2, sdpa, &[t.x(&[2, 0, 4]), t.x(&[2, 3, 4]), t.x(&[2, 3, 4])]);
    t.add(2, sdpa, &[t.x(&[2, 3, 4]), t.x(&[2, 0, 4]), t.x(&[2, 0, 4])]);
    let (ignore_index, label_smoothing) = (Some(Lit::I(-100)), Lit::F(0.0));
    let loss = |reduction| Op::CrossEntropy { ignore_index, label_smoothing, reduction };
    t.add(2, loss(Reduction::Sum), &[t.x(&[0, 5]), ints(I64, &[0], 0, 5)]);
    t.add(0, loss(Reduction::Mean), &[t.x(&[0, 5]), ints(I64, &[0], 0, 5)]);
}
