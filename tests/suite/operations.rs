//! The executor against the oracle: every operation, fused and not, and the plan's treatment of buffers.

use crate::common::*;
use crate::{all, device};
use thunder_core::exec::{Arg, Buffer};
use thunder_core::item::Options;
use thunder_core::kernel::target::{Gpu, Target};
use thunder_core::op::{Class, Flag, Op};
use thunder_core::pipeline;
use thunder_core::trace::{InstData, Kind, Trace};
use thunder_core::transform::fuse;
use thunder_core::types::{Axes, Axis, DType, Extent, Shape, Ty};
use thunder_oracle::samples::{self, Random, Sample};
use thunder_oracle::{Array, decode, encode, eval};

/// Uploads, runs and downloads. With `donated`, every argument is donated.
pub fn run(trace: &Trace, inputs: &[Array], donated: bool) -> Vec<Array> {
    let backend = device();
    let exe = backend
        .compile(trace, &vec![donated; inputs.len()], Options::default())
        .unwrap_or_else(|e| panic!("{e}\n{trace}"));
    let mut first = Vec::new();
    for call in 0..2 {
        let mut args: Vec<Arg> = inputs
            .iter()
            .map(|x| backend.upload(&encode(x.dtype, &x.data)).unwrap())
            .map(if donated { Arg::Donated } else { Arg::Borrowed })
            .collect();
        let out = exe.run(&mut args).unwrap_or_else(|e| panic!("{e}\n{trace}"));
        let results: Vec<Array> =
            trace.body.results.iter().zip(&out).map(|(&r, b)| fetch(trace.ty(r), b)).collect();
        if call == 0 {
            first = results;
        } else {
            let bits = |list: &[Array]| -> Vec<u64> {
                list.iter().flat_map(|a| &a.data).map(|x| x.to_bits()).collect()
            };
            assert_eq!(bits(&first), bits(&results), "two runs differ\n{trace}");
        }
    }
    first
}

fn fetch(ty: Ty, buffer: &Buffer) -> Array {
    let mut bytes = vec![0; ty.bytes()];
    device().download(buffer, &mut bytes).unwrap();
    Array::new(ty.dtype(), &ty.sizes(), decode(ty.dtype(), &bytes))
}

fn lowered(what: &str, trace: &Trace) -> Trace {
    let mut trace = trace.clone();
    for (name, pass) in pipeline::PASSES {
        trace = checked(&format!("{what}: {name}"), pass(trace, device()).expect("it lowers"));
    }
    trace
}

fn tolerance(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 1e-10,
        DType::F32 => 3e-5,
        DType::F16 => 8e-3,
        _ => 6e-2,
    }
}

/// Runs with and without fusion and with and without donation, and compares with the oracle.
fn agrees(what: &str, trace: &Trace, inputs: &[Array], tolerance: f64) {
    agrees_but(what, trace, inputs, tolerance, 0.0);
}

/// Like [`agrees`], with an absolute tolerance `floor` for results of cancellation.
fn agrees_but(what: &str, trace: &Trace, inputs: &[Array], tolerance: f64, floor: f64) {
    let want: Vec<Array> = eval(trace, inputs).into_iter().map(Array::rounded).collect();
    let given = trace;
    let trace = lowered(what, trace);
    let (fused, _) = fuse::run(&trace, &device().target());
    let fused = checked(what, fused);
    let ops = |i: &InstData| matches!(i.kind, Kind::Op(op) if keeps_the_sign_of_zero(&op));
    let exact = given.insts(&given.body).all(ops);
    for donated in [false, true] {
        let got = run(&trace, inputs, donated);
        assert_close_but(&format!("{what}, one by one\n{trace}"), &got, &want, tolerance, floor);
        let got = run(&fused, inputs, donated);
        assert_close_but(&format!("{what}, fused\n{fused}"), &got, &want, tolerance, floor);
        if exact {
            assert_zeros(what, &got, &want);
        }
    }
}

/// Every `n`th sample, to run fewer of them under a tool that slows the device down.
fn samples(float: DType) -> impl Iterator<Item = (DType, Sample)> {
    let nth = std::env::var("THUNDER_TEST_EVERY").ok();
    let nth = nth.map_or(1, |n| n.parse().expect("THUNDER_TEST_EVERY is a number"));
    samples::all(float).into_iter().step_by(nth).map(move |s| (float, s))
}

fn every_operation(floats: [DType; 2]) {
    let list: Vec<_> = floats.into_iter().flat_map(samples).collect();
    all(&list, |(float, s)| {
        let name = format!("{float} {}", s.name());
        agrees(&name, &s.trace(), &s.arrays(1), accuracy(s));
    });
}

/// The tolerance of a sample, from the narrowest float among its operands and results.
fn accuracy(s: &Sample) -> f64 {
    let types = s.types().into_iter().chain([s.result()]).map(|t| t.dtype());
    types.filter(|d| d.is_float()).map(tolerance).fold(0.0, f64::max)
}

/// Operations whose results have a defined sign of zero: they are exact, or have the sign of an operand.
fn keeps_the_sign_of_zero(op: &Op) -> bool {
    let moves = matches!(
        op.class(),
        Class::View | Class::Movement | Class::UnaryNum | Class::UnaryFloat | Class::Elementwise
    );
    moves || matches!(op, Op::Add | Op::Sub | Op::Mul | Op::Div)
}

/// The operand `x`, as a view of more: of rows in the midst of others, of columns, or of one element repeated.
fn viewed(kind: usize, x: &Array) -> (Array, Vec<Op>) {
    let rank = x.shape.len();
    let filler = |i: usize| if x.dtype == DType::Bool { (i % 2) as f64 } else { 90.0 };
    match kind {
        0 => {
            let stored = [&[3], &x.shape[..]].concat();
            let data =
                Array::build(x.dtype, &stored, |at| if at[0] == 1 { x.at(&at[1..]) } else { filler(at[0]) });
            let mut end = stored.clone();
            end[0] = 2;
            let start: Vec<usize> = (0..=rank).map(|d| usize::from(d == 0)).collect();
            let slice = Op::Slice { start: Shape::of(&start), end: Shape::of(&end) };
            (data, vec![slice, Op::Reshape { shape: Shape::of(&x.shape) }])
        }
        1 => {
            let stored: Vec<usize> = x.shape.iter().rev().map(|n| n + 1).collect();
            let data = Array::build(x.dtype, &stored, |at| {
                let own: Vec<usize> = at.iter().rev().map(|i| i.wrapping_sub(1)).collect();
                if at.contains(&0) { filler(at.len()) } else { x.at(&own) }
            });
            let slice = Op::Slice { start: Shape::of(&vec![1; rank]), end: Shape::of(&stored) };
            (data, vec![slice, Op::Permute { axes: Axes::from_usize((0..rank).rev()) }])
        }
        _ => {
            let wide = x.shape.iter().position(|&n| n > 1);
            let stored: Vec<usize> =
                x.shape.iter().enumerate().map(|(d, &n)| if Some(d) == wide { 1 } else { n }).collect();
            let data = Array::build(x.dtype, &stored, |at| x.at(at));
            (data, vec![Op::Expand { shape: Shape::of(&x.shape) }])
        }
    }
}

/// No operation reads an operand from the start of its buffer, or as if its elements were contiguous.
#[test]
fn every_operation_reads_views() {
    let list: Vec<_> = [DType::F32, DType::BF16]
        .into_iter()
        .flat_map(samples)
        .flat_map(|s| (0..3).map(move |kind| (kind, s.clone())))
        .collect();
    all(&list, |(kind, (float, s))| {
        let views: Vec<(Array, Vec<Op>)> = s.arrays(1).iter().map(|x| viewed(*kind, x)).collect();
        let types: Vec<Ty> = views.iter().map(|(x, _)| Ty::of(x.dtype, &x.shape)).collect();
        let trace = build(&types, |b, p| {
            let view = |(&v, (_, ops)): (&_, &(Array, Vec<Op>))| ops.iter().fold(v, |v, op| b.op(*op, &[v]));
            let args: Vec<_> = p.iter().zip(&views).map(view).collect();
            vec![b.op(s.op, &args)]
        });
        let inputs: Vec<Array> = views.into_iter().map(|(x, _)| x).collect();
        let what = format!("view {kind}, {float} {}", s.name());
        // Of equal numbers, a variance and a loss are what cancels.
        agrees_but(&what, &trace, &inputs, accuracy(s), 1e-6);
    });
}

/// Operations and derivatives with a dimension of extent 0. valgrind runs these.
#[test]
fn empty_operands() {
    let list: Vec<_> = [DType::F32, DType::BF16]
        .into_iter()
        .flat_map(|float| samples::empty(float).into_iter().map(move |s| (float, s)))
        .collect();
    all(&list, |(float, s)| {
        agrees(&format!("{float} {}", s.name()), &s.trace(), &s.arrays(1), accuracy(s));
        if s.order > 0 {
            derivative(s, accuracy(s));
        }
    });
}

#[test]
fn every_operation_agrees_with_the_oracle() {
    every_operation([DType::F32, DType::F64]);
}

#[test]
fn every_operation_agrees_in_sixteen_bits() {
    every_operation([DType::BF16, DType::F16]);
}

#[test]
fn every_derivative_agrees_with_the_oracle() {
    let list: Vec<_> = samples(DType::F32).filter(|(_, s)| s.order > 0).collect();
    all(&list, |(_, s)| {
        derivative(s, accuracy(s).max(2e-4));
    });
}

/// The gradients of a sample, against the oracle.
fn derivative(s: &Sample, tolerance: f64) {
    let out = s.result();
    let types = [&s.types()[..], &[out]].concat();
    let n = s.inputs.len();
    let trace = build(&types, |b, p| vjp(b, &p[..n], &p[n..], &|b, x| vec![b.op(s.op, x)]));
    let trace = differentiated(&s.name(), trace);
    let mut inputs = s.arrays(1);
    let mut random = Random(5);
    let ct = direction(&[Array::zeros(out.dtype(), &out.sizes())], &mut random);
    inputs.extend(ct.into_iter().map(Array::rounded));
    agrees(&s.name(), &trace, &inputs, tolerance);
}

fn random(shape: &[usize], seed: u64) -> Array {
    let mut r = Random(seed);
    let n = shape.iter().product::<usize>();
    Array::new(DType::F32, shape, (0..n).map(|_| 2.0 * r.unit() - 1.0).collect()).rounded()
}

fn f32s(dims: &[usize]) -> Ty {
    Ty::of(DType::F32, dims)
}

fn kinds(trace: &Trace) -> Vec<String> {
    trace
        .insts(&trace.body)
        .filter(|i| !matches!(i.kind, Kind::Op(op) if matches!(op.class(), Class::View | Class::Movement)))
        .map(|i| format!("{:?}", i.kind))
        .collect()
}

#[test]
fn softmax_is_one_kernel() {
    for shape in [&[5, 3, 7][..], &[2, 64], &[1, 20_000], &[70, 20_480], &[40, 8193], &[3, 1], &[0, 4]] {
        let trace = build(&[f32s(shape)], |b, p| vec![b.op(Op::Softmax { axis: Axis(-1) }, &[p[0]])]);
        agrees("softmax", &trace, &[random(shape, 1)], 3e-6);
        if shape.iter().all(|&n| n > 0) {
            for target in [device().target(), Target::Gpu(Gpu::H100)] {
                let (fused, _) = fuse::run(&lowered("softmax", &trace), &target);
                assert_eq!(kinds(&fused).len(), 1, "{target:?} {fused}");
            }
        }
    }
}

#[test]
fn layer_norm_and_its_gradient() {
    let op = Op::LayerNorm { eps: thunder_core::op::Lit::F(1e-5), weight: Flag::Yes, bias: Flag::Yes };
    // With the gradients of weight and bias, one walk over the rows, if these are neither few nor too long.
    let shapes = [
        (&[6, 5, 130][..], 3),
        (&[300, 130], 2),
        (&[37, 4, 33], 2),
        (&[70, 1000], 2),
        (&[3, 4096], 2),
        (&[1500, 3], 2),
        (&[2, 8192], 2),
        (&[2, 9000], 3),
    ];
    for (shape, most) in shapes {
        let n = shape[shape.len() - 1];
        let types = [f32s(shape), f32s(&[n]), f32s(&[n]), f32s(shape)];
        let trace = build(&types, |b, p| vjp(b, &p[..3], &p[3..], &|b, x| vec![b.op(op, x)]));
        let trace = differentiated("layer_norm", trace);
        let inputs: Vec<Array> =
            types.iter().enumerate().map(|(i, t)| random(&t.sizes(), i as u64)).collect();
        agrees(&format!("layer_norm {shape:?}"), &trace, &inputs, 2e-5);
        for target in [device().target(), Target::Gpu(Gpu::H100)] {
            let (fused, notes) = fuse::run(&lowered("layer_norm", &trace), &target);
            assert!(kinds(&fused).len() <= most, "{target:?} {fused}\n{notes:?}");
        }
    }
}

#[test]
fn large_reductions() {
    for (shape, axes) in
        [(&[700, 130][..], &[0][..]), (&[300_000], &[0]), (&[65, 9, 33], &[0, 2]), (&[7, 3000], &[0])]
    {
        let axes = Axes::from_usize(axes.iter().copied());
        let trace = build(&[f32s(shape)], |b, p| {
            let y = b.square(p[0]);
            vec![
                b.op(Op::Sum { axes, keepdim: Flag::No }, &[y]),
                b.op(Op::Amax { axes, keepdim: Flag::Yes }, &[y]),
            ]
        });
        agrees("sum", &trace, &[random(shape, 3)], 2e-6);
    }
}

#[test]
fn attention_without_copies_of_its_operands() {
    let (b_, t, h, d) = (3, 17, 2, 8);
    let types = [f32s(&[b_, t, 3 * h * d]), f32s(&[h * d, h * d])];
    let trace = build(&types, |b, p| {
        let part = |b: &mut thunder_core::trace::Builder, i: usize| {
            let x = b.narrow(p[0], 2, i * h * d, h * d);
            let x = b.reshape(x, Shape::of(&[b_, t, h, d]));
            b.permute(x, &[0, 2, 1, 3])
        };
        let (q, k, v) = (part(b, 0), part(b, 1), part(b, 2));
        let op = Op::Sdpa { causal: thunder_core::op::Causal::Equal, scale: None, mask: Flag::No };
        let y = b.op(op, &[q, k, v]);
        let y = b.permute(y, &[0, 2, 1, 3]);
        let y = b.reshape(y, Shape::of(&[b_, t, h * d]));
        vec![b.matmul(y, p[1])]
    });
    agrees("attention", &trace, &[random(&[b_, t, 3 * h * d], 1), random(&[h * d, h * d], 2)], 1e-5);
}

#[test]
fn results_that_are_arguments_views_and_each_other() {
    let types = [f32s(&[4, 6]), f32s(&[4, 6]), Ty::of(DType::I64, &[3])];
    let trace = build(&types, |b, p| {
        let t = b.permute(p[0], &[1, 0]);
        let y = b.add(p[0], p[1]);
        let flat = b.reshape(y, Shape::of(&[24]));
        let wide = b.op(Op::Expand { shape: Shape::of(&[2, 4, 6]) }, &[p[1]]);
        vec![p[0], t, y, flat, y, p[2], wide, p[0]]
    });
    let ints = Array::new(DType::I64, &[3], vec![1.0, -2.0, 3e9]);
    agrees("results", &trace, &[random(&[4, 6], 1), random(&[4, 6], 2), ints], 1e-6);
}

#[test]
fn donated_buffers_become_results() {
    let n = 5000;
    let types = [f32s(&[n]), f32s(&[n]), f32s(&[n])];
    let trace = build(&types, |b, p| {
        let m = b.mul(p[1], p[2]);
        let m = b.add(m, p[1]);
        let step = b.exp(m);
        let new = b.sub(p[0], step);
        // `p[0]` again after its successor is computed.
        let drift = b.sub(new, p[0]);
        vec![new, m, drift]
    });
    let (fused, _) = fuse::run(&trace, &device().target());
    let inputs = [random(&[n], 1), random(&[n], 2), random(&[n], 3)];
    agrees("step", &trace, &inputs, 1e-6);
    let backend = device();
    let exe = backend.compile(&fused, &[true, true, false], Options::default()).unwrap();
    let up: Vec<Buffer> = inputs.iter().map(|x| backend.upload(&encode(x.dtype, &x.data)).unwrap()).collect();
    let before: Vec<*const ()> = up.iter().map(|b| std::sync::Arc::as_ptr(b) as *const ()).collect();
    let held = up[1].clone();
    let mut args: Vec<Arg> = up
        .into_iter()
        .enumerate()
        .map(|(i, b)| if i < 2 { Arg::Donated(b) } else { Arg::Borrowed(b) })
        .collect();
    let out = exe.run(&mut args).unwrap();
    let after: Vec<*const ()> = out.iter().map(|b| std::sync::Arc::as_ptr(b) as *const ()).collect();
    assert_eq!(before[0], after[0], "a unique donated buffer is reused");
    assert_ne!(before[1], after[1], "one that someone else holds is not");
    assert_eq!(fetch(types[1], &held).data, inputs[1].data);
}

/// The parts are written one after another. None may overwrite memory that a later one still reads.
#[test]
fn a_concatenation_takes_over_no_part() {
    let types = [f32s(&[3, 4]), f32s(&[3, 4]), f32s(&[3, 4])];
    let trace = build(&types, |b, p| {
        let rows: Vec<_> = p.iter().map(|&x| b.narrow(x, 0, 1, 1)).collect();
        vec![b.op(Op::Cat { axis: Axis(0) }, &rows)]
    });
    agrees("cat", &trace, &[random(&[3, 4], 1), random(&[3, 4], 2), random(&[3, 4], 3)], 0.0);
}

#[test]
fn one_buffer_given_twice_is_not_written_over() {
    let types = [f32s(&[100]), f32s(&[100])];
    let trace = build(&types, |b, p| vec![b.add(p[0], p[1]), b.sub(p[0], p[1])]);
    let backend = device();
    let exe =
        backend.compile(&fuse::run(&trace, &device().target()).0, &[true, true], Options::default()).unwrap();
    let x = random(&[100], 1);
    let up = backend.upload(&encode(x.dtype, &x.data)).unwrap();
    let out = exe.run(&mut vec![Arg::Donated(up.clone()), Arg::Donated(up)]).unwrap();
    assert_eq!(fetch(types[0], &out[0]).data, x.data.iter().map(|x| 2.0 * x).collect::<Vec<_>>());
    assert!(fetch(types[0], &out[1]).data.iter().all(|&x| x == 0.0));
}

#[test]
fn a_slice_is_updated_in_place() {
    let types = [f32s(&[2, 8, 3]), f32s(&[2, 2, 3]), Ty::of(DType::I64, &[])];
    let trace = build(&types, |b, p| vec![b.op(Op::SliceUpdate { axis: Axis(1) }, p)]);
    for start in [-4.0, 0.0, 3.0, 7.0] {
        let inputs = [random(&[2, 8, 3], 1), random(&[2, 2, 3], 2), Array::new(DType::I64, &[], vec![start])];
        agrees("slice_update", &trace, &inputs, 0.0);
    }
    // Data of the same type as the start, moved several elements at a time.
    let long = |dims: &[usize]| Ty::of(DType::I64, dims);
    let trace = build(&[long(&[6, 4]), long(&[2, 4]), long(&[])], |b, p| {
        vec![b.op(Op::SliceUpdate { axis: Axis(0) }, p)]
    });
    let counted = |dims: &[usize], from: usize| {
        let n = dims.iter().product::<usize>();
        Array::new(DType::I64, dims, (from..from + n).map(|i| i as f64).collect())
    };
    for start in [-1.0, 1.0, 9.0] {
        let inputs = [counted(&[6, 4], 0), counted(&[2, 4], 100), Array::new(DType::I64, &[], vec![start])];
        agrees("slice_update of integers", &trace, &inputs, 0.0);
    }
}

#[test]
fn threads_may_run_one_function_at_once() {
    let n = 40_000;
    let trace = build(&[f32s(&[n])], |b, p| {
        let y = b.exp(p[0]);
        let s = b.sum(y, &[0], true);
        let s = b.op(Op::Expand { shape: Shape::new(&[Extent::new(n)]) }, &[s]);
        vec![b.div(y, s)]
    });
    let backend = device();
    let exe =
        backend.compile(&fuse::run(&trace, &device().target()).0, &[false], Options::default()).unwrap();
    std::thread::scope(|s| {
        for seed in 0..4 {
            let (exe, trace, backend) = (exe.clone(), &trace, &backend);
            s.spawn(move || {
                let x = random(&[n], seed);
                let want = eval(trace, std::slice::from_ref(&x));
                for _ in 0..20 {
                    let up = backend.upload(&encode(x.dtype, &x.data)).unwrap();
                    let out = exe.run(&mut vec![Arg::Borrowed(up)]).unwrap();
                    assert_close("softmax", &[fetch(f32s(&[n]), &out[0])], &want, 1e-6);
                }
            });
        }
    });
}
