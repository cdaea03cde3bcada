//! Random well-typed traces, with and without fusion, with shared and with donated arguments.

use crate::device;
use crate::recipes::{assert_within, cases, recipe};
use proptest::prelude::*;
use std::sync::Arc;
use thunder_core::exec::{Arg, Buffer, Executable};
use thunder_core::item::Options;
use thunder_core::pipeline;
use thunder_core::transform::fuse;
use thunder_core::types::{DType, Ty};
use thunder_oracle::random_trace::{Case, Flavour, bounds, make};
use thunder_oracle::{Array, decode, encode, eval};

/// A few units in the last place of what an operation reads and writes; f16 also loses below its least number.
fn unit(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 2.0 * f64::EPSILON,
        DType::F32 => f64::from(f32::EPSILON),
        DType::F16 => 1e-3,
        _ => 8e-3,
    }
}

fn fetch(ty: Ty, buffer: &Buffer) -> Array {
    let mut bytes = vec![0; ty.bytes()];
    device().download(buffer, &mut bytes).expect("its own buffer");
    Array::new(ty.dtype(), &ty.sizes(), decode(ty.dtype(), &bytes))
}

fn same(what: &str, x: &[Array], y: &[Array]) {
    for (x, y) in x.iter().zip(y) {
        assert!(x.data.iter().zip(&y.data).all(|(x, y)| x.to_bits() == y.to_bits()), "{what}\n{x:?}\n{y:?}");
    }
}

/// The results of two calls, each with its own buffers. Equal inputs may share a buffer.
fn run(exe: &dyn Executable, case: &Case, donated: &[bool], share: bool) -> Vec<Array> {
    let types: Vec<Ty> = case.trace.body.params.iter().map(|&p| case.trace.ty(p)).collect();
    let upload = || -> Vec<Buffer> {
        let mut list: Vec<Buffer> = Vec::new();
        for (i, x) in case.inputs.iter().enumerate() {
            let twin = (0..i).find(|&j| share && types[j] == types[i] && case.inputs[j].data == x.data);
            let buffer = match twin {
                Some(j) => list[j].clone(),
                None => device().upload(&encode(x.dtype, &x.data)).expect("memory"),
            };
            list.push(buffer);
        }
        list
    };
    let go = |keep: bool| {
        let buffers = upload();
        let kept = if keep { buffers.clone() } else { Vec::new() };
        let mut args: Vec<Arg> = buffers
            .into_iter()
            .zip(donated)
            .map(|(b, &d)| if d { Arg::Donated(b) } else { Arg::Borrowed(b) })
            .collect();
        let out = exe.run(&mut args).expect("it runs");
        let kept: Vec<Array> = kept.iter().zip(&types).map(|(b, &t)| fetch(t, b)).collect();
        same("an argument that someone holds was written over", &kept, &case.inputs);
        out
    };
    let results = |out: &[Buffer]| -> Vec<Array> {
        case.trace.body.results.iter().zip(out).map(|(&r, b)| fetch(case.trace.ty(r), b)).collect()
    };
    let first = go(false);
    let before = results(&first);
    let second = go(true);
    same("two runs differ", &results(&second), &before);
    same("a result changed in a later run", &results(&first), &before);
    before
}

fn agrees(case: &Case, donated: u8, share: bool) {
    let donated: Vec<bool> = (0..case.inputs.len()).map(|i| donated >> (i % 8) & 1 != 0).collect();
    let want: Vec<Array> = eval(&case.trace, &case.inputs).into_iter().map(Array::rounded).collect();
    let bounds = bounds(case, unit);
    let mut plain = case.trace.clone();
    for (_, pass) in pipeline::PASSES {
        plain = pass(plain, device()).expect("it lowers");
    }
    let exe: Arc<dyn Executable> = device()
        .compile(&plain, &donated, Options::default())
        .unwrap_or_else(|e| panic!("{e}\n{}", fuse::run(&plain, &device().target()).0));
    let got = run(&*exe, case, &donated, share);
    assert_within(&format!("one by one\n{plain}"), &got, &want, &bounds, &case.trace);
    let outcome = pipeline::compile(case.trace.clone(), device(), &donated, Options::default(), None)
        .unwrap_or_else(|e| panic!("{e}\n{}", fuse::run(&plain, &device().target()).0));
    let got = run(&*outcome.exe, case, &donated, share);
    let fused = fuse::run(&plain, &device().target()).0;
    assert_within(&format!("fused {donated:?}\n{fused}"), &got, &want, &bounds, &case.trace);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_executor_agrees_with_the_oracle(r in recipe(16), donated in any::<u8>(), share in any::<bool>()) {
        agrees(&make(&r, Flavour::Any), donated, share);
    }

    #[test]
    fn the_executor_keeps_nan_and_infinity(r in recipe(10), donated in any::<u8>()) {
        agrees(&make(&r, Flavour::Specials), donated, true);
    }
}
