//! Functions that the golden tests generate code for and the device tests run: whole fused kernels.
#![allow(dead_code)]

use thunder_core::exec::Backend;
use thunder_core::op::{Flag, Lit, Op};
use thunder_core::pipeline;
use thunder_core::trace::{Builder, Kind, Trace, Value};
use thunder_core::types::{Axes, Axis, DType, Elem, Extent, Shape, Ty};
use thunder_core::verify::verify;
use thunder_oracle::Nothing;
use thunder_oracle::samples::custom;

use DType::{BF16, Bool, F16, F32, F64, I64, U32};

/// Appends a case's instructions, and gives its results.
pub type Build = Box<dyn Fn(&mut Builder, &[Value]) -> Vec<Value>>;

/// A function with the types of its parameters.
pub struct Case {
    pub name: &'static str,
    pub params: Vec<Ty>,
    pub body: Build,
    /// Operands that are donated.
    pub donated: Vec<bool>,
}

fn case(
    name: &'static str,
    params: &[Ty],
    body: impl Fn(&mut Builder, &[Value]) -> Vec<Value> + 'static,
) -> Case {
    Case { name, params: params.to_vec(), body: Box::new(body), donated: vec![false; params.len()] }
}

impl Case {
    /// The trace as linked.
    pub fn trace(&self) -> Trace {
        let mut trace = Trace::new(self.name);
        let params: Vec<Value> =
            self.params.iter().enumerate().map(|(i, &t)| trace.param(format!("x{i}"), t)).collect();
        let mut b = Builder::new(&mut trace);
        let results = (self.body)(&mut b, &params);
        let insts = b.finish();
        trace.body.insts = insts;
        trace.body.results = results;
        verify(&trace).unwrap_or_else(|e| panic!("{}: {e}\n{trace}", self.name));
        trace
    }
}

/// The trace as an executor gets it.
pub fn fused(trace: &Trace) -> Trace {
    lowered(trace, &Nothing)
}

/// The same for a device, which may run composites whole.
pub fn lowered(trace: &Trace, backend: &dyn Backend) -> Trace {
    let (trace, _) = pipeline::lower(trace.clone(), backend, None).unwrap_or_else(|e| panic!("{e}\n{trace}"));
    trace
}

fn bf(dims: &[usize]) -> Ty {
    Ty::of(BF16, dims)
}

fn f(dims: &[usize]) -> Ty {
    Ty::of(F32, dims)
}

fn gelu(b: &mut Builder, x: Value) -> Value {
    b.op(Op::Gelu { tanh: Flag::Yes }, &[x])
}

fn vjp(
    b: &mut Builder,
    x: &[Value],
    ct: &[Value],
    g: &dyn Fn(&mut Builder, &[Value]) -> Vec<Value>,
) -> Vec<Value> {
    let types: Vec<Ty> = x.iter().map(|&v| b.ty(v)).collect();
    let params: Vec<Value> = types.iter().map(|&t| b.trace.value(t)).collect();
    let mut inner = Builder::new(b.trace);
    let results = g(&mut inner, &params);
    let body = thunder_core::trace::Body { params, insts: inner.finish(), results };
    let outs: Vec<Ty> = body.results.iter().map(|&v| b.ty(v)).collect();
    let kind = Kind::Vjp { inputs: x.len() as u32 };
    b.push(kind, [x, ct].concat(), &[&outs[..], &types[..]].concat(), Some(body))
}

fn layer_norm(b: &mut Builder, v: &[Value]) -> Vec<Value> {
    vec![b.op(Op::LayerNorm { eps: Lit::F(1e-5), weight: Flag::Yes, bias: Flag::Yes }, v)]
}

fn cross_entropy(b: &mut Builder, v: &[Value]) -> Vec<Value> {
    let op = Op::CrossEntropy {
        ignore_index: Some(Lit::I(-100)),
        label_smoothing: Lit::F(0.0),
        reduction: thunder_core::op::Reduction::Mean,
    };
    vec![b.op(op, v)]
}

/// Every case, at sizes that take `rows` rows: small to test, large to time.
pub fn all(rows: usize) -> Vec<Case> {
    let r = rows;
    let mut list = vec![
        case("bias_gelu", &[bf(&[r, 3072]), bf(&[3072])], |b, v| {
            let y = b.add(v[0], v[1]);
            vec![gelu(b, y)]
        }),
        case("add_rms_norm", &[bf(&[r, 4096]), bf(&[r, 4096]), bf(&[4096])], |b, v| {
            let h = b.add(v[0], v[1]);
            vec![b.op(Op::RmsNorm { eps: Lit::F(1e-5), weight: Flag::Yes }, &[h, v[2]]), h]
        }),
        case("layer_norm", &[bf(&[r, 768]), bf(&[768]), bf(&[768])], layer_norm),
        case("layer_norm_backward", &[bf(&[r, 768]), bf(&[768]), bf(&[768]), bf(&[r, 768])], |b, v| {
            vjp(b, &v[..3], &v[3..], &layer_norm)[1..].to_vec()
        }),
        case(
            "add_rms_norm_backward",
            &[bf(&[r, 4096]), bf(&[r, 4096]), bf(&[4096]), bf(&[r, 4096]), bf(&[r, 4096])],
            |b, v| {
                vjp(b, &v[..3], &v[3..], &|b, v| {
                    let h = b.add(v[0], v[1]);
                    vec![b.op(Op::RmsNorm { eps: Lit::F(1e-5), weight: Flag::Yes }, &[h, v[2]]), h]
                })[2..]
                    .to_vec()
            },
        ),
        case("softmax", &[bf(&[r, 1024])], |b, v| vec![b.op(Op::Softmax { axis: Axis(-1) }, v)]),
        case("swiglu", &[bf(&[r, 8192]), bf(&[r, 8192])], |b, v| {
            let g = b.op(Op::Silu, &[v[0]]);
            vec![b.mul(g, v[1])]
        }),
        case("column_sum", &[bf(&[r, 4096])], |b, v| {
            let x = b.cast(v[0], F32);
            vec![b.sum(x, &[0], false)]
        }),
        case("transpose_gelu_add", &[bf(&[1024, r]), bf(&[r, 1024])], |b, v| {
            let g = gelu(b, v[0]);
            let t = b.permute(g, &[1, 0]);
            vec![b.add(v[1], t)]
        }),
        case("cross_entropy", &[bf(&[r, 50304]), Ty::of(I64, &[r])], cross_entropy),
        case("sum_all", &[f(&[r, 4096])], |b, v| {
            let x = b.square(v[0]);
            vec![b.sum(x, &[0, 1], false)]
        }),
    ];
    let mut adamw =
        case("adamw", &[f(&[r, 768]), f(&[r, 768]), f(&[r, 768]), bf(&[r, 768]), f(&[]), f(&[])], |b, v| {
            let scalar = |b: &mut Builder, x: f64| b.scalar(F32, x);
            let g = b.cast(v[3], F32);
            let g = b.mul(g, v[5]);
            let (b1, c1) = (scalar(b, 0.9), scalar(b, 0.1));
            let (b2, c2) = (scalar(b, 0.95), scalar(b, 0.05));
            let (m0, m1) = (b.mul(v[1], b1), b.mul(g, c1));
            let m = b.add(m0, m1);
            let gg = b.square(g);
            let (s0, s1) = (b.mul(v[2], b2), b.mul(gg, c2));
            let s = b.add(s0, s1);
            let root = b.sqrt(s);
            let eps = scalar(b, 1e-8);
            let denominator = b.add(root, eps);
            let step = b.div(m, denominator);
            let decay = scalar(b, 0.1);
            let w = b.mul(v[0], decay);
            let step = b.add(step, w);
            let step = b.mul(step, v[4]);
            let p = b.sub(v[0], step);
            vec![p, m, s, b.cast(p, BF16)]
        });
    adamw.donated = vec![true, true, true, false, false, false];
    list.push(adamw);
    let shapes: [&[usize]; 4] = [&[r, 768], &[768], &[4 * r, 100], &[5, 8]];
    let params: Vec<Ty> = shapes.iter().flat_map(|dims| [f(dims); 3]).chain([f(&[])]).collect();
    let mut momentum = case("momentum_of_four", &params, |b, v| {
        let keep = b.scalar(F32, 0.9);
        let lr = v[v.len() - 1];
        let one = |b: &mut Builder, v: &[Value]| {
            let kept = b.mul(v[1], keep);
            let velocity = b.add(kept, v[2]);
            let step = b.mul(velocity, lr);
            vec![b.sub(v[0], step), velocity]
        };
        v.chunks_exact(3).flat_map(|v| one(b, v)).collect()
    });
    momentum.donated = (0..3 * shapes.len() + 1).map(|i| i < 3 * shapes.len() && i % 3 != 2).collect();
    list.push(momentum);
    list.push(case("dropout", &[bf(&[r, 1024]), Ty::of(U32, &[2])], |b, v| {
        vec![b.op(Op::Dropout { p: Lit::F(0.1) }, v)]
    }));
    list.push(case("embedding", &[Ty::of(I64, &[r]), bf(&[512, 768]), bf(&[r, 768])], |b, v| {
        let e = b.op(Op::Embedding, &v[..2]);
        vec![b.add(e, v[2])]
    }));
    list.push(case("embedding_backward", &[Ty::of(I64, &[r]), bf(&[r, 768])], |b, v| {
        vec![b.op(Op::IndexAdd { axis: Axis(0), extent: Extent::new(512) }, &[v[1], v[0]])]
    }));
    list.push(case("small_embedding_backward", &[Ty::of(I64, &[r * 64]), f(&[r * 64, 40])], |b, v| {
        vec![b.op(Op::IndexAdd { axis: Axis(0), extent: Extent::new(5) }, &[v[1], v[0]])]
    }));
    list.push(case("rope", &[bf(&[2, r, 4, 64]), bf(&[1, r, 1, 64]), bf(&[1, r, 1, 64])], |b, v| {
        let sizes = b.ty(v[0]).sizes();
        let (lo, hi) = (b.narrow(v[0], 3, 0, 32), b.narrow(v[0], 3, 32, 32));
        let hi = b.neg(hi);
        let turned = b.op(Op::Cat { axis: Axis(3) }, &[hi, lo]);
        let _ = sizes;
        let (x, y) = (b.mul(v[0], v[1]), b.mul(turned, v[2]));
        vec![b.add(x, y)]
    }));
    list.push(case("causal_softmax", &[f(&[2, r, r])], |b, v| {
        let sizes = b.ty(v[0]).sizes();
        let shape = Shape::of(&sizes[1..]);
        let (i, j) = (0, 1);
        let iota = |b: &mut Builder, axis: i32| {
            b.op(Op::Iota { elem: Elem::Known(I64), shape, axis: Axis(axis) }, &[])
        };
        let (row, col) = (iota(b, i), iota(b, j));
        let mask = b.ge(row, col);
        let low = b.scalar(F32, f64::NEG_INFINITY);
        let x = b.select(mask, v[0], low);
        vec![b.op(Op::Softmax { axis: Axis(-1) }, &[x])]
    }));
    list.push(case("argmax_any", &[f(&[r, 50]), Ty::of(Bool, &[r, 50])], |b, v| {
        let best = b.op(Op::Argmax { axis: Axis(-1), keepdim: Flag::No }, &v[..1]);
        vec![best, b.op(Op::Any { axes: Axes::new(&[1]), keepdim: Flag::No }, &v[1..])]
    }));
    list.push(case("narrow_casts", &[Ty::of(F64, &[r]), Ty::of(I64, &[r]), Ty::of(U32, &[r])], |b, v| {
        let tail = b.op(Op::Erfc, &v[..1]);
        let share = b.sigmoid(tail);
        let mut out = Vec::new();
        for x in [share, v[1], v[2]] {
            out.extend([b.cast(x, BF16), b.cast(x, F16)]);
        }
        out
    }));
    list.push(case("cumsum", &[f(&[r, 700])], |b, v| vec![b.cumsum(v[0], 1, false)]));
    // An operation of the user's own, on a view: it is copied first.
    list.push(case("custom", &[Ty::of(I64, &[700, r])], move |b, v| {
        let x = b.permute(v[0], &[1, 0]);
        vec![b.op(custom::twice(&[r, 700]), &[x])]
    }));
    list
}
