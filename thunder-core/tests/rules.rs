//! Decompositions and derivatives of every operation, judged by the oracle.

mod common;

use common::*;
use thunder_core::op::Op;
use thunder_core::trace::Kind;
use thunder_core::transform::{decompose, differentiate};
use thunder_core::types::{DType, Ty};
use thunder_oracle::samples::{self, Random, Sample};
use thunder_oracle::{Array, Rounding, eval, eval_with};

#[test]
fn every_operation_has_a_sample() {
    assert_eq!(samples::missing(DType::F64), []);
}

#[test]
fn decompositions_are_primitive_and_equal_the_definition() {
    for dtype in [DType::F64, DType::F32, DType::BF16] {
        for s in samples::all(dtype) {
            let trace = checked(&s.name(), s.trace());
            let out = checked(&s.name(), decompose::run(trace.clone(), &|_, _| false));
            for inst in out.insts(&out.body) {
                let Kind::Op(op) = inst.kind else { panic!("{:?}", inst.kind) };
                assert!(!op.class().is_composite(), "{}: {op:?}", s.name());
            }
            let inputs = s.arrays(1);
            assert_close(&s.name(), &eval(&out, &inputs), &eval(&trace, &inputs), 1e-12);
        }
    }
}

fn smooth(order: u8) -> Vec<Sample> {
    samples::all(DType::F64).into_iter().filter(|s| s.order >= order).collect()
}

#[test]
fn forward_derivatives_equal_central_differences() {
    for s in smooth(1) {
        let types = s.types();
        let n = types.len();
        let trace = build(&[&types[..], &types[..]].concat(), |b, p| {
            jvp(b, &p[..n], &p[n..], &|b, x| vec![b.op(s.op, x)])
        });
        let trace = differentiated(&s.name(), trace);
        for seed in 1..3 {
            let x = s.arrays(seed);
            let d = direction(&x, &mut Random(seed));
            let got = eval(&trace, &[&x[..], &d[..]].concat());
            let plain = s.trace();
            assert_close(&s.name(), &got[..1], &eval(&plain, &x), 1e-12);
            assert_close_but(&s.name(), &got[1..], &difference(&|x| eval(&plain, x), &x, &d), 1e-7, 1e-9);
        }
    }
}

/// `<ct, J d> == <Jᵀ ct, d>`.
#[test]
fn reverse_derivatives_are_the_transposes_of_the_forward_ones() {
    for s in smooth(1) {
        let (types, out) = (s.types(), s.result());
        let n = types.len();
        let forward = build(&[&types[..], &types[..]].concat(), |b, p| {
            jvp(b, &p[..n], &p[n..], &|b, x| vec![b.op(s.op, x)])
        });
        let forward = differentiated(&s.name(), forward);
        let reverse = build(&[&types[..], &[out]].concat(), |b, p| {
            vjp(b, &p[..n], &p[n..], &|b, x| vec![b.op(s.op, x)])
        });
        let reverse = differentiated(&s.name(), reverse);
        let x = s.arrays(3);
        let mut random = Random(3);
        let d = direction(&x, &mut random);
        let y = eval(&forward, &[&x[..], &d[..]].concat());
        let ct = direction(&y[..1], &mut random);
        let g = eval(&reverse, &[&x[..], &ct[..]].concat());
        assert_close(&s.name(), &g[..1], &y[..1], 1e-12);
        let (a, b) = (dot(&ct, &y[1..]), dot(&g[1..], &d));
        assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{}: {a} and {b}\n{reverse}", s.name());
    }
}

/// Forward over reverse against differences of reverse, and reverse over reverse as its transpose: the Hessian
/// of `<ct, f>` is symmetric.
#[test]
fn second_derivatives() {
    for s in smooth(2) {
        let (types, out) = (s.types(), s.result());
        let n = types.len();
        let f: Function = &|b, x| vec![b.op(s.op, x)];
        let gradient =
            build(&[&types[..], &[out]].concat(), |b, p| vjp(b, &p[..n], &p[n..], f)[1..].to_vec());
        let gradient = differentiated(&s.name(), gradient);
        let over = |reverse: bool| {
            let trace = build(&[&types[..], &[out], &types[..]].concat(), |b, p| {
                let (x, ct, d) = (&p[..n], p[n], &p[n + 1..]);
                let inner: Function = &|b, x| vjp(b, x, &[ct], f)[1..].to_vec();
                if reverse { vjp(b, x, d, inner)[n..].to_vec() } else { jvp(b, x, d, inner)[n..].to_vec() }
            });
            differentiated(&s.name(), trace)
        };
        let (forward, reverse) = (over(false), over(true));
        let x = s.arrays(5);
        let mut random = Random(5);
        let d = direction(&x, &mut random);
        let ct = direction(&eval(&s.trace(), &x), &mut random);
        let all = [&x[..], &ct[..], &d[..]].concat();
        let got = eval(&forward, &all);
        let want = difference(&|x| eval(&gradient, &[x, &ct[..]].concat()), &x, &d);
        assert_close_but(&s.name(), &got, &want, 1e-6, 1e-8);
        assert_close_but(&s.name(), &eval(&reverse, &all), &got, 1e-9, 1e-12);
    }
}

#[test]
fn operations_without_a_derivative_say_so() {
    for op in [Op::Round, Op::Floor, Op::Ceil, Op::Trunc, Op::Sign] {
        let ty = Ty::of(DType::F64, &[3]);
        let trace = build(&[ty, ty], |b, p| vjp(b, &p[..1], &p[1..], &|b, x| vec![b.op(op, x)]));
        let error = differentiate::run(trace.clone()).expect_err("no derivative").to_string();
        assert!(error.contains(op.name()) && error.contains("stop_gradient"), "{error}");
    }
}

/// What is flat between its steps has zero second derivatives, not an error.
#[test]
fn piecewise_operations_have_second_derivatives() {
    for (op, n) in [(Op::Abs, 1), (Op::Rem, 2), (Op::Relu, 1), (Op::Maximum, 2)] {
        let types = vec![Ty::of(DType::F64, &[]); n];
        let trace = build(&[&types[..], &[Ty::of(DType::F64, &[])]].concat(), |b, p| {
            let inner: Function = &|b, x| {
                let one = b.scalar(DType::F64, 1.0);
                vjp(b, x, &[one], &|b, x| {
                    let y = b.op(op, x);
                    vec![b.square(y)]
                })[1..2]
                    .to_vec()
            };
            vjp(b, &p[..n], &p[n..], inner)[1..2].to_vec()
        });
        // d²(y²)/dx² = 2 y'².
        let x = [2.7, 2.0].map(|x| Array::new(DType::F64, &[], vec![x]));
        let one = Array::new(DType::F64, &[], vec![1.0]);
        let out = eval(&differentiated(op.name(), trace), &[&x[..n], &[one]].concat());
        assert_eq!(out[0].data, [2.0], "{op:?}");
    }
}

/// The composites whose whole computation is in f32 are right to one rounding of the 16-bit result.
#[test]
fn sixteen_bit_composites_round_once() {
    for s in samples::all(DType::BF16) {
        let whole = matches!(
            s.op,
            Op::Mean { .. }
                | Op::Var { .. }
                | Op::Logsumexp { .. }
                | Op::Softmax { .. }
                | Op::LogSoftmax { .. }
                | Op::LayerNorm { .. }
                | Op::RmsNorm { .. }
                | Op::Gelu { .. }
                | Op::Silu
                | Op::Softplus
                | Op::CrossEntropy { .. }
        );
        if !whole {
            continue;
        }
        let out = decompose::run(s.trace(), &|_, _| false);
        let x = s.arrays(7);
        let (got, want) = (&eval_with(&out, &x, Rounding::Each)[0], &eval(&s.trace(), &x)[0]);
        for (g, w) in got.data.iter().zip(&want.data) {
            // Half a unit in the last of 8 bits, and what f32 loses by cancelling among numbers of size 2.
            let bound = w.abs() / 256.0 + 1e-5;
            assert!(g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() <= bound, "{}: {g} {w}", s.name());
        }
    }
}
