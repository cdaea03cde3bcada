//! Results that fit an element type although intermediate values do not: long sums, large scores, counts.

use crate::common::{Function, build, differentiated, vjp};
use crate::device;
use thunder_core::exec::{Arg, Buffer};
use thunder_core::item::Options;
use thunder_core::op::{Causal, Flag, Op};
use thunder_core::pipeline;
use thunder_core::trace::{Builder, Trace, Value};
use thunder_core::types::{Axes, Axis, DType, Extent, Shape, Ty};
use thunder_oracle::samples::Random;
use thunder_oracle::{decode, encode};

/// Lowers, fuses and runs.
fn run(trace: &Trace, inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let backend = device();
    let upload = |(&p, x): (&Value, &&[f64])| -> Buffer {
        backend.upload(&encode(trace.ty(p).dtype(), x)).expect("it uploads")
    };
    let mut args = trace.body.params.iter().zip(inputs).map(upload).map(Arg::Borrowed).collect();
    let types: Vec<Ty> = trace.body.results.iter().map(|&r| trace.ty(r)).collect();
    let none = vec![false; inputs.len()];
    let outcome = pipeline::compile(trace.clone(), backend, &none, Options::default(), None);
    let out = outcome.expect("it compiles").exe.run(&mut args).expect("it runs");
    let read = |(buffer, ty): (&Buffer, &Ty)| {
        let mut bytes = vec![0; ty.bytes()];
        backend.download(buffer, &mut bytes).expect("it downloads");
        decode(ty.dtype(), &bytes)
    };
    out.iter().zip(&types).map(read).collect()
}

fn one(ty: Ty, op: Op) -> Trace {
    build(&[ty], |b, p| vec![b.op(op, p)])
}

fn near(what: &str, got: f64, want: f64, relative: f64) {
    assert!((got - want).abs() <= relative * want.abs(), "{what}: {got}, expected {want}");
}

/// Copies of 0.1, whose error is the same at each step of a sum; and numbers drawn from 0..1.
fn data(n: usize) -> [Vec<f64>; 2] {
    let mut random = Random(3);
    [vec![f64::from(0.1f32); n], (0..n).map(|_| f64::from(random.unit() as f32)).collect()]
}

const WANTED: f64 = 1e-6;

#[test]
fn the_sum_of_twenty_million_elements() {
    let n = 20_000_000;
    for x in data(n) {
        let sum = Op::Sum { axes: Axes::ALL, keepdim: Flag::No };
        let got = run(&one(Ty::of(DType::F32, &[n]), sum), &[&x]);
        near("sum", got[0][0], x.iter().sum(), WANTED);
    }
}

#[test]
fn sums_of_long_rows_and_columns() {
    for (shape, axis) in
        [([2, 1_000_000], 1), ([1_000_000, 2], 0), ([60_000, 40], 0), ([40, 60_000], 1), ([200, 8000], 1)]
    {
        let axes = Axes::new(&[axis]);
        let trace = build(&[Ty::of(DType::F32, &shape)], |b, p| {
            vec![
                b.op(Op::Sum { axes, keepdim: Flag::No }, p),
                b.op(Op::Mean { axes, keepdim: Flag::No }, p),
                b.op(Op::Var { axes, keepdim: Flag::No, correction: 0 }, p),
                b.op(Op::Logsumexp { axes, keepdim: Flag::No }, p),
            ]
        });
        for (k, x) in data(shape[0] * shape[1]).into_iter().enumerate() {
            let got = run(&trace, &[&x]);
            let (n, lines) = if axis == 1 { (shape[1], shape[0]) } else { (shape[0], shape[1]) };
            for line in 0..lines {
                let at = |i: usize| if axis == 1 { x[line * n + i] } else { x[i * lines + line] };
                let sum: f64 = (0..n).map(at).sum();
                let mean = sum / n as f64;
                let var = (0..n).map(|i| (at(i) - mean).powi(2)).sum::<f64>() / n as f64;
                let lse = (0..n).map(|i| at(i).exp()).sum::<f64>().ln();
                let what = format!("{shape:?} over {axis}, line {line}");
                near(&what, got[0][line], sum, WANTED);
                near(&what, got[1][line], mean, WANTED);
                if k == 1 {
                    near(&what, got[2][line], var, WANTED);
                }
                near(&what, got[3][line], lse, WANTED);
            }
        }
    }
}

#[test]
fn the_softmax_of_a_long_row() {
    let n = 2_000_000;
    let x = vec![f64::from(0.1f32); n];
    let got = run(&one(Ty::of(DType::F32, &[n]), Op::Softmax { axis: Axis(0) }), &[&x]);
    near("first", got[0][0], 1.0 / n as f64, WANTED);
    near("last", got[0][n - 1], 1.0 / n as f64, WANTED);
}

/// Reductions of rows, and sums of their results over the rows, as in a norm's gradients.
#[test]
fn sums_over_rows_that_are_reduced() {
    let (rows, n) = (100_000, 8);
    let ty = Ty::of(DType::F32, &[rows, n]);
    let trace = build(&[ty], |b, p| {
        let mean = b.op(Op::Mean { axes: Axes::new(&[1]), keepdim: Flag::Yes }, p);
        let y = b.add(p[0], mean);
        vec![y, b.op(Op::Sum { axes: Axes::new(&[0]), keepdim: Flag::No }, &[y])]
    });
    for x in data(rows * n) {
        let mut want = vec![0.0; n];
        for row in x.chunks(n) {
            let mean = row.iter().sum::<f64>() / n as f64;
            want.iter_mut().zip(row).for_each(|(w, x)| *w += x + mean);
        }
        let got = run(&trace, &[&x]);
        got[1].iter().zip(&want).for_each(|(g, w)| near("column", *g, *w, WANTED));
    }
}

#[test]
fn running_sums() {
    let n = 1_000_000;
    for x in data(n) {
        for (shape, axis, reverse) in [(&[n][..], 0, false), (&[n / 2, 2], 0, false), (&[n], 0, true)] {
            let op = Op::Cumsum { axis: Axis(axis), reverse: Flag::new(reverse) };
            let got = run(&one(Ty::of(DType::F32, shape), op), &[&x]);
            let lines = shape.get(1).copied().unwrap_or(1);
            let mut sums = vec![0.0; lines];
            for i in 0..n {
                let i = if reverse { n - 1 - i } else { i };
                sums[i % lines] += x[i];
                near("running sum", got[0][i], sums[i % lines], WANTED);
            }
        }
    }
    for (dtype, unit) in [(DType::F16, 1.0 / 1024.0), (DType::BF16, 1.0 / 128.0)] {
        let x = vec![0.125; 3000];
        let op = Op::Cumsum { axis: Axis(0), reverse: Flag::No };
        let got = run(&one(Ty::of(dtype, &[3000]), op), &[&x]);
        near("16 bits", got[0][2999], 375.0, unit / 2.0);
    }
}

#[test]
fn sums_at_indices() {
    let (n, inner, extent) = (300_000, 3, 5);
    let index: Vec<f64> = (0..n).map(|i| (i % extent) as f64).collect();
    for x in data(n * inner) {
        let mut want = vec![0.0; extent * inner];
        x.iter().enumerate().for_each(|(i, x)| want[(i / inner) % extent * inner + i % inner] += x);
        let add = Op::IndexAdd { axis: Axis(0), extent: Extent::new(extent) };
        let types = [Ty::of(DType::F32, &[n, inner]), Ty::of(DType::I64, &[n])];
        let got = run(&build(&types, |b, p| vec![b.op(add, p)]), &[&x, &index]);
        got[0].iter().zip(&want).for_each(|(g, w)| near("index_add", *g, *w, WANTED));
        let wide: Vec<f64> = index.iter().flat_map(|&i| [i; 3]).collect();
        let scatter = Op::ScatterAdd { axis: Axis(0), extent: Extent::new(extent) };
        let types = [Ty::of(DType::F32, &[n, inner]), Ty::of(DType::I64, &[n, inner])];
        let got = run(&build(&types, |b, p| vec![b.op(scatter, p)]), &[&x, &wide]);
        got[0].iter().zip(&want).for_each(|(g, w)| near("scatter_add", *g, *w, WANTED));
    }
}

/// More rows than a device has blocks along the second dimension of a grid.
#[test]
fn sums_at_indices_in_many_rows() {
    let rows = 70_000;
    let types = [Ty::of(DType::F32, &[rows, 2]), Ty::of(DType::I64, &[2])];
    let op = Op::IndexAdd { axis: Axis(1), extent: Extent::new(2) };
    let x: Vec<f64> = (0..2 * rows).map(|i| i as f64).collect();
    let got = run(&build(&types, |b, p| vec![b.op(op, p)]), &[&x, &[1.0, 0.0]]);
    assert!((0..rows).all(|r| got[0][2 * r] == x[2 * r + 1] && got[0][2 * r + 1] == x[2 * r]));
}

fn gradient(types: &[Ty], f: Function) -> Trace {
    let trace = build(types, |b, p| {
        let ones = |b: &mut Builder, y: Value| {
            let one = b.scalar(b.ty(y).dtype(), 1.0);
            b.expand(one, b.ty(y).shape)
        };
        // The type of the result, from a copy that is not used.
        let y = f(b, p)[0];
        let ct = ones(b, y);
        vjp(b, p, &[ct], f)
    });
    differentiated("gradient", trace)
}

#[test]
fn counts_of_more_elements_than_f16_holds() {
    let n = 70_000;
    let ty = Ty::of(DType::F16, &[n]);
    let x = vec![2.0; n];
    let (axes, keepdim) = (Axes::ALL, Flag::No);
    for op in [Op::Amax { axes, keepdim }, Op::Amin { axes, keepdim }, Op::Mean { axes, keepdim }] {
        let got = run(&gradient(&[ty], &|b, p| vec![b.op(op, p)]), &[&x]);
        assert_eq!(got[0], [2.0], "{op:?}");
        // A subnormal number of f16.
        near(op.name(), got[1][n - 1], 1.0 / n as f64, 0.01);
    }
    let y: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 3.0 }).collect();
    let var = Op::Var { axes, keepdim, correction: 1 };
    let got = run(&gradient(&[ty], &|b, p| vec![b.op(var, p)]), &[&y]);
    near("var", got[0][0], 1.0, 1e-3);
    near("var's gradient", got[1][1], 2.0 / n as f64, 0.01);
}

#[test]
fn the_scores_of_attention_may_lie_outside_of_f16() {
    let d = 64;
    let types = [1, 2, 2].map(|t| Ty::of(DType::F16, &[1, 1, t, d]));
    let op = Op::Sdpa { causal: Causal::No, scale: None, mask: Flag::No };
    let trace = gradient(&types, &|b, p| vec![b.op(op, p)]);
    // Scores of 102400 and 0, before the scale.
    let keys: Vec<f64> = (0..2 * d).map(|i| if i < d { 40.0 } else { 0.0 }).collect();
    let values: Vec<f64> = (0..2 * d).map(|i| if i < d { 2.0 } else { 5.0 }).collect();
    let got = run(&trace, &[&vec![40.0; d], &keys, &values]);
    assert!(got[0].iter().all(|&y| y == 2.0), "{:?}", got[0]);
    // The weight is 1 to the last bit, so nothing moves it.
    assert!(got[1].iter().chain(&got[2]).all(|&y| y == 0.0), "{:?} {:?}", got[1], got[2]);
    assert!(got[3].iter().enumerate().all(|(i, &y)| y == if i < d { 1.0 } else { 0.0 }), "{:?}", got[3]);
}

/// The products inside the derivative of attention are as large.
#[test]
fn the_derivative_of_attention_may_lie_outside_of_f16() {
    let d = 64;
    let types = [1, 2, 2, 1].map(|t| Ty::of(DType::F16, &[1, 1, t, d]));
    let op = Op::Sdpa { causal: Causal::No, scale: None, mask: Flag::No };
    let trace = build(&types, |b, p| vjp(b, &p[..3], &p[3..], &|b, p| vec![b.op(op, p)]));
    let trace = differentiated("attention", trace);
    let got = run(&trace, &[&vec![0.0; d], &vec![1.0; 2 * d], &vec![40.0; 2 * d], &vec![40.0; d]]);
    assert!(got[0].iter().all(|&y| y == 40.0), "{:?}", got[0]);
    assert!(got[1].iter().chain(&got[2]).all(|&y| y == 0.0), "{:?} {:?}", got[1], got[2]);
    assert!(got[3].iter().all(|&y| y == 20.0), "{:?}", got[3]);
}

#[test]
fn a_bias_brings_a_product_back_into_f16() {
    let types = [Ty::of(DType::F16, &[1, 64]), Ty::of(DType::F16, &[1, 64]), Ty::of(DType::F16, &[1])];
    let trace = build(&types, |b, p| vec![b.op(Op::Linear { bias: Flag::Yes }, p)]);
    let got = run(&trace, &[&vec![32.0; 64], &vec![32.0; 64], &[-60_000.0]]);
    assert_eq!(got[0], [5536.0]);
}

/// Three operands, or a sum before the product: rounded once.
#[test]
fn an_einsum_of_several_steps_rounds_once() {
    for spec in ["ij,jk,k->i", "ij,k->i"] {
        let shapes: &[&[usize]] =
            if spec.len() > 8 { &[&[1, 64], &[64, 2], &[2]] } else { &[&[1, 4096], &[2]] };
        let types: Vec<Ty> = shapes.iter().map(|s| Ty::of(DType::F16, s)).collect();
        let op = Op::Einsum { spec: thunder_core::op::Label::new(spec) };
        let trace = build(&types, |b, p| vec![b.op(op, p)]);
        let count = |s: &[usize]| s.iter().product::<usize>();
        let small = [vec![0.0; 2], vec![2f64.powi(-10); 2]].concat();
        let inputs: Vec<Vec<f64>> = match shapes.len() {
            3 => vec![vec![32.0; count(shapes[0])], vec![64.0; count(shapes[1])], small[2..].to_vec()],
            _ => vec![vec![32.0; count(shapes[0])], small[2..].to_vec()],
        };
        let got = run(&trace, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(got[0], [256.0], "{spec}");
    }
}

/// A logarithm that is rounded to 16 bits before its exponential is taken is off by its size times its error.
#[test]
fn derivatives_of_logarithms_do_not_go_through_sixteen_bits() {
    let (n, ty) = (4, Ty::of(DType::BF16, &[4]));
    let x = [100.0, 99.0, 98.0, 97.0];
    let exps: Vec<f64> = x.iter().map(|x| (x - 100.0f64).exp()).collect();
    let total: f64 = exps.iter().sum();
    let lse = Op::Logsumexp { axes: Axes::ALL, keepdim: Flag::No };
    let got = run(&gradient(&[ty], &|b, p| vec![b.op(lse, p)]), &[&x]);
    (0..n).for_each(|i| near("logsumexp", got[1][i], exps[i] / total, 1.0 / 256.0));
    let trace = build(&[ty, ty], |b, p| {
        vjp(b, &p[..1], &p[1..], &|b, p| vec![b.op(Op::LogSoftmax { axis: Axis(0) }, p)])
    });
    let x = [0.0, -20.3, -9.2, -15.1].map(|x| thunder_oracle::round(DType::BF16, x));
    let total: f64 = x.iter().map(|x| x.exp()).sum();
    let got = run(&differentiated("log_softmax", trace), &[&x, &[1.0, 0.0, 0.0, 0.0]]);
    (1..n).for_each(|i| near("log_softmax", got[1][i], -x[i].exp() / total, 1.0 / 200.0));
}

/// The start of an update may be of a type that does not hold the indices it leads to.
#[test]
fn an_update_far_along_an_axis_has_its_gradient() {
    let n = 600;
    let types = [Ty::of(DType::F32, &[n]), Ty::of(DType::F32, &[400]), Ty::of(DType::U8, &[])];
    let trace = build(&types, |b, p| {
        let ct = b.op(
            Op::Iota {
                elem: thunder_core::types::Elem::Known(DType::F32),
                shape: Shape::of(&[n]),
                axis: Axis(0),
            },
            &[],
        );
        let start = p[2];
        vjp(b, &p[..2], &[ct], &|b, x| vec![b.op(Op::SliceUpdate { axis: Axis(0) }, &[x[0], x[1], start])])
    });
    let got = run(&differentiated("update", trace), &[&vec![0.0; n], &vec![0.0; 400], &[150.0]]);
    assert!(got[2].iter().enumerate().all(|(i, &y)| y == (150 + i) as f64), "{:?}", got[2]);
}
