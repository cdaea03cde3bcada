//! Samples of the primitives.

use super::{Table, bools, exactly, ints, key};
use crate::elementwise::UNARY;
use thunder_core::op::{Flag, Label, Lit, Op};
use thunder_core::types::DType::{BF16, Bool, I32, I64, U8, U32};
use thunder_core::types::{Axes, Axis, Elem, Extent, Shape};

const KEEP: Flag = Flag::Yes;
const DROP: Flag = Flag::No;

pub(super) fn add(t: &mut Table) {
    creation(t);
    unary(t);
    binary(t);
    reductions(t);
    movement(t);
    indexing(t);
    contraction(t);
    random(t);
}

fn creation(t: &mut Table) {
    let float = Elem::Known(t.float);
    t.add(0, Op::Full { value: Lit::F(1.5), elem: float, shape: Shape::of(&[3, 1]) }, &[]);
    t.add(0, Op::Full { value: Lit::I(-3), elem: Elem::Known(I64), shape: Shape::SCALAR }, &[]);
    t.add(0, Op::Full { value: Lit::B(true), elem: Elem::Known(Bool), shape: Shape::of(&[5]) }, &[]);
    for (elem, axis) in [(float, 1), (Elem::Known(I64), 0), (Elem::Known(I32), 2), (Elem::Known(U8), -1)] {
        t.add(0, Op::Iota { elem, shape: Shape::of(&[3, 5, 2]), axis: Axis(axis) }, &[]);
    }
}

fn unary(t: &mut Table) {
    let sizes: [&[usize]; 4] = [&[], &[1], &[7], &[3, 5]];
    for shape in sizes {
        for row in UNARY {
            t.add(row.order, row.op, &[t.f(shape, row.range.0, row.range.1)]);
        }
    }
    let odd = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for row in UNARY {
        t.add(0, row.op, &[t.v(&[11], &odd)]);
        t.add(0, row.op, &[t.x(&[0, 3])]);
    }
    for op in [Op::Neg, Op::Abs, Op::Sign, Op::Square, Op::Not] {
        t.add(0, op, &[ints(I64, &[3, 5], -9, 9)]);
        t.add(0, op, &[ints(I32, &[4], -9, 9)]);
    }
    t.add(0, Op::Not, &[bools(&[3, 5])]);
    for to in [t.float, I64, I32, U32, U8, Bool] {
        let op = Op::Cast { elem: Elem::Known(to) };
        t.add(if to.is_float() { 2 } else { 0 }, op, &[t.f(&[3, 5], -9.0, 300.0)]);
        t.add(0, op, &[t.v(&[8], &[0.0, -0.0, 0.5, -1.5, 1e10, -1e10, f64::NAN, f64::INFINITY])]);
        t.add(0, op, &[ints(I64, &[7], -300, 300)]);
        t.add(0, op, &[bools(&[7])]);
    }
}

fn binary(t: &mut Table) {
    let shapes: [(&[usize], &[usize]); 6] = [
        (&[], &[]),
        (&[7], &[7]),
        (&[3, 5], &[5]),
        (&[3, 1], &[1, 5]),
        (&[1], &[2, 3, 1]),
        (&[4, 1, 3], &[2, 1]),
    ];
    for (a, b) in shapes {
        for op in [Op::Add, Op::Sub, Op::Mul] {
            t.add(2, op, &[t.x(a), t.x(b)]);
            t.add(0, op, &[ints(I64, a, -9, 9), ints(I64, b, -9, 9)]);
        }
        t.add(2, Op::Div, &[t.x(a), t.f(b, 0.5, 2.0)]);
        t.add(2, Op::Pow, &[t.f(a, 0.5, 2.0), t.x(b)]);
        t.add(2, Op::Atan2, &[t.x(a), t.f(b, 0.5, 2.0)]);
        t.add(1, Op::Rem, &[t.f(a, -5.0, 5.0), t.f(b, 0.7, 1.3)]);
        for op in [Op::Maximum, Op::Minimum] {
            t.add(1, op, &[t.x(a), t.x(b)]);
            t.add(0, op, &[ints(I32, a, -9, 9), ints(I32, b, -9, 9)]);
        }
        for op in [Op::Div, Op::Rem, Op::Pow] {
            t.add(0, op, &[ints(I64, a, 0, 9), ints(I64, b, 1, 4)]);
        }
        for op in [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge] {
            t.add(0, op, &[t.x(a), t.x(b)]);
            t.add(0, op, &[ints(I64, a, 0, 3), ints(I64, b, 0, 3)]);
        }
        for op in [Op::And, Op::Or, Op::Xor] {
            t.add(0, op, &[bools(a), bools(b)]);
            t.add(0, op, &[ints(I32, a, 0, 99), ints(I32, b, 0, 99)]);
        }
        t.add(2, Op::Select, &[bools(a), t.x(b), t.x(a)]);
        t.add(2, Op::Select, &[bools(b), t.x(&[]), t.x(a)]);
        t.add(0, Op::Select, &[bools(a), ints(I64, b, 0, 9), ints(I64, a, 0, 9)]);
    }
    let (x, y) = ([0.0, f64::NAN, 1.0, f64::INFINITY], [f64::NAN, 0.0, f64::INFINITY, f64::NEG_INFINITY]);
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Maximum, Op::Minimum, Op::Eq, Op::Lt, Op::Ge, Op::Ne] {
        t.add(0, op, &[t.v(&[4], &x), t.v(&[4], &y)]);
    }
}

fn reductions(t: &mut Table) {
    let cases: [(&[usize], Axes); 6] = [
        (&[7], Axes::ALL),
        (&[3, 5], Axes::new(&[-1])),
        (&[3, 5], Axes::new(&[0])),
        (&[2, 3, 5], Axes::new(&[0, 2])),
        (&[2, 1, 3], Axes::new(&[1])),
        (&[3, 33], Axes::new(&[1])),
    ];
    for (i, (shape, axes)) in cases.into_iter().enumerate() {
        let keepdim = if i % 2 == 0 { KEEP } else { DROP };
        t.add(2, Op::Sum { axes, keepdim }, &[t.x(shape)]);
        t.add(2, Op::Prod { axes, keepdim }, &[t.f(shape, 0.5, 1.5)]);
        t.add(1, Op::Amax { axes, keepdim }, &[t.x(shape)]);
        t.add(1, Op::Amin { axes, keepdim }, &[t.x(shape)]);
        t.add(0, Op::Sum { axes, keepdim }, &[ints(I64, shape, -9, 9)]);
        t.add(0, Op::Prod { axes, keepdim }, &[ints(I32, shape, 1, 3)]);
        t.add(0, Op::Amax { axes, keepdim }, &[ints(I32, shape, -9, 9)]);
        t.add(0, Op::Amin { axes, keepdim }, &[ints(U8, shape, 0, 99)]);
        t.add(0, Op::All { axes, keepdim }, &[bools(shape)]);
        t.add(0, Op::Any { axes, keepdim }, &[bools(shape)]);
    }
    t.add(
        2,
        Op::Prod { axes: Axes::new(&[1]), keepdim: DROP },
        &[t.v(&[2, 3], &[0.0, 1.5, 2.0, 0.0, 0.0, 3.0])],
    );
    t.add(0, Op::Amax { axes: Axes::ALL, keepdim: DROP }, &[t.v(&[3], &[1.0, f64::NAN, 2.0])]);
    t.add(0, Op::Amin { axes: Axes::ALL, keepdim: DROP }, &[t.v(&[3], &[1.0, f64::NAN, 2.0])]);
    t.add(0, Op::Sum { axes: Axes::new(&[0]), keepdim: DROP }, &[t.x(&[0, 3])]);
    t.add(0, Op::Prod { axes: Axes::new(&[0]), keepdim: DROP }, &[t.x(&[0, 3])]);
    for (shape, axis) in [(&[7][..], 0), (&[3, 5], 1), (&[3, 5], -2), (&[2, 3, 4], 1)] {
        let axis = Axis(axis);
        t.add(0, Op::Argmax { axis, keepdim: DROP }, &[t.x(shape)]);
        t.add(0, Op::Argmin { axis, keepdim: KEEP }, &[ints(I64, shape, 0, 4)]);
        t.add(0, Op::Argmax { axis, keepdim: KEEP }, &[ints(I64, shape, 0, 4)]);
        t.add(2, Op::Cumsum { axis, reverse: Flag::No }, &[t.x(shape)]);
        t.add(2, Op::Cumsum { axis, reverse: Flag::Yes }, &[t.x(shape)]);
        t.add(0, Op::Cumsum { axis, reverse: Flag::No }, &[ints(I32, shape, -9, 9)]);
    }
}

fn movement(t: &mut Table) {
    t.add(2, Op::Reshape { shape: Shape::of(&[5, 6]) }, &[t.x(&[2, 3, 5])]);
    t.add(2, Op::Reshape { shape: Shape::SCALAR }, &[t.x(&[1, 1])]);
    t.add(2, Op::Permute { axes: Axes::new(&[2, 0, 1]) }, &[t.x(&[2, 3, 5])]);
    t.add(2, Op::Permute { axes: Axes::new(&[1, -2]) }, &[t.x(&[4, 3])]);
    t.add(2, Op::Expand { shape: Shape::of(&[2, 3, 5]) }, &[t.x(&[3, 1])]);
    t.add(2, Op::Expand { shape: Shape::of(&[4]) }, &[t.x(&[])]);
    t.add(2, Op::Slice { start: Shape::of(&[1, 0]), end: Shape::of(&[3, 4]) }, &[t.x(&[3, 5])]);
    t.add(0, Op::Slice { start: Shape::of(&[2]), end: Shape::of(&[2]) }, &[t.x(&[3])]);
    let (lo, hi) = (Shape::of(&[1, 0]), Shape::of(&[2, 3]));
    t.add(2, Op::Pad { lo, hi, value: Lit::F(-1.5) }, &[t.x(&[3, 2])]);
    t.add(0, Op::Pad { lo, hi, value: Lit::I(7) }, &[ints(I64, &[3, 2], 0, 9)]);
    t.add(2, Op::Flip { axes: Axes::new(&[0, -1]) }, &[t.x(&[3, 2, 5])]);
    t.add(2, Op::Cat { axis: Axis(1) }, &[t.x(&[3, 2]), t.x(&[3, 1]), t.x(&[3, 4])]);
    t.add(2, Op::Cat { axis: Axis(-2) }, &[t.x(&[3, 2]), t.x(&[1, 2])]);
    t.add(0, Op::Cat { axis: Axis(0) }, &[bools(&[3]), bools(&[0]), bools(&[2])]);
    for op in [Op::StopGradient, Op::Barrier, Op::DebugPrint { label: Label::new("x") }] {
        t.add(if matches!(op, Op::StopGradient) { 0 } else { 2 }, op, &[t.x(&[3, 5])]);
    }
}

fn indexing(t: &mut Table) {
    for start in [0, 2, 9, -4] {
        let start = exactly(I64, &[], &[start]);
        t.add(2, Op::SliceUpdate { axis: Axis(1) }, &[t.x(&[2, 5, 3]), t.x(&[2, 2, 3]), start]);
    }
    t.add(2, Op::Take { axis: Axis(0) }, &[t.x(&[5, 3]), ints(I64, &[7], 0, 5)]);
    t.add(2, Op::Take { axis: Axis(-1) }, &[t.x(&[2, 4]), ints(I32, &[3, 2], 0, 4)]);
    t.add(2, Op::Take { axis: Axis(1) }, &[t.x(&[2, 4, 3]), ints(I64, &[], 0, 4)]);
    t.add(0, Op::Take { axis: Axis(0) }, &[t.x(&[3, 2]), exactly(I64, &[4], &[0, 3, -1, 2])]);
    t.add(0, Op::Take { axis: Axis(0) }, &[ints(I64, &[3], 1, 9), exactly(I64, &[3], &[0, 3, -1])]);
    let five = Extent::new(5);
    t.add(2, Op::IndexAdd { axis: Axis(0), extent: five }, &[t.x(&[7, 3]), ints(I64, &[7], 0, 5)]);
    t.add(
        2,
        Op::IndexAdd { axis: Axis(1), extent: five },
        &[t.x(&[2, 3, 2]), exactly(I64, &[3, 2], &[0, 5, -1, 2, 2, 4])],
    );
    t.add(2, Op::IndexAdd { axis: Axis(0), extent: five }, &[t.x(&[3]), ints(I64, &[], 0, 5)]);
    t.add(2, Op::Gather { axis: Axis(1) }, &[t.x(&[3, 5]), ints(I64, &[3, 2], 0, 5)]);
    t.add(2, Op::Gather { axis: Axis(0) }, &[t.x(&[3, 5]), ints(I64, &[4, 2], 0, 3)]);
    t.add(2, Op::ScatterAdd { axis: Axis(1), extent: five }, &[t.x(&[3, 4]), ints(I64, &[3, 4], 0, 5)]);
    t.add(
        2,
        Op::ScatterAdd { axis: Axis(0), extent: five },
        &[t.x(&[4]), exactly(I64, &[4], &[1, 5, -1, 1])],
    );
}

fn contraction(t: &mut Table) {
    let cases: [(&[usize], &[usize]); 7] = [
        (&[3, 5], &[5, 2]),
        (&[1, 1], &[1, 1]),
        (&[2, 3, 5], &[5, 2]),
        (&[3, 5], &[2, 5, 2]),
        (&[2, 1, 3, 4], &[3, 4, 2]),
        (&[2, 3, 4], &[2, 4, 1]),
        (&[17, 33], &[33, 9]),
    ];
    for (a, b) in cases {
        t.add(2, Op::Matmul, &[t.x(a), t.x(b)]);
        let half = |shape: &[usize]| super::Input {
            dtype: BF16,
            shape: shape.to_vec(),
            fill: super::Fill::Range(-2.0, 2.0),
        };
        t.add(2, Op::MatmulWide { elem: Elem::Known(BF16) }, &[half(a), half(b)]);
    }
    t.add(0, Op::Matmul, &[t.x(&[2, 0]), t.x(&[0, 3])]);
    t.add(0, Op::Matmul, &[ints(I64, &[2, 3], -9, 9), ints(I64, &[3, 4], -9, 9)]);
}

fn random(t: &mut Table) {
    t.add(0, Op::KeySplit { n: Extent::new(3), index: Extent::new(2) }, &[key()]);
    t.add(0, Op::FoldIn, &[key(), exactly(I64, &[], &[77])]);
    let elem = Elem::Known(t.float);
    for shape in [Shape::of(&[]), Shape::of(&[3, 7]), Shape::of(&[129])] {
        t.add(0, Op::Uniform { elem, shape }, &[key()]);
        t.add(0, Op::Normal { elem, shape }, &[key()]);
        t.add(0, Op::Bernoulli { p: Lit::F(0.3), shape }, &[key()]);
    }
    t.add(0, Op::Bernoulli { p: Lit::F(1.0), shape: Shape::of(&[9]) }, &[key()]);
    t.add(0, Op::Bernoulli { p: Lit::F(0.0), shape: Shape::of(&[9]) }, &[key()]);
}
