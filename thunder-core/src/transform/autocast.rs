//! Eliminates `autocast`: matrix products of its body, and what consists of them, compute in the type given.
//!
//! No type seen from outside changes: operands are cast before, the result is cast back.

use super::copy::{self, Map};
use crate::error::Error;
use crate::op::Op;
use crate::trace::{Body, Builder, Kind, Trace, Value};
use crate::types::DType;

/// `trace` without autocast regions.
///
/// # Errors
/// None of the user's making.
pub fn run(trace: Trace) -> Result<Trace, Error> {
    if !copy::contains(&trace, &trace.body, &|kind| matches!(kind, Kind::Autocast(_))) {
        return Ok(trace);
    }
    copy::trace(trace, |b, body, map| walk(b, body, map, None))
}

/// Appends `body` under autocast to `dtype`, and gives its results.
pub(super) fn inline(b: &mut Builder, body: &Body, dtype: DType) -> Result<Vec<Value>, Error> {
    walk(b, body, &mut Map::default(), Some(dtype))
}

/// Appends `body`; the nearest autocast around an instruction decides.
fn walk(b: &mut Builder, body: &Body, map: &mut Map, to: Option<DType>) -> Result<Vec<Value>, Error> {
    for &i in &body.insts {
        let inst = b.trace.data(i).clone();
        b.loc = inst.loc;
        match (inst.kind, to, &inst.body) {
            (Kind::Autocast(dtype), _, Some(inner)) => {
                let results = walk(b, inner, map, Some(dtype))?;
                map.bind(&inst.results, &results);
            }
            (Kind::Op(op), Some(dtype), _) if is_chosen(&op) => {
                let args = map.all(&inst.args);
                let y = narrow(b, op, &args, dtype);
                map.insert(inst.results[0], y);
            }
            _ => {
                copy::inst(b, &inst, map, &mut |b, body, map| {
                    copy::body(b, body, map, |b, body, map| walk(b, body, map, to))
                })?;
            }
        }
    }
    Ok(map.all(&body.results))
}

/// The operations that gain by a narrow type and lose little by it.
fn is_chosen(op: &Op) -> bool {
    matches!(op, Op::Matmul | Op::Linear { .. } | Op::Einsum { .. } | Op::Sdpa { .. })
}

/// `op` on `args` cast to `dtype`, the result cast back. f64 was asked for on purpose, and stays.
fn narrow(b: &mut Builder, op: Op, args: &[Value], dtype: DType) -> Value {
    let own = b.dtype(args[0]);
    if !own.is_float() || own == DType::F64 {
        return b.op(op, args);
    }
    let args: Vec<Value> =
        args.iter().map(|&a| if b.dtype(a).is_float() { b.cast(a, dtype) } else { a }).collect();
    let y = b.op(op, &args);
    b.cast(y, own)
}
