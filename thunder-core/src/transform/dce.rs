//! Dead code: instructions that no result depends on.

use crate::trace::{Body, Inst, InstData, Kind, Trace, Value};
use rustc_hash::FxHashMap;
use std::mem::take;

/// Keeps what the results need and what has an effect, in nested bodies too.
pub fn run(mut trace: Trace) -> Trace {
    let mut live = vec![false; trace.value_count()];
    let mut body = take(&mut trace.body);
    keep_live(&mut trace, &mut body, &mut live);
    trace.body = body;
    trace
}

fn keep_live(trace: &mut Trace, body: &mut Body, live: &mut [bool]) {
    body.results.iter().for_each(|r| live[r.index()] = true);
    let mut kept = Vec::with_capacity(body.insts.len());
    for &i in body.insts.iter().rev() {
        let inst = trace.data(i);
        if !has_effect(trace, inst) && !inst.results.iter().any(|r| live[r.index()]) {
            continue;
        }
        inst.args.iter().for_each(|a| live[a.index()] = true);
        kept.push(i);
        // What a nested body reads of this one is live before it.
        if let Some(mut inner) = trace.data_mut(i).body.take() {
            keep_live(trace, &mut inner, live);
            trace.data_mut(i).body = Some(inner);
        }
    }
    kept.reverse();
    body.insts = kept;
}

fn has_effect(trace: &Trace, inst: &InstData) -> bool {
    match &inst.kind {
        Kind::Op(op) => op.has_effect(),
        _ => inst.body.as_ref().is_some_and(|b| trace.insts(b).any(|i| has_effect(trace, i))),
    }
}

/// The trace with its values numbered densely, in order: for printing.
pub fn renumber(trace: &Trace) -> Trace {
    let mut out = Trace::new(trace.name.clone());
    let mut map = FxHashMap::default();
    for (v, name) in trace.body.params.iter().zip(&trace.param_names) {
        map.insert(*v, out.param(name.clone(), trace.ty(*v)));
    }
    let params = out.body.params.clone();
    let (insts, results) = body(trace, &trace.body, &mut out, &mut map);
    out.body = Body { params, insts, results };
    out
}

fn body(
    trace: &Trace,
    source: &Body,
    out: &mut Trace,
    map: &mut FxHashMap<Value, Value>,
) -> (Vec<Inst>, Vec<Value>) {
    let mut insts = Vec::with_capacity(source.insts.len());
    for inst in trace.insts(source) {
        let inner = inst.body.as_ref().map(|b| {
            let params = b.params.iter().map(|&p| fresh(trace, p, out, map)).collect();
            let (insts, results) = body(trace, b, out, map);
            Body { params, insts, results }
        });
        let args = inst.args.iter().map(|a| map[a]).collect();
        let results = inst.results.iter().map(|&r| fresh(trace, r, out, map)).collect();
        insts.push(out.inst(InstData { kind: inst.kind, args, results, body: inner, loc: inst.loc }));
    }
    let results = source.results.iter().map(|r| map[r]).collect();
    (insts, results)
}

fn fresh(trace: &Trace, v: Value, out: &mut Trace, map: &mut FxHashMap<Value, Value>) -> Value {
    let new = out.value(trace.ty(v));
    map.insert(v, new);
    new
}
