//! What the CPU executor costs: a tiny call, memory-bound and compute-bound kernels, and a whole training step.
//!
//! `cargo bench -p thunder-core --features cpu --bench cpu [-- name]`; with `steps`, the training step launch by
//! launch; with `trace`, what it is made of. On a busy machine, `THUNDER_THREADS=1` measures the thread's own time.

use std::sync::Arc;
use std::time::Instant;
use thunder_core::cpu;
use thunder_core::exec::{Arg, Buffer, Executable};
use thunder_core::item::Options;
use thunder_core::op::{Causal, Flag, Lit, Op, Reduction};
use thunder_core::pipeline;
use thunder_core::trace::{Body, Builder, Kind, Trace, Value};
use thunder_core::types::{Axes, Axis, DType, Shape, Ty};

unsafe extern "C" {
    fn clock_gettime(clock: i32, out: *mut [i64; 2]) -> i32;
}

/// Seconds: of this thread's own work if it is the only one, else of the clock on the wall.
fn now() -> f64 {
    let clock = if std::env::var("THUNDER_THREADS").is_ok_and(|n| n == "1") { 3 } else { 1 };
    let mut t = [0; 2];
    // SAFETY: `t` has the layout of a `timespec` on 64-bit Linux.
    unsafe { clock_gettime(clock, &mut t) };
    t[0] as f64 + t[1] as f64 * 1e-9
}

fn f32s(dims: &[usize]) -> Ty {
    Ty::of(DType::F32, dims)
}

fn build(types: &[Ty], f: impl FnOnce(&mut Builder, &[Value]) -> Vec<Value>) -> Trace {
    let mut trace = Trace::new("bench");
    let params: Vec<Value> =
        types.iter().enumerate().map(|(i, &t)| trace.param(format!("x{i}"), t)).collect();
    let mut b = Builder::new(&mut trace);
    let results = f(&mut b, &params);
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = results;
    trace
}

fn compile(trace: Trace, donated: &[bool]) -> Arc<dyn Executable> {
    pipeline::compile(trace, &*cpu::backend(), donated, Options::default(), None)
        .expect("the trace compiles")
        .exe
}

/// Arguments filled with small numbers.
fn inputs(types: &[Ty]) -> Vec<Buffer> {
    let mut seed = 1u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 40) as f32 / (1 << 24) as f32
    };
    let fill = |t: &Ty| {
        let bytes: Vec<u8> = match t.dtype() {
            DType::I64 => (0..t.count()).flat_map(|_| ((next() * 65.0) as i64).to_ne_bytes()).collect(),
            DType::U32 => (0..t.count()).flat_map(|i| (i as u32).to_ne_bytes()).collect(),
            _ => (0..t.count()).flat_map(|_| ((next() - 0.5) * 0.2).to_ne_bytes()).collect(),
        };
        cpu::backend().upload(&bytes).expect("memory")
    };
    types.iter().map(fill).collect()
}

/// The median time of a call in nanoseconds, and the fastest.
fn time(exe: &dyn Executable, args: &[Buffer]) -> (f64, f64) {
    let call = || {
        let mut list: Vec<Arg> = args.iter().cloned().map(Arg::Borrowed).collect();
        exe.run(&mut list).expect("runs")
    };
    let start = now();
    call();
    let once = now() - start;
    let reps = ((5e-4 / once) as usize).clamp(1, 2000);
    let samples = ((0.6 / (once * reps as f64)) as usize).clamp(11, 400);
    let mut times: Vec<f64> = (0..samples)
        .map(|_| {
            let start = now();
            (0..reps).for_each(|_| drop(call()));
            (now() - start) * 1e9 / reps as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[0])
}

fn measure(
    name: &str,
    types: &[Ty],
    unit: &str,
    work: f64,
    f: impl FnOnce(&mut Builder, &[Value]) -> Vec<Value>,
) {
    let only: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if !only.is_empty() && !only.iter().any(|o| name.contains(o.as_str())) {
        return;
    }
    let exe = compile(build(types, f), &vec![false; types.len()]);
    let (median, best) = time(&*exe, &inputs(types));
    println!("{name:34} {median:12.0} ns   {:8.1} {unit} (best {:.1})", work / median, work / best);
}

fn main() {
    let n = 1_500_000;
    measure("add of 16 elements", &[f32s(&[16]), f32s(&[16])], "el/ns", 16.0, |b, p| vec![b.add(p[0], p[1])]);
    measure("add of 1.5M f32", &[f32s(&[n]), f32s(&[n])], "GB/s", 12.0 * n as f64, |b, p| {
        vec![b.add(p[0], p[1])]
    });
    let small = 98_304;
    let bytes = 12.0 * small as f64;
    measure("add of 96K f32", &[f32s(&[small]), f32s(&[small])], "GB/s", bytes, |b, p| {
        vec![b.add(p[0], p[1])]
    });
    let gelu = Op::Gelu { tanh: Flag::No };
    measure("gelu 768x512", &[f32s(&[768, 512])], "el/ns", 768.0 * 512.0, |b, p| vec![b.op(gelu, &[p[0]])]);
    let soft = Op::Softmax { axis: Axis(-1) };
    measure("softmax 3072x64", &[f32s(&[3072, 64])], "el/ns", 3072.0 * 64.0, |b, p| {
        vec![b.op(soft, &[p[0]])]
    });
    measure("softmax 64x50257", &[f32s(&[64, 50257])], "el/ns", 64.0 * 50257.0, |b, p| {
        vec![b.op(soft, &[p[0]])]
    });
    let norm = Op::LayerNorm { eps: Lit::F(1e-5), weight: Flag::Yes, bias: Flag::No };
    measure("layer_norm 768x128", &[f32s(&[768, 128]), f32s(&[128])], "el/ns", 768.0 * 128.0, |b, p| {
        vec![b.op(norm, p)]
    });
    measure("column sum 768x512", &[f32s(&[768, 512])], "el/ns", 768.0 * 512.0, |b, p| {
        vec![b.sum(p[0], &[0], false)]
    });
    measure("sum of squares of 65K", &[f32s(&[65536])], "el/ns", 65536.0, |b, p| {
        let y = b.square(p[0]);
        vec![b.sum(y, &[0], false)]
    });
    measure("bernoulli 1.5M", &[Ty::KEY], "el/ns", n as f64, |b, p| {
        vec![b.op(Op::Bernoulli { p: Lit::F(0.1), shape: Shape::of(&[n]) }, &[p[0]])]
    });
    for (m, k, n) in [(768, 128, 384), (768, 128, 128), (768, 128, 512), (768, 512, 128), (768, 128, 65)] {
        let flops = 2.0 * (m * n * k) as f64;
        let name = format!("matmul {m}x{k}x{n}");
        measure(&name, &[f32s(&[m, k]), f32s(&[k, n])], "GFLOP/s", flops, |b, p| vec![b.matmul(p[0], p[1])]);
        let name = format!("matmul {m}x{k}x{n}, b transposed");
        measure(&name, &[f32s(&[m, k]), f32s(&[n, k])], "GFLOP/s", flops, |b, p| {
            let w = b.transpose_last(p[1]);
            vec![b.matmul(p[0], w)]
        });
        let name = format!("matmul {k}x{m}x{n}, a transposed");
        measure(&name, &[f32s(&[m, k]), f32s(&[m, n])], "GFLOP/s", flops, |b, p| {
            let x = b.transpose_last(p[0]);
            vec![b.matmul(x, p[1])]
        });
    }
    let flops = 2.0 * (48 * 64 * 64 * 32) as f64;
    measure("matmul 48x(64x32x64)", &[f32s(&[48, 64, 32]), f32s(&[48, 64, 32])], "GFLOP/s", flops, |b, p| {
        let k = b.transpose_last(p[1]);
        vec![b.matmul(p[0], k)]
    });
    measure("matmul 48x(64x64x32)", &[f32s(&[48, 64, 64]), f32s(&[48, 64, 32])], "GFLOP/s", flops, |b, p| {
        vec![b.matmul(p[0], p[1])]
    });
    train_step();
}

const LAYERS: usize = 4;
const HEADS: usize = 4;
const WIDTH: usize = 128;
const TIME: usize = 64;
const BATCH: usize = 12;
const VOCAB: usize = 65;

fn parameters() -> Vec<Ty> {
    let mut list = vec![f32s(&[VOCAB, WIDTH]), f32s(&[TIME, WIDTH])];
    for _ in 0..LAYERS {
        list.extend([f32s(&[WIDTH]), f32s(&[3 * WIDTH, WIDTH]), f32s(&[WIDTH, WIDTH])]);
        list.extend([f32s(&[WIDTH]), f32s(&[4 * WIDTH, WIDTH]), f32s(&[WIDTH, 4 * WIDTH])]);
    }
    list.push(f32s(&[WIDTH]));
    list
}

fn loss(b: &mut Builder, p: &[Value], tokens: Value, targets: Value) -> Value {
    let norm = Op::LayerNorm { eps: Lit::F(1e-5), weight: Flag::Yes, bias: Flag::No };
    let linear = Op::Linear { bias: Flag::No };
    let wte = b.op(Op::Embedding, &[tokens, p[0]]);
    let mut x = b.add(wte, p[1]);
    for l in 0..LAYERS {
        let w = &p[2 + 6 * l..8 + 6 * l];
        let h = b.op(norm, &[x, w[0]]);
        let qkv = b.op(linear, &[h, w[1]]);
        let mut parts = Vec::new();
        for i in 0..3 {
            let part = b.narrow(qkv, 2, i * WIDTH, WIDTH);
            let part = b.reshape(part, Shape::of(&[BATCH, TIME, HEADS, WIDTH / HEADS]));
            parts.push(b.permute(part, &[0, 2, 1, 3]));
        }
        let y = b.op(Op::Sdpa { causal: Causal::Equal, scale: None, mask: Flag::No }, &parts);
        let y = b.permute(y, &[0, 2, 1, 3]);
        let y = b.reshape(y, Shape::of(&[BATCH, TIME, WIDTH]));
        let y = b.op(linear, &[y, w[2]]);
        x = b.add(x, y);
        let h = b.op(norm, &[x, w[3]]);
        let h = b.op(linear, &[h, w[4]]);
        let h = b.op(Op::Gelu { tanh: Flag::No }, &[h]);
        let h = b.op(linear, &[h, w[5]]);
        x = b.add(x, h);
    }
    let x = b.op(norm, &[x, p[2 + 6 * LAYERS]]);
    let logits = b.op(linear, &[x, p[0]]);
    let logits = b.reshape(logits, Shape::of(&[BATCH * TIME, VOCAB]));
    let targets = b.reshape(targets, Shape::of(&[BATCH * TIME]));
    let op = Op::CrossEntropy {
        ignore_index: Some(Lit::I(-100)),
        label_smoothing: Lit::F(0.0),
        reduction: Reduction::Mean,
    };
    b.op(op, &[logits, targets])
}

/// Parameters, two moments each, a step count, the learning rate, tokens, targets.
fn step_types() -> Vec<Ty> {
    let p = parameters();
    let ids = Ty::of(DType::I64, &[BATCH, TIME]);
    [&p[..], &p[..], &p[..], &[f32s(&[]), f32s(&[]), ids, ids]].concat()
}

fn step(b: &mut Builder, args: &[Value]) -> Vec<Value> {
    let types = parameters();
    let n = types.len();
    let [count, lr, tokens, targets] = args[3 * n..] else { unreachable!("four more arguments") };
    let leaves: Vec<Value> = types.iter().map(|&t| b.trace.value(t)).collect();
    let mut inner = Builder::new(b.trace);
    let value = loss(&mut inner, &leaves, tokens, targets);
    let body = Body { params: leaves, insts: inner.finish(), results: vec![value] };
    let out = b.push(Kind::Grad, args[..n].to_vec(), &[&[f32s(&[])], &types[..]].concat(), Some(body));
    let (loss, grads) = (out[0], &out[1..]);
    // Clip the global norm to 1.
    let mut total = None;
    for &g in grads {
        let sq = b.square(g);
        let s = b.op(Op::Sum { axes: Axes::ALL, keepdim: Flag::No }, &[sq]);
        total = Some(total.map_or(s, |t| b.add(t, s)));
    }
    let norm = b.sqrt(total.expect("there are parameters"));
    let one = b.scalar(DType::F32, 1.0);
    let eps = b.scalar(DType::F32, 1e-6);
    let norm = b.add(norm, eps);
    let inv = b.reciprocal(norm);
    let clip = b.minimum(one, inv);
    let count = b.add(count, one);
    let (b1, b2) = (b.scalar(DType::F32, 0.9), b.scalar(DType::F32, 0.99));
    let (p1, p2) = (b.pow(b1, count), b.pow(b2, count));
    let (c1, c2) = (b.sub(one, p1), b.sub(one, p2));
    let (mut ps, mut ms, mut vs) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..n {
        let (p, m, v) = (args[i], args[n + i], args[2 * n + i]);
        let g = b.mul(grads[i], clip);
        let (k1, k2) = (b.scalar(DType::F32, 0.1), b.scalar(DType::F32, 0.01));
        let (m0, m1) = (b.mul(m, b1), b.mul(g, k1));
        let m = b.add(m0, m1);
        let g2 = b.square(g);
        let (v0, v1) = (b.mul(v, b2), b.mul(g2, k2));
        let v = b.add(v0, v1);
        let (mh, vh) = (b.div(m, c1), b.div(v, c2));
        let root = b.sqrt(vh);
        let small = b.scalar(DType::F32, 1e-8);
        let denominator = b.add(root, small);
        let mut update = b.div(mh, denominator);
        if types[i].shape.rank() == 2 {
            let decay = b.scalar(DType::F32, 0.1);
            let d = b.mul(p, decay);
            update = b.add(update, d);
        }
        let update = b.mul(update, lr);
        ps.push(b.sub(p, update));
        ms.push(m);
        vs.push(v);
    }
    [&ps[..], &ms[..], &vs[..], &[count, loss]].concat()
}

fn train_step() {
    let only: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if !only.is_empty() && !only.iter().any(|o| ["train step", "steps", "trace"].contains(&o.as_str())) {
        return;
    }
    let types = step_types();
    let n = parameters().len();
    let donated: Vec<bool> = (0..types.len()).map(|i| i <= 3 * n).collect();
    let trace = build(&types, step);
    let mut stages = Vec::new();
    let start = Instant::now();
    let out = pipeline::compile(trace, &*cpu::backend(), &donated, Options::default(), Some(&mut stages))
        .expect("compiles");
    let compiled = start.elapsed();
    let exe = out.exe;
    let report = exe.report();
    if only.iter().any(|o| o == "trace") {
        println!("{}", stages.last().expect("stages").trace);
        out.notes.iter().for_each(|n| println!("{n}"));
        report
            .steps
            .iter()
            .for_each(|s| println!("## {} {} B {} flop\n{}", s.name, s.bytes, s.flops, s.source));
    }
    let mut args: Vec<Buffer> = inputs(&types);
    for (v, t) in args[n..3 * n].iter_mut().zip(&types[n..]) {
        *v = cpu::backend().upload(&vec![0; t.bytes()]).expect("memory");
    }
    args[3 * n] = cpu::backend().upload(&0f32.to_ne_bytes()).expect("memory");
    args[3 * n + 1] = cpu::backend().upload(&1e-3f32.to_ne_bytes()).expect("memory");
    let rest = args.split_off(3 * n + 1);
    let mut state = args;
    let mut times = Vec::new();
    let mut last = 0.0;
    for _ in 0..150 {
        let start = now();
        let mut list: Vec<Arg> = state.drain(..).map(Arg::Donated).collect();
        list.extend(rest.iter().cloned().map(Arg::Borrowed));
        state = exe.run(&mut list).expect("runs");
        let loss = state.pop().expect("the loss");
        let mut bytes = [0; 4];
        cpu::backend().download(&loss, &mut bytes).expect("the loss");
        last = f32::from_ne_bytes(bytes);
        times.push((now() - start) * 1e3);
    }
    times.drain(..20);
    times.sort_by(f64::total_cmp);
    let flops: usize = report.steps.iter().map(|s| s.flops).sum();
    let matmuls: usize = report.steps.iter().filter(|s| s.name == "matmul").map(|s| s.flops).sum();
    println!(
        "train step: {:.2} ms (best {:.2}), {} launches, {:.2} GFLOP of matmuls of {:.2}, arena {} KiB, compiled in {compiled:.1?}, loss {last}",
        times[times.len() / 2],
        times[0],
        report.steps.len(),
        matmuls as f64 * 1e-9,
        flops as f64 * 1e-9,
        report.arena_bytes / 1024,
    );
}
