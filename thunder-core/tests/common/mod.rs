//! What the tests of rules and transforms share.
#![allow(dead_code)]

use thunder_core::trace::{Body, Builder, Kind, Trace, Value};
use thunder_core::transform::differentiate;
use thunder_core::types::Ty;
use thunder_core::verify::verify;
use thunder_oracle::Array;
use thunder_oracle::samples::Random;

/// Asserts that the arrays agree to an error relative to the greatest element that is wanted, NaN where NaN is.
pub fn assert_close(what: &str, got: &[Array], want: &[Array], tolerance: f64) {
    assert_close_but(what, got, want, tolerance, 0.0);
}

/// As [`assert_close`]; each element may be off by `floor` besides, as differences of rounded numbers are.
pub fn assert_close_but(what: &str, got: &[Array], want: &[Array], tolerance: f64, floor: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert_eq!((g.dtype, &g.shape), (w.dtype, &w.shape), "{what}: result {i}");
        let scale = w.data.iter().filter(|y| y.is_finite()).fold(0.0f64, |m, y| m.max(y.abs()));
        for (k, (&x, &y)) in g.data.iter().zip(&w.data).enumerate() {
            let same = x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * scale + floor;
            assert!(
                same,
                "{what}: result {i}, element {k}: got {x}, expected {y}\n{:?}\n{:?}",
                g.data, w.data
            );
        }
    }
}

/// Asserts that zeros have the sign that is wanted: 1 / x tells them apart.
pub fn assert_zeros(what: &str, got: &[Array], want: &[Array]) {
    for (g, w) in got.iter().zip(want) {
        for (k, (x, y)) in g.data.iter().zip(&w.data).enumerate() {
            let same = *x != 0.0 || *y != 0.0 || x.is_sign_negative() == y.is_sign_negative();
            assert!(same, "{what}: element {k}: got {x:?}, expected {y:?}");
        }
    }
}

/// The trace, verified.
pub fn checked(what: &str, trace: Trace) -> Trace {
    verify(&trace).unwrap_or_else(|e| panic!("{what}: {e}\n{trace}"));
    trace
}

/// Builds a trace with parameters of these types, and the results that `f` gives.
pub fn build(types: &[Ty], f: impl FnOnce(&mut Builder, &[Value]) -> Vec<Value>) -> Trace {
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
pub fn closure(b: &mut Builder, types: &[Ty], f: &dyn Fn(&mut Builder, &[Value]) -> Vec<Value>) -> Body {
    let params: Vec<Value> = types.iter().map(|&t| b.trace.value(t)).collect();
    let mut inner = Builder::new(b.trace);
    let results = f(&mut inner, &params);
    Body { params, insts: inner.finish(), results }
}

/// What is differentiated.
pub type Function<'a> = &'a dyn Fn(&mut Builder, &[Value]) -> Vec<Value>;

/// `jvp` at `x` along `dx`: the results, then the tangents.
pub fn jvp(b: &mut Builder, x: &[Value], dx: &[Value], f: Function) -> Vec<Value> {
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
pub fn vjp(b: &mut Builder, x: &[Value], ct: &[Value], f: Function) -> Vec<Value> {
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
pub fn direction(x: &[Array], random: &mut Random) -> Vec<Array> {
    x.iter()
        .map(|x| {
            let data =
                x.data.iter().map(|_| if x.dtype.is_float() { 2.0 * random.unit() - 1.0 } else { 0.0 });
            Array::new(x.dtype, &x.shape, data.collect())
        })
        .collect()
}

/// `x + h d`.
pub fn along(x: &[Array], d: &[Array], h: f64) -> Vec<Array> {
    x.iter()
        .zip(d)
        .map(|(x, d)| {
            Array::new(x.dtype, &x.shape, x.data.iter().zip(&d.data).map(|(x, d)| x + h * d).collect())
        })
        .collect()
}

/// The derivative of `f` at `x` along `d`, by central differences.
pub fn difference(f: &dyn Fn(&[Array]) -> Vec<Array>, x: &[Array], d: &[Array]) -> Vec<Array> {
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

/// `<x, y>`.
pub fn dot(x: &[Array], y: &[Array]) -> f64 {
    x.iter().zip(y).flat_map(|(x, y)| x.data.iter().zip(&y.data)).map(|(x, y)| x * y).sum()
}

/// The trace without derivatives, verified.
pub fn differentiated(what: &str, trace: Trace) -> Trace {
    let out = differentiate::run(trace.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
    for inst in out.insts(&out.body) {
        assert!(matches!(inst.kind, Kind::Op(_)), "{what}: {:?} is left", inst.kind);
    }
    checked(what, out)
}
