//! Common subexpressions: the same operation on the same operands is computed once.
//!
//! Every operation is pure (random ones take a key), so equal instructions have equal results. A
//! [`Op::Barrier`] is left alone: it marks what a checkpoint computes again on purpose.

use super::rewrite;
use crate::op::Op;
use crate::trace::{Inst, Kind, Trace};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// Merges equal instructions of the trace's own body.
pub fn run(trace: Trace) -> Trace {
    // The instructions seen, by the hash of operation and operands: they stay in the trace, and are compared there.
    let mut seen: FxHashMap<u64, Vec<Inst>> = FxHashMap::default();
    rewrite::trace(trace, |b, i| {
        let data = b.trace.data(i);
        let Kind::Op(op) = &data.kind else { return None };
        if op.has_effect() || matches!(op, Op::Barrier) {
            return None;
        }
        let mut hasher = FxHasher::default();
        (op, &data.args).hash(&mut hasher);
        let alike = seen.entry(hasher.finish()).or_default();
        let known =
            alike.iter().map(|&k| b.trace.data(k)).find(|k| k.args == data.args && k.kind == data.kind);
        match known {
            Some(known) => Some(known.results[0]),
            None => {
                alike.push(i);
                None
            }
        }
    })
}
