//! Random well-typed traces: every pass keeps what a trace means, and derivatives are those of the function.

mod common;
#[path = "common/random.rs"]
mod random;

use common::*;
use proptest::prelude::*;
use random::{assert_within, cases, recipe};
use thunder_core::exec::Backend;
use thunder_core::op::{Flag, Op};
use thunder_core::pipeline;
use thunder_core::trace::{Body, Builder, Kind, Trace, Value};
use thunder_core::transform::{batch, fuse};
use thunder_core::types::{Axes, DType, Extent, Ty};
use thunder_oracle::random_trace::{Case, Flavour, bounds, inline, make};
use thunder_oracle::samples::Random;
use thunder_oracle::{Array, Nothing, eval};

/// Every pass of the pipeline in order, fusion last.
fn passes() -> impl Iterator<Item = (&'static str, Box<dyn Fn(&Trace) -> Trace>)> {
    let pass = |&(name, pass): &pipeline::Pass| {
        let run = move |t: &Trace| pass(t.clone(), &Nothing).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, Box::new(run) as Box<dyn Fn(&Trace) -> Trace>)
    };
    let fuse: Box<dyn Fn(&Trace) -> Trace> = Box::new(|t| fuse::run(t, &Nothing.target()).0);
    pipeline::PASSES.iter().map(pass).chain([("fuse", fuse)])
}

/// What f64 arithmetic may lose, whatever the element type: the oracle rounds nothing.
fn f64_unit(_: DType) -> f64 {
    f64::EPSILON
}

/// Every pass alone, and all of them in order.
fn passes_keep_values(case: &Case) {
    let start = checked("generated", case.trace.clone());
    let want = eval(&start, &case.inputs);
    let bounds = bounds(case, f64_unit);
    let mut whole = start.clone();
    for (name, pass) in passes() {
        let alone = checked(name, pass(&start));
        assert_within(&format!("{name} alone"), &eval(&alone, &case.inputs), &want, &bounds, &start);
        whole = checked(name, pass(&whole));
        assert_within(&format!("up to {name}\n{whole}"), &eval(&whole, &case.inputs), &want, &bounds, &start);
    }
}

/// The trace as a closure over some of its inputs, the rest captured.
fn closure_of(b: &mut Builder, trace: &Trace, own: &[bool], args: &[Value], types: &[Ty]) -> Body {
    closure(b, types, &|b, p| {
        let mut p = p.iter();
        let all: Vec<Value> = args
            .iter()
            .zip(own)
            .map(|(&v, &own)| if own { *p.next().expect("one each") } else { v })
            .collect();
        inline(b, trace, &all)
    })
}

/// The trace over `size` examples of the inputs that are `mapped`.
fn mapped(case: &Case, size: usize, mapped: &[bool]) -> Case {
    let widened = |t: Ty| Ty::new(t.elem, t.shape.insert(0, Extent::new(size)));
    let own: Vec<Ty> = case.trace.body.params.iter().map(|&p| case.trace.ty(p)).collect();
    let types: Vec<Ty> = own.iter().zip(mapped).map(|(&t, &m)| if m { widened(t) } else { t }).collect();
    let inputs = case.inputs.iter().zip(mapped).map(|(x, &m)| {
        if !m {
            return x.clone();
        }
        let n = x.data.len();
        let at = |e: usize, i: usize| x.data[(i + e) % n.max(1)];
        let data = (0..size).flat_map(|e| (0..n).map(move |i| at(e, i))).collect();
        Array::new(x.dtype, &[&[size], &x.shape[..]].concat(), data)
    });
    let inputs: Vec<Array> = inputs.collect();
    let trace = build(&types, |b, p| {
        let inner: Vec<Ty> = own.iter().zip(mapped).filter(|(_, m)| **m).map(|(t, _)| *t).collect();
        let body = closure_of(b, &case.trace, mapped, p, &inner);
        let outs: Vec<Ty> = body.results.iter().map(|&v| widened(b.ty(v))).collect();
        let args = p.iter().zip(mapped).filter(|(_, m)| **m).map(|(v, _)| *v).collect();
        b.push(Kind::Vmap { size: size as u32 }, args, &outs, Some(body))
    });
    Case { trace, inputs }
}

/// The sum of the squares of the float results: a scalar to differentiate.
fn loss(b: &mut Builder, results: &[Value]) -> Value {
    let mut sum = b.scalar(DType::F64, 0.0);
    for &r in results {
        if b.ty(r).dtype().is_float() {
            let square = b.op(Op::Square, &[r]);
            let part = b.op(Op::Sum { axes: Axes::ALL, keepdim: Flag::No }, &[square]);
            sum = b.add(sum, part);
        }
    }
    sum
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn passes_keep_what_a_trace_means(r in recipe(16)) {
        passes_keep_values(&make(&r, Flavour::Any));
    }

    #[test]
    fn passes_keep_nan_and_infinity(r in recipe(12)) {
        passes_keep_values(&make(&r, Flavour::Specials));
    }

    #[test]
    fn batching_is_running_each_example(r in recipe(10), which in any::<u8>(), size in 1usize..4) {
        let case = make(&r, Flavour::Any);
        let n = case.inputs.len();
        let list: Vec<bool> = (0..n).map(|i| which >> i & 1 == 0).collect();
        let one = bounds(&case, f64_unit);
        let case = mapped(&case, size, &list);
        let want = eval(&case.trace, &case.inputs);
        let out = checked("batch", batch::run(case.trace.clone()).expect("batching"));
        // The examples are permutations of one input: its bounds, widened, serve for all.
        let most = |b: &Vec<f64>| b.iter().fold(1e-9f64, |m, x| m.max(*x)) * 1e3;
        let bounds: Vec<Vec<f64>> = one.iter().zip(&want).map(|(b, w)| vec![most(b); w.data.len()]).collect();
        assert_within(&format!("batch\n{out}"), &eval(&out, &case.inputs), &want, &bounds, &case.trace);
    }

    #[test]
    fn gradients_are_central_differences(r in recipe(10)) {
        let case = make(&r, Flavour::Smooth);
        let types: Vec<Ty> = case.trace.body.params.iter().map(|&p| case.trace.ty(p)).collect();
        let f: Function = &|b, p| {
            let results = inline(b, &case.trace, p);
            vec![loss(b, &results)]
        };
        let plain = build(&types, |b, p| f(b, p));
        let reverse = build(&types, |b, p| {
            let body = closure(b, &types, f);
            let out = [&[Ty::of(DType::F64, &[])], &types[..]].concat();
            b.push(Kind::Grad, p.to_vec(), &out, Some(body))
        });
        let reverse = differentiated("grad", reverse);
        let forward = differentiated("jvp", build(&[&types[..], &types[..]].concat(), |b, p| {
            jvp(b, &p[..types.len()], &p[types.len()..], f)
        }));
        let x = &case.inputs;
        let d = direction(x, &mut Random(5));
        let out = eval(&reverse, x);
        let got = dot(&out[1..], &d);
        let tangent = eval(&forward, &[&x[..], &d[..]].concat())[1].data[0];
        let scale = out[1..].iter().flat_map(|g| &g.data).fold(1.0f64, |m, v| m.max(v.abs()));
        prop_assert!((got - tangent).abs() <= 1e-9 * scale, "reverse {got}, forward {tangent}\n{plain}\n{reverse}");
        let slope = |h: f64| {
            let up = eval(&plain, &along(x, &d, h))[0].data[0];
            let down = eval(&plain, &along(x, &d, -h))[0].data[0];
            (up - down) / (2.0 * h)
        };
        let (one, half) = (slope(2e-5), slope(1e-5));
        let bound = 8.0 * (one - half).abs() + 1e-6 * scale.max(out[0].data[0].abs());
        prop_assert!((got - half).abs() <= bound, "gradient {got}, difference {half}\n{plain}\n{reverse}");
        // The later passes on the joint trace.
        let want = eval(&reverse, x);
        let mut whole = reverse.clone();
        for (name, pass) in passes() {
            whole = checked(name, pass(&whole));
            assert_close(&format!("{name}\n{whole}"), &eval(&whole, x), &want, 1e-9);
        }
    }
}
