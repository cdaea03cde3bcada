//! Concatenations that only elementwise instructions and reductions read become selections between their parts, which
//! fuse with what reads them: a rotary embedding, which multiplies the two halves of each head, turned, never stores
//! them. Parts of one extent only: then the part is a dimension of its own, and every part is read within its bounds.

use super::{copy, rewrite};
use crate::op::{Lit, Op};
use crate::trace::{Builder, Inst, Kind, Trace, Value};
use crate::types::{Axis, DType, Elem, Extent, MAX_RANK, Shape};
use rustc_hash::{FxHashMap, FxHashSet};

/// More parts than this cost more to choose from than a copy does.
const MAX_PARTS: usize = 4;

/// Rewrites the concatenations that need not exist.
pub fn run(trace: Trace) -> Trace {
    let is_cat = |i: &Inst| matches!(trace.data(*i).kind, Kind::Op(Op::Cat { .. }));
    let cats: Vec<Inst> = trace.body.insts.iter().copied().filter(is_cat).collect();
    if cats.is_empty() {
        return trace;
    }
    let readers = readers(&trace);
    let blends: FxHashSet<Inst> = cats.into_iter().filter(|&i| is_blend(&trace, i, &readers)).collect();
    rewrite::trace(trace, |b, i| {
        let data = b.trace.data(i);
        let (Kind::Op(Op::Cat { axis }), true) = (data.kind, blends.contains(&i)) else { return None };
        let parts = data.args.clone();
        Some(blend(b, &parts, axis))
    })
}

/// The instructions that read each value, views looked through; the trace's own results are read by none.
fn readers(trace: &Trace) -> FxHashMap<Value, Vec<Option<Inst>>> {
    let mut readers: FxHashMap<Value, Vec<Option<Inst>>> = FxHashMap::default();
    for &r in &trace.body.results {
        readers.entry(r).or_default().push(None);
    }
    for &i in trace.body.insts.iter().rev() {
        let data = trace.data(i);
        let through = matches!(data.kind, Kind::Op(op) if op.is_view());
        let list = match through {
            true => readers.get(&data.results[0]).cloned().unwrap_or_default(),
            false => vec![Some(i)],
        };
        let inner = data.body.iter().flat_map(|body| copy::reads(trace, body));
        for v in data.args.iter().copied().chain(inner) {
            readers.entry(v).or_default().extend(&list);
        }
    }
    readers
}

fn is_blend(trace: &Trace, i: Inst, readers: &FxHashMap<Value, Vec<Option<Inst>>>) -> bool {
    let data = trace.data(i);
    if !matches!(data.kind, Kind::Op(Op::Cat { .. })) || !(2..=MAX_PARTS).contains(&data.args.len()) {
        return false;
    }
    let whole = trace.ty(data.results[0]);
    let first = trace.ty(data.args[0]);
    let fuses = |r: &Option<Inst>| {
        let Some(Kind::Op(op)) = r.map(|r| trace.data(r).kind) else { return false };
        op.is_elementwise() || op.is_reduce()
    };
    // The part is a dimension more.
    whole.count() > 0
        && whole.shape.rank() < MAX_RANK
        && data.args.iter().all(|&a| trace.ty(a) == first)
        && readers.get(&data.results[0]).is_some_and(|list| list.iter().all(fuses))
}

/// The parts side by side along `axis`, as a choice between them.
fn blend(b: &mut Builder, parts: &[Value], axis: Axis) -> Value {
    let sizes = b.ty(parts[0]).sizes();
    let axis = axis.resolve(sizes.len()).unwrap_or(0);
    let shape = |list: Vec<usize>| Shape::new(&list.into_iter().map(Extent::new).collect::<Vec<_>>());
    let apart = shape([&sizes[..axis], &[1], &sizes[axis..]].concat());
    let whole = shape([&sizes[..axis], &[sizes[axis] * parts.len()], &sizes[axis + 1..]].concat());
    let mut ones = vec![1; sizes.len() - axis + 1];
    ones[0] = parts.len();
    let number = b.op(Op::Iota { elem: Elem::Known(DType::I32), shape: shape(ones), axis: Axis(0) }, &[]);
    let mut chosen = b.reshape(parts[parts.len() - 1], apart);
    for (k, &part) in parts.iter().enumerate().rev().skip(1) {
        let part = b.reshape(part, apart);
        let this = b.full(Lit::I(k as i128), DType::I32, Shape::new(&[]));
        let is_this = b.op(Op::Eq, &[number, this]);
        chosen = b.op(Op::Select, &[is_this, part, chosen]);
    }
    b.reshape(chosen, whole)
}
