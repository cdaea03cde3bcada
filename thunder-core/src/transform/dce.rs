//! Dead code: instructions that no result depends on. The trace is renumbered densely on the way.

use crate::trace::{Body, Inst, InstData, Trace, Value};
use std::collections::{HashMap, HashSet};

/// Keeps what the results need and what has an effect.
pub fn run(trace: &Trace) -> Trace {
    copy(trace, false)
}

/// Renumbers the values densely, and keeps everything: for printing.
pub fn renumber(trace: &Trace) -> Trace {
    copy(trace, true)
}

fn copy(trace: &Trace, all: bool) -> Trace {
    let mut out = Trace::new(trace.name.clone());
    let mut map = HashMap::new();
    for (v, name) in trace.body.params.iter().zip(&trace.param_names) {
        map.insert(*v, out.param(name.clone(), trace.ty(*v)));
    }
    let params = out.body.params.clone();
    let (insts, results) = body(trace, &trace.body, &mut out, &mut map, all);
    out.body = Body { params, insts, results };
    out
}

fn body(
    trace: &Trace,
    source: &Body,
    out: &mut Trace,
    map: &mut HashMap<Value, Value>,
    all: bool,
) -> (Vec<Inst>, Vec<Value>) {
    let mut live: HashSet<Value> = source.results.iter().copied().collect();
    let mut kept = Vec::new();
    for &i in source.insts.iter().rev() {
        let inst = trace.data(i);
        if all || has_effect(trace, inst) || inst.results.iter().any(|r| live.contains(r)) {
            live.extend(&inst.args);
            if let Some(inner) = &inst.body {
                live.extend(super::copy::reads(trace, inner));
            }
            kept.push(inst);
        }
    }
    let mut insts = Vec::with_capacity(kept.len());
    for inst in kept.into_iter().rev() {
        let inner = inst.body.as_ref().map(|b| {
            let params = b.params.iter().map(|&p| fresh(trace, p, out, map)).collect();
            let (insts, results) = body(trace, b, out, map, all);
            Body { params, insts, results }
        });
        let args = inst.args.iter().map(|a| map[a]).collect();
        let results = inst.results.iter().map(|&r| fresh(trace, r, out, map)).collect();
        insts.push(out.inst(InstData { kind: inst.kind, args, results, body: inner, loc: inst.loc }));
    }
    let results = source.results.iter().map(|r| map[r]).collect();
    (insts, results)
}

fn fresh(trace: &Trace, v: Value, out: &mut Trace, map: &mut HashMap<Value, Value>) -> Value {
    let new = out.value(trace.ty(v));
    map.insert(v, new);
    new
}

fn has_effect(trace: &Trace, inst: &InstData) -> bool {
    match &inst.kind {
        crate::trace::Kind::Op(op) => op.has_effect(),
        _ => inst.body.as_ref().is_some_and(|b| trace.insts(b).any(|i| has_effect(trace, i))),
    }
}
