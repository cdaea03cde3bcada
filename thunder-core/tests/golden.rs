//! Golden traces: the text after each pass, on a device that claims nothing.

mod common;

use common::*;
use thunder_core::op::{Causal, Flag, Lit, Op, Reduction};
use thunder_core::pipeline;
use thunder_core::trace::{Builder, Kind, Loc, Value};
use thunder_core::types::{Axes, Axis, DType, Elem, Extent, Shape, Ty};
use thunder_oracle::Nothing;

/// The text after each pass that changed it.
fn passes(name: &str, params: &[(&str, Ty)], f: impl FnOnce(&mut Builder, &[Value]) -> Vec<Value>) -> String {
    let types: Vec<Ty> = params.iter().map(|(_, t)| *t).collect();
    let mut trace = build(&types, f);
    trace.name = name.into();
    trace.param_names = params.iter().map(|(n, _)| (*n).to_string()).collect();
    let mut last = trace.to_string();
    let mut text = format!("## link\n\n{last}");
    let mut stages = Vec::new();
    pipeline::lower(trace, &Nothing, Some(&mut stages)).expect("it lowers");
    for s in stages {
        if s.trace == last {
            text.push_str(&format!("\n## {}: no change\n", s.name));
        } else {
            text.push_str(&format!("\n## {}\n\n{}", s.name, s.trace));
        }
        last = s.trace;
    }
    text
}

fn at(b: &mut Builder, line: u32) {
    b.loc = Loc { file: "model.rs", line, column: 1 };
}

fn f32s(dims: &[usize]) -> Ty {
    Ty::of(DType::F32, dims)
}

#[test]
fn rms_norm() {
    let params = [("x", Ty::of(DType::BF16, &[2, 3, 8])), ("w", Ty::of(DType::BF16, &[8]))];
    let text = passes("rms_norm", &params, |b, p| {
        at(b, 3);
        let x = b.op(Op::Cast { elem: Elem::Known(DType::F32) }, &[p[0]]);
        at(b, 4);
        let square = b.square(x);
        let mean = b.op(Op::Mean { axes: Axes::new(&[-1]), keepdim: Flag::Yes }, &[square]);
        let eps = b.scalar(DType::F32, 1e-6);
        let sum = b.add(mean, eps);
        let scale = b.rsqrt(sum);
        at(b, 5);
        let y = b.mul(x, scale);
        let y = b.op(Op::Cast { elem: Elem::Known(DType::BF16) }, &[y]);
        vec![b.mul(y, p[1])]
    });
    insta::assert_snapshot!(text);
}

#[test]
fn cross_entropy_and_its_gradient() {
    let params = [("logits", f32s(&[4, 7])), ("targets", Ty::of(DType::I64, &[4]))];
    let text = passes("loss", &params, |b, p| {
        at(b, 9);
        let body = closure(b, &[f32s(&[4, 7])], &|b, x| {
            at(b, 10);
            let op = Op::CrossEntropy {
                ignore_index: Some(Lit::I(-100)),
                label_smoothing: Lit::F(0.0),
                reduction: Reduction::Mean,
            };
            vec![b.op(op, &[x[0], p[1]])]
        });
        b.push(Kind::Grad, vec![p[0]], &[f32s(&[]), f32s(&[4, 7])], Some(body))
    });
    insta::assert_snapshot!(text);
}

#[test]
fn a_train_step_of_an_mlp() {
    let weights = [("w1", f32s(&[16, 5])), ("b1", f32s(&[16])), ("w2", f32s(&[3, 16])), ("b2", f32s(&[3]))];
    let rest = [("lr", f32s(&[])), ("x", f32s(&[8, 5])), ("y", f32s(&[8, 3]))];
    let params = [&weights[..], &rest].concat();
    let text = passes("train_step", &params, |b, p| {
        let types: Vec<Ty> = weights.iter().map(|(_, t)| *t).collect();
        at(b, 20);
        let body = closure(b, &types, &|b, w| {
            at(b, 21);
            let h = b.op(Op::Linear { bias: Flag::Yes }, &[p[5], w[0], w[1]]);
            at(b, 22);
            let h = b.op(Op::Relu, &[h]);
            at(b, 23);
            let y = b.op(Op::Linear { bias: Flag::Yes }, &[h, w[2], w[3]]);
            at(b, 24);
            let d = b.sub(y, p[6]);
            let d = b.square(d);
            vec![b.op(Op::Mean { axes: Axes::ALL, keepdim: Flag::No }, &[d])]
        });
        let out = [&[f32s(&[])][..], &types].concat();
        let out = b.push(Kind::Grad, p[..4].to_vec(), &out, Some(body));
        at(b, 27);
        let mut results = vec![out[0]];
        for (w, g) in p[..4].iter().zip(&out[1..]) {
            let step = b.mul(*g, p[4]);
            results.push(b.sub(*w, step));
        }
        results
    });
    insta::assert_snapshot!(text);
}

#[test]
fn causal_attention() {
    let params = [("x", f32s(&[2, 6, 8])), ("qkv", f32s(&[24, 8])), ("proj", f32s(&[8, 8]))];
    let text = passes("attention", &params, |b, p| {
        at(b, 31);
        let y = b.op(Op::Linear { bias: Flag::No }, &[p[0], p[1]]);
        let [q, k, v] = [0, 1, 2].map(|i| {
            at(b, 32);
            let op = Op::Chunk { n: Extent::new(3), axis: Axis(-1), index: Extent::new(i) };
            let part = b.op(op, &[y]);
            let part = b.reshape(part, Shape::of(&[2, 6, 2, 4]));
            b.permute(part, &[0, 2, 1, 3])
        });
        at(b, 34);
        let op = Op::Sdpa { causal: Causal::Equal, scale: None, mask: Flag::No };
        let y = b.op(op, &[q, k, v]);
        at(b, 35);
        let y = b.permute(y, &[0, 2, 1, 3]);
        let y = b.reshape(y, Shape::of(&[2, 6, 8]));
        vec![b.op(Op::Linear { bias: Flag::No }, &[y, p[2]])]
    });
    insta::assert_snapshot!(text);
}
