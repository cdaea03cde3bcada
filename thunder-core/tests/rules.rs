//! Decompositions and derivatives of every operation, judged by the oracle.

use thunder_core::op::{Class, Op};
use thunder_core::trace::{Body, Builder, Kind, Trace, Value};
use thunder_core::transform::{decompose, differentiate};
use thunder_core::types::{DType, Ty};
use thunder_core::verify::verify;
use thunder_oracle::samples::{self, Random, Sample};
use thunder_oracle::{Array, eval};

/// Asserts that the arrays agree to a relative error, NaN where NaN is.
fn assert_close(what: &str, got: &[Array], want: &[Array], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert_eq!((g.dtype, &g.shape), (w.dtype, &w.shape), "{what}: result {i}");
        for (k, (&x, &y)) in g.data.iter().zip(&w.data).enumerate() {
            let scale = w.data.iter().filter(|y| y.is_finite()).fold(1.0f64, |m, y| m.max(y.abs()));
            let same = x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * scale;
            assert!(
                same,
                "{what}: result {i}, element {k}: got {x}, expected {y}\n{:?}\n{:?}",
                g.data, w.data
            );
        }
    }
}

fn checked(what: &str, trace: Trace) -> Trace {
    verify(&trace).unwrap_or_else(|e| panic!("{what}: {e}\n{trace}"));
    trace
}

#[test]
fn every_operation_has_a_sample() {
    assert_eq!(samples::missing(DType::F64), []);
}

#[test]
fn decompositions_are_primitive_and_equal_the_definition() {
    for dtype in [DType::F64, DType::F32, DType::BF16] {
        for s in samples::all(dtype) {
            let trace = checked(&s.name(), s.trace());
            let out = checked(&s.name(), decompose::run(&trace, &|_, _| false));
            for inst in out.insts(&out.body) {
                let Kind::Op(op) = inst.kind else { panic!("{:?}", inst.kind) };
                assert_ne!(op.class(), Class::Composite, "{}: {op:?}", s.name());
            }
            let inputs = s.arrays(1);
            assert_close(&s.name(), &eval(&out, &inputs), &eval(&trace, &inputs), 1e-12);
        }
    }
}

/// Builds a trace with parameters of these types, and the results that `f` gives.
fn build(types: &[Ty], f: impl FnOnce(&mut Builder, &[Value]) -> Vec<Value>) -> Trace {
    let mut trace = Trace::new("test");
    let params: Vec<Value> =
        types.iter().enumerate().map(|(i, &t)| trace.param(format!("x{i}"), t)).collect();
    let mut b = Builder::new(&mut trace);
    let results = f(&mut b, &params);
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = results;
    checked("built", trace)
}

/// A closure over values of these types.
fn closure(b: &mut Builder, types: &[Ty], f: &dyn Fn(&mut Builder, &[Value]) -> Vec<Value>) -> Body {
    let params: Vec<Value> = types.iter().map(|&t| b.trace.value(t)).collect();
    let mut inner = Builder::new(b.trace);
    let results = f(&mut inner, &params);
    Body { params, insts: inner.finish(), results }
}

type Function<'a> = &'a dyn Fn(&mut Builder, &[Value]) -> Vec<Value>;

/// `jvp` at `x` along `dx`: the results, then the tangents.
fn jvp(b: &mut Builder, x: &[Value], dx: &[Value], f: Function) -> Vec<Value> {
    let types: Vec<Ty> = x.iter().map(|&v| b.ty(v)).collect();
    let body = closure(b, &types, f);
    let outs: Vec<Ty> = body.results.iter().map(|&v| b.ty(v)).collect();
    b.push(
        Kind::Jvp { inputs: x.len() as u32 },
        [x, dx].concat(),
        &[&outs[..], &outs[..]].concat(),
        Some(body),
    )
}

/// `vjp` at `x`: the results, then the gradients.
fn vjp(b: &mut Builder, x: &[Value], ct: &[Value], f: Function) -> Vec<Value> {
    let types: Vec<Ty> = x.iter().map(|&v| b.ty(v)).collect();
    let body = closure(b, &types, f);
    let outs: Vec<Ty> = body.results.iter().map(|&v| b.ty(v)).collect();
    b.push(
        Kind::Vjp { inputs: x.len() as u32 },
        [x, ct].concat(),
        &[&outs[..], &types[..]].concat(),
        Some(body),
    )
}

/// A random direction: zeros for what is no float.
fn direction(x: &[Array], random: &mut Random) -> Vec<Array> {
    x.iter()
        .map(|x| {
            let data =
                x.data.iter().map(|_| if x.dtype.is_float() { 2.0 * random.unit() - 1.0 } else { 0.0 });
            Array::new(x.dtype, &x.shape, data.collect())
        })
        .collect()
}

fn along(x: &[Array], d: &[Array], h: f64) -> Vec<Array> {
    x.iter()
        .zip(d)
        .map(|(x, d)| {
            Array::new(x.dtype, &x.shape, x.data.iter().zip(&d.data).map(|(x, d)| x + h * d).collect())
        })
        .collect()
}

/// The derivative of `f` at `x` along `d`, by central differences.
fn difference(f: &dyn Fn(&[Array]) -> Vec<Array>, x: &[Array], d: &[Array]) -> Vec<Array> {
    let h = 1e-5;
    let (up, down) = (f(&along(x, d, h)), f(&along(x, d, -h)));
    up.iter()
        .zip(&down)
        .map(|(u, v)| {
            let slope =
                |(u, v): (&f64, &f64)| if u.is_nan() && v.is_nan() { f64::NAN } else { (u - v) / (2.0 * h) };
            Array::new(u.dtype, &u.shape, u.data.iter().zip(&v.data).map(slope).collect())
        })
        .collect()
}

fn dot(x: &[Array], y: &[Array]) -> f64 {
    x.iter().zip(y).flat_map(|(x, y)| x.data.iter().zip(&y.data)).map(|(x, y)| x * y).sum()
}

fn differentiated(what: &str, trace: Trace) -> Trace {
    let out = differentiate::run(&trace).unwrap_or_else(|e| panic!("{what}: {e}"));
    for inst in out.insts(&out.body) {
        assert!(matches!(inst.kind, Kind::Op(_)), "{what}: {:?} is left", inst.kind);
    }
    checked(what, out)
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
            assert_close(&s.name(), &got[1..], &difference(&|x| eval(&plain, x), &x, &d), 1e-7);
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
        assert_close(&s.name(), &got, &want, 1e-6);
        assert_close(&s.name(), &eval(&reverse, &all), &got, 1e-9);
    }
}

#[test]
fn operations_without_a_derivative_say_so() {
    for op in [Op::Round, Op::Floor, Op::Ceil, Op::Trunc, Op::Sign] {
        let ty = Ty::of(DType::F64, &[3]);
        let trace = build(&[ty, ty], |b, p| vjp(b, &p[..1], &p[1..], &|b, x| vec![b.op(op, x)]));
        let error = differentiate::run(&trace).expect_err("no derivative").to_string();
        assert!(error.contains(op.name()) && error.contains("stop_gradient"), "{error}");
    }
}
