//! Samples of the composites.

use super::{Table, bools, exactly, ints, key};
use thunder_core::op::{Causal, Flag, Label, Lit, Op, Pattern, Reduction};
use thunder_core::types::DType::{Bool, I32, I64};
use thunder_core::types::{Axes, Axis, Elem, Extent, MAX_RANK};

pub(super) fn add(t: &mut Table) {
    statistics(t);
    norms(t);
    activations(t);
    linear(t);
    losses(t);
    attention(t);
    movement(t);
    einsums(t);
}

fn statistics(t: &mut Table) {
    let cases: [(&[usize], Axes, Flag); 5] = [
        (&[7], Axes::ALL, Flag::No),
        (&[3, 5], Axes::new(&[-1]), Flag::Yes),
        (&[3, 5], Axes::new(&[0]), Flag::No),
        (&[2, 3, 5], Axes::new(&[0, 2]), Flag::No),
        (&[2, 3, 5], Axes::new(&[1]), Flag::Yes),
    ];
    for (shape, axes, keepdim) in cases {
        t.add(2, Op::Mean { axes, keepdim }, &[t.x(shape)]);
        t.add(2, Op::Var { axes, keepdim, correction: 1 }, &[t.x(shape)]);
        t.add(2, Op::Var { axes, keepdim, correction: 0 }, &[t.x(shape)]);
        t.add(2, Op::Logsumexp { axes, keepdim }, &[t.x(shape)]);
    }
    let one = (Axes::new(&[1]), Flag::No);
    t.add(0, Op::Var { axes: one.0, keepdim: one.1, correction: 1 }, &[t.x(&[3, 1])]);
    let inf = [f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0, f64::INFINITY, 0.0, f64::NEG_INFINITY];
    t.add(0, Op::Logsumexp { axes: one.0, keepdim: one.1 }, &[t.v(&[3, 2], &inf)]);
    t.add(0, Op::Logsumexp { axes: one.0, keepdim: one.1 }, &[t.f(&[3, 2], 800.0, 900.0)]);
    for (shape, axis) in
        [(&[7][..], 0), (&[3, 5], -1), (&[3, 5], 0), (&[2, 3, 4], 1), (&[3, 1], 1), (&[2, 65], 1)]
    {
        t.add(2, Op::Softmax { axis: Axis(axis) }, &[t.x(shape)]);
        t.add(2, Op::LogSoftmax { axis: Axis(axis) }, &[t.x(shape)]);
    }
    t.add(
        0,
        Op::Softmax { axis: Axis(1) },
        &[t.v(&[2, 3], &[1.0, f64::NEG_INFINITY, 0.0, 900.0, 901.0, -900.0])],
    );
}

fn norms(t: &mut Table) {
    let eps = Lit::F(1e-5);
    for shape in [&[5][..], &[3, 5], &[2, 3, 7]] {
        let c = [shape[shape.len() - 1]];
        for (weight, bias) in [(true, true), (true, false), (false, true), (false, false)] {
            let mut args = vec![t.x(shape)];
            args.extend((0..u8::from(weight) + u8::from(bias)).map(|_| t.x(&c)));
            t.add(2, Op::LayerNorm { eps, weight: Flag::new(weight), bias: Flag::new(bias) }, &args);
        }
        t.add(2, Op::RmsNorm { eps, weight: Flag::Yes }, &[t.x(shape), t.x(&c)]);
        t.add(2, Op::RmsNorm { eps, weight: Flag::No }, &[t.x(shape)]);
    }
}

fn activations(t: &mut Table) {
    for shape in [&[][..], &[1], &[3, 5]] {
        t.add(2, Op::Gelu { tanh: Flag::Yes }, &[t.x(shape)]);
        t.add(2, Op::Gelu { tanh: Flag::No }, &[t.x(shape)]);
        t.add(2, Op::Silu, &[t.x(shape)]);
        t.add(2, Op::Softplus, &[t.x(shape)]);
        t.add(1, Op::Relu, &[t.x(shape)]);
        t.add(1, Op::Clamp { lo: Lit::F(-1.0), hi: Lit::F(0.5) }, &[t.x(shape)]);
    }
    t.add(0, Op::Relu, &[ints(I64, &[5], -5, 5)]);
    t.add(0, Op::Clamp { lo: Lit::I(-1), hi: Lit::I(2) }, &[ints(I64, &[9], -5, 5)]);
    t.add(0, Op::Softplus, &[t.v(&[4], &[-1000.0, 1000.0, 0.0, f64::NAN])]);
    t.add(0, Op::Relu, &[t.v(&[4], &[-1.0, f64::INFINITY, 0.0, f64::NAN])]);
    for p in [0.0, 0.25, 0.5, 1.0] {
        // At p = 1 the definition divides 0 by 0 where nothing is kept.
        t.add(if p < 1.0 { 2 } else { 0 }, Op::Dropout { p: Lit::F(p) }, &[t.x(&[3, 5]), key()]);
    }
}

fn linear(t: &mut Table) {
    for shape in [&[5][..], &[1, 5], &[3, 5], &[2, 3, 5]] {
        t.add(2, Op::Linear { bias: Flag::Yes }, &[t.x(shape), t.x(&[4, 5]), t.x(&[4])]);
        t.add(2, Op::Linear { bias: Flag::No }, &[t.x(shape), t.x(&[4, 5])]);
    }
    t.add(2, Op::Embedding, &[ints(I64, &[2, 3], 0, 7), t.x(&[7, 5])]);
    t.add(2, Op::Embedding, &[ints(I32, &[], 0, 7), t.x(&[7, 1])]);
    t.add(
        0,
        Op::OneHot { classes: Extent::new(4), elem: Elem::Known(t.float) },
        &[exactly(I64, &[5], &[0, 3, 4, -1, 2])],
    );
    t.add(0, Op::OneHot { classes: Extent::new(4), elem: Elem::Known(Bool) }, &[ints(I64, &[2, 3], 0, 4)]);
    t.add(0, Op::OneHot { classes: Extent::new(3), elem: Elem::Known(I32) }, &[ints(I64, &[], 0, 3)]);
}

fn losses(t: &mut Table) {
    for (smoothing, reduction) in
        [(0.0, Reduction::Mean), (0.1, Reduction::Mean), (0.0, Reduction::Sum), (0.3, Reduction::Sum)]
    {
        let op = |ignore| Op::CrossEntropy {
            ignore_index: Some(Lit::I(ignore)),
            label_smoothing: Lit::F(smoothing),
            reduction,
        };
        t.add(2, op(-100), &[t.x(&[3, 5]), ints(I64, &[3], 0, 5)]);
        t.add(2, op(-100), &[t.x(&[4, 5]), exactly(I64, &[4], &[1, -100, 4, -100])]);
        t.add(2, op(0), &[t.x(&[2, 3, 7]), exactly(I64, &[2, 3], &[1, 0, 4, 6, 0, 2])]);
        t.add(2, op(-100), &[t.x(&[5]), ints(I64, &[], 0, 5)]);
        t.add(0, op(-100), &[t.x(&[3, 5]), exactly(I64, &[3], &[0, 5, 2])]);
        t.add(0, op(-100), &[t.f(&[3, 5], 500.0, 900.0), ints(I64, &[3], 0, 5)]);
        let all = Op::CrossEntropy { ignore_index: None, label_smoothing: Lit::F(smoothing), reduction };
        t.add(2, all, &[t.x(&[3, 5]), ints(I64, &[3], 0, 5)]);
        t.add(0, all, &[t.x(&[3, 5]), exactly(I64, &[3], &[0, i64::MIN, 2])]);
    }
}

fn attention(t: &mut Table) {
    let op = |causal: Causal, mask: bool| Op::Sdpa { causal, scale: None, mask: Flag::new(mask) };
    let qkv = |t: &Table, h: usize, hk: usize, tq: usize, tk: usize, d: usize, dv: usize| {
        vec![t.x(&[2, h, tq, d]), t.x(&[2, hk, tk, d]), t.x(&[2, hk, tk, dv])]
    };
    t.add(2, op(Causal::No, false), &qkv(t, 2, 2, 3, 3, 4, 4));
    t.add(2, op(Causal::Equal, false), &qkv(t, 2, 2, 3, 3, 4, 4));
    for causal in [Causal::LowerRight, Causal::UpperLeft] {
        t.add(2, op(causal, false), &qkv(t, 4, 2, 2, 5, 3, 2));
        t.add(2, op(causal, false), &qkv(t, 3, 1, 4, 2, 1, 3));
    }
    t.add(2, op(Causal::No, true), &[qkv(t, 2, 1, 3, 4, 2, 2), vec![t.x(&[3, 4])]].concat());
    t.add(2, op(Causal::No, true), &[qkv(t, 2, 2, 3, 4, 2, 2), vec![bools(&[2, 1, 3, 4])]].concat());
    let none = exactly(Bool, &[2, 3], &[1, 0, 1, 0, 0, 0]);
    t.add(2, op(Causal::No, true), &[t.x(&[1, 2, 2]), t.x(&[1, 3, 2]), t.x(&[1, 3, 2]), none]);
    let scaled = Op::Sdpa { causal: Causal::No, scale: Some(Lit::F(0.3)), mask: Flag::No };
    t.add(2, scaled, &[t.x(&[2, 2, 3]), t.x(&[2, 4, 3]), t.x(&[2, 4, 3])]);
}

fn movement(t: &mut Table) {
    let e = Extent::new;
    for index in 0..3 {
        t.add(2, Op::Chunk { n: e(3), axis: Axis(-1), index: e(index) }, &[t.x(&[2, 6])]);
    }
    t.add(2, Op::Narrow { axis: Axis(0), start: e(1), len: e(3) }, &[t.x(&[5, 2])]);
    t.add(2, Op::SelectIndex { axis: Axis(1), index: e(2) }, &[t.x(&[2, 3, 2])]);
    t.add(2, Op::Transpose { a: Axis(0), b: Axis(-1) }, &[t.x(&[2, 3, 4])]);
    t.add(2, Op::Unsqueeze { axis: Axis(-1) }, &[t.x(&[2, 3])]);
    t.add(2, Op::Unsqueeze { axis: Axis(0) }, &[t.x(&[])]);
    t.add(2, Op::Squeeze { axis: Axis(1) }, &[t.x(&[2, 1, 3])]);
    for axis in [0, 1, -1] {
        t.add(2, Op::Stack { axis: Axis(axis) }, &[t.x(&[2, 3]), t.x(&[2, 3]), t.x(&[2, 3])]);
    }
    // |b, t, (H, d)| (b, H, t, d) with H = 2, and back.
    let mut extents = [Extent::UNKNOWN; MAX_RANK];
    extents[2] = e(2);
    let pad = |list: &[u8]| std::array::from_fn(|i| list.get(i).copied().unwrap_or(0));
    let split = Pattern {
        atoms: 4,
        inputs: 3,
        outputs: 4,
        extents,
        group: pad(&[0, 1, 2, 2]),
        order: pad(&[0, 2, 1, 3]),
        place: pad(&[0, 1, 2, 3]),
    };
    t.add(2, Op::Rearrange { pattern: split }, &[t.x(&[2, 3, 6])]);
    let merge = Pattern {
        atoms: 4,
        inputs: 4,
        outputs: 3,
        extents: [Extent::UNKNOWN; MAX_RANK],
        group: pad(&[0, 1, 2, 3]),
        order: pad(&[0, 2, 1, 3]),
        place: pad(&[0, 1, 2, 2]),
    };
    t.add(2, Op::Rearrange { pattern: merge }, &[t.x(&[2, 2, 3, 3])]);
    for diagonal in [-1, 0, 2] {
        t.add(2, Op::Tril { diagonal: Lit::I(diagonal) }, &[t.x(&[2, 3, 5])]);
        t.add(2, Op::Triu { diagonal: Lit::I(diagonal) }, &[t.x(&[5, 3])]);
    }
}

fn einsums(t: &mut Table) {
    let e = |spec| Op::Einsum { spec: Label::new(spec) };
    t.add(2, e("ij->ji"), &[t.x(&[2, 3])]);
    t.add(2, e("ij->"), &[t.x(&[2, 3])]);
    t.add(2, e("ii->i"), &[t.x(&[3, 3])]);
    t.add(2, e("i,j->ij"), &[t.x(&[2]), t.x(&[3])]);
    t.add(2, e("ij,jk->ik"), &[t.x(&[2, 3]), t.x(&[3, 4])]);
    t.add(2, e("bhqd,bhkd->bhqk"), &[t.x(&[2, 2, 3, 4]), t.x(&[2, 2, 5, 4])]);
    t.add(2, e("bij,bjk,k->bi"), &[t.x(&[2, 3, 2]), t.x(&[2, 2, 4]), t.x(&[4])]);
    t.add(2, e("ij, ij -> i"), &[t.x(&[2, 3]), t.x(&[2, 3])]);
    t.add(2, e("ijk,l->kj"), &[t.x(&[2, 3, 2]), t.x(&[3])]);
}
