//! Every operation's samples, and their derivatives, become kernels that the verifier accepts, on every device described.
//!
//! With `SOURCES=folder` each distinct source is kept there, for a compiler to try.

mod cases;

use std::collections::BTreeSet;
use std::path::PathBuf;
use thunder_core::exec::plan;
use thunder_core::kernel::target::Gpu;
use thunder_core::trace::{Body, Builder, Kind, Trace, Value};
use thunder_core::types::{DType, Ty};
use thunder_cuda::codegen::{self, Lowered, canonical, lower};
use thunder_oracle::samples::{self, Sample};

#[test]
fn every_sample_becomes_kernels() {
    let mut sources = BTreeSet::new();
    for float in [DType::F32, DType::BF16, DType::F16, DType::F64] {
        for sample in samples::all(float).into_iter().chain(samples::empty(float)) {
            let mut traces = vec![sample.trace()];
            if sample.order > 0 && float != DType::F16 {
                traces.push(gradient(&sample));
            }
            for trace in traces {
                let trace = cases::fused(&trace);
                // With and without operands whose memory may be written over.
                let plans = [false, true].map(|donated| {
                    let donated = vec![donated; trace.body.params.len()];
                    plan(&trace, &donated, codegen::writes).expect("a plan")
                });
                for gpu in [Gpu::A100, Gpu::RTX_4090, Gpu::H100] {
                    for step in plans.iter().flat_map(|plan| &plan.steps) {
                        let lowered = lower(&trace, step, &gpu)
                            .unwrap_or_else(|e| panic!("{float} {}: {e}\n{trace}", sample.name()));
                        if let Lowered::Kernels(list) | Lowered::Print(list, _) = lowered {
                            sources.extend(list.iter().map(|k| canonical(&k.source)));
                        }
                    }
                }
            }
        }
    }
    assert!(sources.len() > 300, "{} sources", sources.len());
    if let Some(folder) = std::env::var_os("SOURCES").map(PathBuf::from) {
        for (i, source) in sources.iter().enumerate() {
            std::fs::write(folder.join(format!("{i}.cu")), source).expect("the folder is there");
        }
    }
}

/// The gradients of a sample.
fn gradient(s: &Sample) -> Trace {
    let (types, out) = (s.types(), s.result());
    let mut trace = Trace::new(s.name());
    let all: Vec<Ty> = types.iter().copied().chain([out]).collect();
    let params: Vec<Value> = all.iter().enumerate().map(|(i, &t)| trace.param(format!("x{i}"), t)).collect();
    let leaves: Vec<Value> = types.iter().map(|&t| trace.value(t)).collect();
    let mut inner = Builder::new(&mut trace);
    let results = vec![inner.op(s.op, &leaves)];
    let body = Body { params: leaves, insts: inner.finish(), results };
    let mut b = Builder::new(&mut trace);
    let results =
        b.push(Kind::Vjp { inputs: types.len() as u32 }, params, &[&[out], &types[..]].concat(), Some(body));
    let insts = b.finish();
    trace.body.insts = insts;
    trace.body.results = results[1..].to_vec();
    trace
}
