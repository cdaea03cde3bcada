//! Common subexpressions: the same operation on the same operands is computed once.
//!
//! Every operation is pure (random ones take a key), so equal instructions have equal results. A
//! [`Op::Barrier`] is left alone: it marks what a checkpoint computes again on purpose.

use super::copy::{self, Map};
use crate::op::Op;
use crate::trace::{Body, Builder, InstData, Kind, Trace, Value};
use std::collections::HashMap;
use std::convert::Infallible;

/// Merges equal instructions of the trace's own body.
pub fn run(trace: &Trace) -> Trace {
    let Ok(out) = copy::trace::<Infallible>(trace, |b, body, map| {
        let mut seen: HashMap<(Op, Vec<Value>), Value> = HashMap::new();
        for inst in trace.insts(body) {
            let Kind::Op(op) = inst.kind else {
                append(trace, b, inst, map)?;
                continue;
            };
            let key = (op, map.all(&inst.args));
            let reusable = !op.has_effect() && !matches!(op, Op::Barrier);
            match seen.get(&key).filter(|_| reusable) {
                Some(&v) => map.insert(inst.results[0], v),
                None => {
                    let results = append(trace, b, inst, map)?;
                    seen.insert(key, results[0]);
                }
            }
        }
        Ok(map.all(&body.results))
    });
    out
}

/// Appends `inst` as it is, nested bodies included.
fn append(trace: &Trace, b: &mut Builder, inst: &InstData, map: &mut Map) -> Result<Vec<Value>, Infallible> {
    copy::inst(b, inst, map, &mut |b, inner, map| nested(trace, b, inner, map))
}

/// A nested body as it is.
pub(super) fn nested(
    trace: &Trace,
    b: &mut Builder,
    inner: &Body,
    map: &mut Map,
) -> Result<Body, Infallible> {
    copy::body(b, inner, map, |b, source, map| {
        for inst in trace.insts(source) {
            append(trace, b, inst, map)?;
        }
        Ok(map.all(&source.results))
    })
}
