//! Eliminates `vmap`: each operation of its body runs on all examples at once.
//!
//! Values that the body reads from outside, and what depends on nothing else, are computed once.

use super::copy::{self, Map};
use crate::error::Error;
use crate::rules;
use crate::trace::{Body, Builder, Kind, Trace, Value};
use crate::types::Extent;
use std::collections::HashSet;

/// `trace` without `vmap`.
///
/// # Errors
/// [`Error::Unsupported`]: a batched value would have too many dimensions.
pub fn run(trace: Trace) -> Result<Trace, Error> {
    if !copy::contains(&trace, &trace.body, &|kind| matches!(kind, Kind::Vmap { .. })) {
        return Ok(trace);
    }
    copy::trace(trace, eliminate)
}

/// Appends `body`, each `vmap` in it eliminated, innermost first.
fn eliminate(b: &mut Builder, body: &Body, map: &mut Map) -> Result<Vec<Value>, Error> {
    for &i in &body.insts {
        let inst = b.trace.data(i).clone();
        match (inst.kind, &inst.body) {
            (Kind::Vmap { size }, Some(inner)) => {
                let inner = copy::body(b, inner, map, eliminate)?;
                b.loc = inst.loc;
                let results = inline(b, size as usize, &map.all(&inst.args), &inner)?;
                map.bind(&inst.results, &results);
            }
            _ => {
                copy::inst(b, &inst, map, &mut |b, body, map| copy::body(b, body, map, eliminate))?;
            }
        }
    }
    Ok(map.all(&body.results))
}

/// Appends `body` over `size` examples, `args` mapped along their first dimension, and gives its results, mapped
/// likewise.
pub(super) fn inline(b: &mut Builder, size: usize, args: &[Value], body: &Body) -> Result<Vec<Value>, Error> {
    let mut map = Map::default();
    map.bind(&body.params, args);
    let mut mapped: HashSet<Value> = body.params.iter().copied().collect();
    walk(b, body, size, &mut map, &mut mapped)?;
    Ok(body
        .results
        .iter()
        .map(|r| {
            let y = map.get(*r);
            if mapped.contains(r) {
                return y;
            }
            let shape = b.shape(y).insert(0, Extent::new(size));
            b.expand(y, shape)
        })
        .collect())
}

/// Appends `body`, batched where it depends on a mapped value; `mapped` is in the body's own names.
fn walk(
    b: &mut Builder,
    body: &Body,
    size: usize,
    map: &mut Map,
    mapped: &mut HashSet<Value>,
) -> Result<(), Error> {
    for &i in &body.insts {
        let inst = b.trace.data(i).clone();
        let args = map.all(&inst.args);
        b.loc = inst.loc;
        match (inst.kind, &inst.body) {
            (Kind::Op(op), _) => {
                let which: Vec<bool> = inst.args.iter().map(|a| mapped.contains(a)).collect();
                if !which.contains(&true) {
                    copy::inst::<Error>(b, &inst, map, &mut |_, body, _| Ok(body.clone()))?;
                    continue;
                }
                let y = rules::batch(&op, &args, &which, size, b)?;
                map.insert(inst.results[0], y);
                mapped.insert(inst.results[0]);
            }
            (Kind::Checkpoint | Kind::Autocast(_), Some(inner)) => {
                let mut nested = Builder::new(b.trace);
                nested.loc = inst.loc;
                walk(&mut nested, inner, size, map, mapped)?;
                let insts = nested.finish();
                let results = map.all(&inner.results);
                let types: Vec<_> = results.iter().map(|&v| b.ty(v)).collect();
                let outs = b.push(inst.kind, vec![], &types, Some(Body { params: vec![], insts, results }));
                for ((&r, inner), out) in inst.results.iter().zip(&inner.results).zip(outs) {
                    map.insert(r, out);
                    if mapped.contains(inner) {
                        mapped.insert(r);
                    }
                }
            }
            _ => {
                let what = "a transform is left inside `vmap`".into();
                return Err(Error::Internal { pass: "batch".into(), what });
            }
        }
    }
    Ok(())
}
