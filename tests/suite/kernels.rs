//! Whole fused kernels, donation, and a call's launches as one graph. `benches/kernels` times them.

#[path = "../../thunder-cuda/tests/cases/mod.rs"]
mod cases;

use crate::common::{assert_close, differentiated};
use crate::{all, device};
use std::sync::Arc;
use thunder_core::exec::{Arg, Buffer};
use thunder_core::item::Options;
use thunder_core::op::{Flag, Op};
use thunder_core::trace::{Builder, Trace};
use thunder_core::types::{Axes, DType, Ty};
use thunder_oracle::samples::Random;
use thunder_oracle::{Array, decode, encode, eval};

fn run(trace: &Trace, donated: &[bool], inputs: &[Array]) -> Vec<Array> {
    let exe = device().compile(trace, donated, Options::default()).expect("it compiles");
    let arg = |(x, &donated): (&Array, &bool)| {
        let buffer = device().upload(&encode(x.dtype, &x.data)).expect("it uploads");
        if donated { Arg::Donated(buffer) } else { Arg::Borrowed(buffer) }
    };
    let mut args = inputs.iter().zip(donated).map(arg).collect();
    let results = exe.run(&mut args).expect("it runs");
    let read = |(&v, buffer): (&_, &Buffer)| {
        let ty = trace.ty(v);
        let mut bytes = vec![0; ty.bytes()];
        device().download(buffer, &mut bytes).expect("it downloads");
        Array::new(ty.dtype(), &ty.sizes(), decode(ty.dtype(), &bytes))
    };
    trace.body.results.iter().zip(&results).map(read).collect()
}

fn check(name: &str, trace: &Trace, donated: &[bool], inputs: &[Array]) {
    let want: Vec<Array> =
        eval(&differentiated(name, trace.clone()), inputs).into_iter().map(Array::rounded).collect();
    let got = run(&cases::lowered(trace, device()), donated, inputs);
    let tolerance = want.iter().map(|w| match w.dtype {
        DType::BF16 => 1.2e-2,
        DType::F16 => 2e-3,
        DType::F64 => 1e-12,
        _ => 3e-6,
    });
    assert_close(name, &got, &want, tolerance.fold(0.0, f64::max));
}

fn inputs(types: &[Ty], seed: u64) -> Vec<Array> {
    let mut random = Random(seed);
    types
        .iter()
        .map(|t| {
            let one = |random: &mut Random| match t.dtype() {
                DType::Bool => f64::from(u8::from(random.unit() < 0.1)),
                d if d.is_float() && t.sizes().is_empty() => 0.01 + random.unit(),
                d if d.is_float() => 2.0 * random.unit() - 0.5,
                DType::U32 => (random.unit() * 4e9).floor(),
                _ => (random.unit() * 512.0).floor(),
            };
            Array::new(t.dtype(), &t.sizes(), (0..t.count()).map(|_| one(&mut random)).collect()).rounded()
        })
        .collect()
}

#[test]
fn fused_cases() {
    let list: Vec<_> =
        [8, 37].into_iter().flat_map(|r| (0..cases::all(r).len()).map(move |i| (r, i))).collect();
    all(&list, |&(r, i)| {
        let case = cases::all(r).swap_remove(i);
        let mut x = inputs(&case.params, 7);
        // Second moments are not negative.
        if case.name == "adamw" {
            x[2].data.iter_mut().for_each(|v| *v = v.abs());
        }
        check(&format!("{} at {r}", case.name), &case.trace(), &case.donated, &x);
    });
}

fn reduction(op: Op, ty: Ty) -> Trace {
    let mut trace = Trace::new("reduction");
    let x = trace.param("x", ty);
    let mut b = Builder::new(&mut trace);
    let (y, z) = (b.square(x), b.op(Op::Amax { axes: Axes::ALL, keepdim: Flag::No }, &[x]));
    let y = b.op(op, &[y]);
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = vec![y, z];
    trace
}

/// Sizes at which many blocks share a row or a column. Two runs with the same memory must give the same bits.
#[test]
fn large_reductions_are_right_and_repeat() {
    let backend = device();
    let cases = [
        (vec![20000, 24], 0),
        (vec![3, 100_001], 1),
        (vec![300_000], 0),
        (vec![40, 5000], 1),
        (vec![513, 100], 0),
    ];
    for (sizes, axis) in cases {
        let op = Op::Sum { axes: Axes::new(&[axis]), keepdim: Flag::No };
        for dtype in [DType::F32, DType::BF16] {
            let trace = reduction(op, Ty::of(dtype, &sizes));
            let x = inputs(&[Ty::of(dtype, &sizes)], 3);
            let fused = cases::lowered(&trace, backend);
            let exe = backend.compile(&fused, &[false], Options::default()).expect("compiles");
            let buffer = backend.upload(&encode(dtype, &x[0].data)).expect("uploads");
            let mut seen: Option<Vec<u8>> = None;
            for _ in 0..5 {
                let out = exe.run(&mut vec![Arg::Borrowed(buffer.clone())]).expect("runs");
                let mut bytes = vec![0; fused.ty(fused.body.results[0]).bytes()];
                backend.download(&out[0], &mut bytes).expect("downloads");
                assert!(seen.is_none_or(|s| s == bytes), "{sizes:?}: another result each time");
                seen = Some(bytes);
            }
            check(&format!("{sizes:?}"), &trace, &[false], &x);
        }
    }
}

#[test]
fn donated_memory_is_reused_unless_it_is_shared() {
    let backend = device();
    let mut trace = Trace::new("donate");
    let x = trace.param("x", Ty::of(DType::F32, &[1000]));
    let mut b = Builder::new(&mut trace);
    let y = b.square(x);
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = vec![y];
    let exe =
        backend.compile(&cases::lowered(&trace, backend), &[true], Options::default()).expect("compiles");
    let x: Vec<f64> = (0..1000).map(f64::from).collect();
    let upload = || backend.upload(&encode(DType::F32, &x)).expect("uploads");
    let address = |b: &Buffer| Arc::as_ptr(b).cast::<u8>() as usize;
    let buffer = upload();
    let at = address(&buffer);
    let out = exe.run(&mut vec![Arg::Donated(buffer)]).expect("runs");
    assert_eq!(address(&out[0]), at, "a unique buffer is reused");
    let shared = upload();
    let out = exe.run(&mut vec![Arg::Donated(shared.clone())]).expect("runs");
    assert_ne!(address(&out[0]), address(&shared), "a shared one is not");
    let mut bytes = vec![0; 4000];
    backend.download(&shared, &mut bytes).expect("downloads");
    assert_eq!(decode(DType::F32, &bytes), x, "and is left as it was");
}

/// A state that is donated from call to call, and an operand that changes. Launches and a graph must give the same bits,
/// also in results that are read after later calls.
#[test]
fn graphs_give_what_launches_give() {
    let backend = device();
    let mut trace = Trace::new("step");
    let (n, small) = (300_000, 40);
    let state = trace.param("state", Ty::of(DType::F32, &[n / small, small]));
    let x = trace.param("x", Ty::of(DType::F32, &[small, small]));
    let mut b = Builder::new(&mut trace);
    let y = b.op(Op::Matmul, &[state, x]);
    let scale = b.scalar(DType::F32, 0.05);
    let y = b.mul(y, scale);
    let next = b.add(state, y);
    let square = b.square(next);
    let norm = b.op(Op::Sum { axes: Axes::ALL, keepdim: Flag::No }, &[square]);
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = vec![next, norm];
    let fused = cases::lowered(&trace, backend);
    let first = inputs(&[Ty::of(DType::F32, &[n / small, small])], 1);
    let upload = |x: &Array| backend.upload(&encode(x.dtype, &x.data)).expect("uploads");
    let read = |b: &Buffer| {
        let mut bytes = vec![0; b.bytes()];
        backend.download(b, &mut bytes).expect("downloads");
        bytes
    };
    let steps = |cuda_graph: bool| -> Vec<Vec<u8>> {
        let exe = backend.compile(&fused, &[true, false], Options { cuda_graph }).expect("compiles");
        let mut state = upload(&first[0]);
        let (mut norms, mut kept) = (Vec::new(), None);
        for step in 0..12 {
            let x = upload(&inputs(&[Ty::of(DType::F32, &[small, small])], 10 + step)[0]);
            // A clone of one state is alive, so one call can't overwrite it.
            if step == 7 {
                kept = Some(state.clone());
            }
            let mut out =
                exe.run(&mut vec![Arg::Donated(state), Arg::Borrowed(x)]).expect("runs").into_iter();
            state = out.next().expect("the state");
            norms.push(out.next().expect("the norm"));
        }
        norms.iter().chain([&state, &kept.expect("held")]).map(read).collect()
    };
    assert!(steps(false) == steps(true), "the graph's results are not the launches'");
}
