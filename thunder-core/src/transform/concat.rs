//! Sums of zero-padded parts become concatenations: the derivative of slicing a tensor into parts, as a query-key-
//! value projection is, adds up one padded gradient a part.

use super::dce;
use crate::op::{Lit, Op};
use crate::trace::{Kind, Trace, Value};
use crate::types::Axis;
use std::collections::HashMap;

/// A part of the whole along one axis.
struct Part {
    from: usize,
    to: usize,
    value: Value,
}

/// Rewrites every sum of pads that fill the whole exactly.
pub fn run(trace: &Trace) -> Trace {
    let mut out = trace.clone();
    let mut def = HashMap::new();
    for &i in &trace.body.insts {
        for &r in &trace.data(i).results {
            def.insert(r, i);
        }
    }
    let mut changed = false;
    for &i in &trace.body.insts {
        let data = trace.data(i);
        if !matches!(data.kind, Kind::Op(Op::Add)) {
            continue;
        }
        let (mut axis, mut parts) = (None, Vec::new());
        let whole = trace.ty(data.results[0]);
        let ok =
            data.args.iter().all(|&a| trace.ty(a) == whole && collect(trace, &def, a, &mut axis, &mut parts));
        let Some(axis) = axis.filter(|_| ok) else { continue };
        parts.sort_by_key(|p| p.from);
        let size = whole.sizes()[axis];
        let fills = parts[0].from == 0
            && parts.windows(2).all(|w| w[0].to == w[1].from)
            && parts.last().is_some_and(|p| p.to == size);
        if fills {
            let new = out.data_mut(i);
            new.kind = Kind::Op(Op::Cat { axis: Axis(axis as i8) });
            new.args = parts.iter().map(|p| p.value).collect();
            changed = true;
        }
    }
    if changed { dce::run(&out) } else { out }
}

/// Adds the parts that `v` is the sum of; `false` if it is something else.
fn collect(
    trace: &Trace,
    def: &HashMap<Value, crate::trace::Inst>,
    v: Value,
    axis: &mut Option<usize>,
    parts: &mut Vec<Part>,
) -> bool {
    let Some(&i) = def.get(&v) else { return false };
    let data = trace.data(i);
    match data.kind {
        Kind::Op(Op::Add) => {
            data.args.iter().all(|&a| trace.ty(a) == trace.ty(v) && collect(trace, def, a, axis, parts))
        }
        Kind::Op(Op::Pad { lo, hi, value }) if value.to_f64() == 0.0 && value != Lit::Free => {
            let (lo, hi, sizes) = (lo.sizes(), hi.sizes(), trace.ty(v).sizes());
            let mut padded = (0..sizes.len()).filter(|&d| lo[d] + hi[d] > 0);
            let (Some(d), None) = (padded.next(), padded.next()) else { return false };
            parts.push(Part { from: lo[d], to: sizes[d] - hi[d], value: data.args[0] });
            *axis.get_or_insert(d) == d
        }
        _ => false,
    }
}
