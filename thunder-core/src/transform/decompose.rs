//! Decomposes the composites that no executor claims.

use super::rewrite::Subst;
use crate::op::Op;
use crate::rules;
use crate::trace::{Body, Builder, Inst, Kind, Trace};
use crate::types::Ty;
use std::mem::take;

/// `trace` with every composite for which `claims` says no replaced by its primitives, in nested bodies too.
pub fn run(mut trace: Trace, claims: &dyn Fn(&Op, &[Ty]) -> bool) -> Trace {
    let body = take(&mut trace.body);
    trace.body = decomposed(&mut trace, body, &mut Subst::default(), claims);
    trace
}

fn decomposed(trace: &mut Trace, body: Body, subst: &mut Subst, claims: &dyn Fn(&Op, &[Ty]) -> bool) -> Body {
    let mut b = Builder::new(trace);
    for i in body.insts {
        subst.operands(b.trace, i);
        if let Some(inner) = b.trace.data_mut(i).body.take() {
            let inner = decomposed(b.trace, inner, subst, claims);
            b.trace.data_mut(i).body = Some(inner);
        } else if parts(&mut b, i, subst, claims) {
            continue;
        }
        b.append(i);
    }
    Body { params: body.params, insts: b.finish(), results: subst.all(&body.results) }
}

/// Appends the primitives of a composite; whether it is one.
fn parts(b: &mut Builder, i: Inst, subst: &mut Subst, claims: &dyn Fn(&Op, &[Ty]) -> bool) -> bool {
    let data = b.trace.data(i);
    let Kind::Op(op) = data.kind else { return false };
    let types: Vec<Ty> = data.args.iter().map(|&a| b.trace.ty(a)).collect();
    if claims(&op, &types) {
        return false;
    }
    let (args, result) = (data.args.clone(), data.results[0]);
    b.loc = data.loc;
    match rules::decompose(&op, &args, b) {
        Some(y) => subst.insert(result, y),
        None => return false,
    }
    true
}
