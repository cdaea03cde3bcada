//! Decomposes the composites that no executor claims.

use super::copy::{self, Map};
use crate::op::Op;
use crate::rules;
use crate::trace::{Body, Builder, Kind, Trace, Value};
use crate::types::Ty;
use std::convert::Infallible;

/// `trace` with every composite for which `claims` says no replaced by its primitives, in nested bodies too.
pub fn run(trace: &Trace, claims: &dyn Fn(&Op, &[Ty]) -> bool) -> Trace {
    let Ok(out) = copy::trace(trace, |b, body, map| insts(b, body, map, claims));
    out
}

fn insts(
    b: &mut Builder,
    body: &Body,
    map: &mut Map,
    claims: &dyn Fn(&Op, &[Ty]) -> bool,
) -> Result<Vec<Value>, Infallible> {
    for &i in &body.insts {
        let inst = b.trace.data(i).clone();
        if let Kind::Op(op) = inst.kind {
            let args = map.all(&inst.args);
            let types: Vec<Ty> = args.iter().map(|&a| b.ty(a)).collect();
            b.loc = inst.loc;
            if !claims(&op, &types)
                && let Some(y) = rules::decompose(&op, &args, b)
            {
                map.insert(inst.results[0], y);
                continue;
            }
        }
        copy::inst(b, &inst, map, &mut |b, body, map| {
            copy::body(b, body, map, |b, body, map| insts(b, body, map, claims))
        })?;
    }
    Ok(map.all(&body.results))
}
