//! Batching: an operation on one example, over many at once.
//!
//! A mapped operand has the examples along its first dimension; so has the result.

use super::build::resolved;
use super::decompose;
use crate::error::Error;
use crate::op::{Op, class, infer};
use crate::trace::{Builder, Kind, Value};
use crate::types::{Axis, DType, Extent, MAX_RANK, Shape, Ty};
use std::collections::HashMap;

/// The result of `op` for each of `size` examples. The operands that are `mapped`, at least one, have the
/// examples along their first dimension, and so has the result; the others are the same for every example.
///
/// # Errors
/// [`Error::Unsupported`] where the result would have too many dimensions.
#[allow(unreachable_patterns, reason = "the pattern of a class has the operations with a better rule again")]
pub fn batch(op: &Op, args: &[Value], mapped: &[bool], size: usize, b: &mut Builder) -> Result<Value, Error> {
    let example = Examples { args, mapped, size };
    let types: Vec<Ty> = (0..args.len()).map(|i| example.ty(i, b)).collect();
    let out =
        infer(op, &types, &[]).map_err(|e| Error::Internal { pass: "batch".into(), what: e.to_string() })?;
    if out.shape.rank() + 1 > MAX_RANK {
        return Err(Error::Unsupported { transform: "vmap".into(), op: op.name().into(), loc: b.loc });
    }
    let rank = types[0].shape.rank();
    let only_first = mapped[0] && !mapped[1..].contains(&true);
    let on = |op: Op, b: &mut Builder| Ok(b.op(op, args));
    match *op {
        // Elementwise: line up the ranks, and broadcasting does the rest.
        class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) | class!(Op, UnaryLogic) => on(*op, b),
        class!(Op, CompositeUnary) | class!(Op, Identity) | class!(Op, Effect) | Op::Cast { .. } => on(*op, b),
        class!(Op, Binary) | class!(Op, Compare) | class!(Op, BinaryLogic) | Op::Select
        // The matrices are the last two dimensions; those before broadcast.
        | class!(Op, Contract) => {
            let rank = types.iter().map(|t| t.shape.rank()).max().unwrap_or(0);
            let args = example.aligned(rank, b);
            Ok(b.op(*op, &args))
        }

        // Over no axes: nothing.
        class!(Op, Reduce, axes) if axes.len(rank) == 0 => Ok(args[0]),
        Op::Mean { axes, .. } if axes.len(rank) == 0 => Ok(args[0]),
        class!(Op, Reduce) | class!(Op, CompositeReduce) | class!(Op, Along) | class!(Op, CompositeAlong) => {
            on(op.batched(rank), b)
        }

        Op::Reshape { shape } => Ok(b.reshape(args[0], with_size(shape, size))),
        Op::Permute { axes } => {
            let order: Vec<usize> =
                std::iter::once(0).chain(resolved(axes, rank).into_iter().map(|a| a + 1)).collect();
            Ok(b.permute(args[0], &order))
        }
        Op::Expand { shape } => {
            let x = example.aligned(shape.rank(), b)[0];
            Ok(b.expand(x, with_size(shape, size)))
        }
        Op::Slice { start, end } => {
            on(Op::Slice { start: with_size(start, 0), end: with_size(end, size) }, b)
        }
        Op::Pad { lo, hi, value } => on(Op::Pad { lo: with_size(lo, 0), hi: with_size(hi, 0), value }, b),
        Op::Flip { .. } => on(op.batched(rank), b),
        Op::Cat { .. } | Op::Gather { .. } | Op::ScatterAdd { .. } => {
            let args = example.all_mapped(b);
            Ok(b.op(op.batched(rank), &args))
        }
        // The axis is one of the result.
        Op::Stack { .. } => {
            let args = example.all_mapped(b);
            Ok(b.op(op.batched(rank + 1), &args))
        }
        Op::Unsqueeze { .. } => on(op.batched(rank + 1), b),
        Op::Chunk { .. } | Op::Narrow { .. } | Op::SelectIndex { .. } | Op::Transpose { .. } | Op::Squeeze { .. } => {
            on(op.batched(rank), b)
        }
        Op::Tril { .. } | Op::Triu { .. } | Op::OneHot { .. } => on(*op, b),

        Op::SliceUpdate { .. } if !mapped[2] => {
            let all = example.all_mapped_but(2, b);
            Ok(b.op(op.batched(rank), &all))
        }
        Op::SliceUpdate { .. } => unroll(op, &example, out, b),
        Op::Take { axis } => Ok(take(axis.resolve(rank).unwrap_or(0), rank, &example, b)),
        Op::IndexAdd { axis, extent } => Ok(index_add(axis.0.max(0) as usize, extent, &example, b)),

        Op::Linear { .. } | Op::LayerNorm { .. } | Op::RmsNorm { .. } | Op::Embedding if only_first => on(*op, b),
        Op::Sdpa { .. } => {
            // A mask lines up with the scores, whose rank is the queries'.
            let mut all = Examples { args: &args[..3], mapped: &mapped[..3], size }.all_mapped(b);
            if args.len() > 3 {
                all.push(example.one_aligned(3, rank, b));
            }
            Ok(b.op(*op, &all))
        }
        // By its decomposition: a composite without a line of its own.
        class!(Op, Composite) => through(op, args, mapped, size, b),

        // A mapped key: each example has its own counters.
        class!(Op, Key) | class!(Op, Draw) | class!(Op, Custom) => unroll(op, &example, out, b),
        class!(Op, Creation) => on(*op, b),
    }
}

/// The operands of an operation under `vmap`.
struct Examples<'a> {
    args: &'a [Value],
    mapped: &'a [bool],
    size: usize,
}

impl Examples<'_> {
    /// The type of operand `i` for one example.
    fn ty(&self, i: usize, b: &Builder) -> Ty {
        let ty = b.ty(self.args[i]);
        if self.mapped[i] { Ty::new(ty.elem, ty.shape.remove(0)) } else { ty }
    }

    /// Operand `i`; if it is mapped, with dimensions of extent 1 after the examples, so that an example has `rank`
    /// dimensions.
    fn one_aligned(&self, i: usize, rank: usize, b: &mut Builder) -> Value {
        let x = self.args[i];
        if !self.mapped[i] {
            return x;
        }
        let mut sizes = b.sizes(x);
        while sizes.len() < rank + 1 {
            sizes.insert(1, 1);
        }
        b.reshape(x, Shape::of(&sizes))
    }

    /// Every operand, aligned.
    fn aligned(&self, rank: usize, b: &mut Builder) -> Vec<Value> {
        (0..self.args.len()).map(|i| self.one_aligned(i, rank, b)).collect()
    }

    /// Operand `i`, repeated for every example if it is not mapped.
    fn one_mapped(&self, i: usize, b: &mut Builder) -> Value {
        let x = self.args[i];
        if self.mapped[i] {
            return x;
        }
        let shape = with_size(b.shape(x), self.size);
        b.expand(x, shape)
    }

    /// Every operand, mapped.
    fn all_mapped(&self, b: &mut Builder) -> Vec<Value> {
        (0..self.args.len()).map(|i| self.one_mapped(i, b)).collect()
    }

    /// Every operand mapped, but for operand `but`, which stays.
    fn all_mapped_but(&self, but: usize, b: &mut Builder) -> Vec<Value> {
        (0..self.args.len()).map(|i| if i == but { self.args[i] } else { self.one_mapped(i, b) }).collect()
    }
}

/// `shape` with a first dimension of extent `size`.
fn with_size(shape: Shape, size: usize) -> Shape {
    shape.insert(0, Extent::new(size))
}

/// The order of the dimensions of `x` with those in `from..from + count` moved to begin at `to`.
fn moved(rank: usize, from: usize, count: usize, to: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rank).filter(|i| !(from..from + count).contains(i)).collect();
    order.splice(to..to, from..from + count);
    order
}

fn take(axis: usize, rank: usize, e: &Examples, b: &mut Builder) -> Value {
    let (x, i) = (e.args[0], e.args[1]);
    if !e.mapped[1] {
        return b.op(Op::Take { axis: Axis(axis as i32 + 1) }, &[x, i]);
    }
    if !e.mapped[0] {
        let y = b.op(Op::Take { axis: Axis(axis as i32) }, &[x, i]);
        let order = moved(b.rank(y), axis, 1, 0);
        return b.permute(y, &order);
    }
    // One table of all the examples' rows, read at indices shifted by the example.
    let extent = b.sizes(x)[axis + 1];
    let front = b.permute(x, &moved(rank + 1, axis + 1, 1, 1));
    let mut sizes = b.sizes(front).split_off(2);
    sizes.insert(0, e.size * extent);
    let table = b.reshape(front, Shape::of(&sizes));
    let indices = offset(i, extent, e.size, b);
    let y = b.op(Op::Take { axis: Axis(0) }, &[table, indices]);
    let depth = b.rank(i) - 1;
    let order = moved(b.rank(y), 1, depth, 1 + axis);
    b.permute(y, &order)
}

fn index_add(axis: usize, extent: Extent, e: &Examples, b: &mut Builder) -> Value {
    if !e.mapped[1] {
        return b.op(Op::IndexAdd { axis: Axis(axis as i32 + 1), extent }, e.args);
    }
    let (u, i) = (e.one_mapped(0, b), e.args[1]);
    let (depth, n) = (b.rank(i) - 1, extent.value().unwrap_or(0));
    let front = b.permute(u, &moved(b.rank(u), 1 + axis, depth, 1));
    let indices = offset(i, n, e.size, b);
    let y = b.op(Op::IndexAdd { axis: Axis(0), extent: Extent::new(e.size * n) }, &[front, indices]);
    let mut sizes = b.sizes(y);
    sizes.splice(0..1, [e.size, n]);
    let y = b.reshape(y, Shape::of(&sizes));
    // The rows go back to their place.
    let order = moved(sizes.len(), 1, 1, 1 + axis);
    b.permute(y, &order)
}

/// The indices into the examples' tables laid end to end; -1 for those out of range.
fn offset(i: Value, extent: usize, size: usize, b: &mut Builder) -> Value {
    let i = b.cast(i, DType::I64);
    let inside = b.in_range(i, extent);
    let mut first = vec![1; b.rank(i)];
    first[0] = size;
    let example = b.iota(DType::I64, &first, 0);
    let base = b.mul_c(example, extent as f64);
    let at = b.add(i, base);
    b.select_int(inside, at, -1)
}

/// One instruction an example: for what has no other way.
fn unroll(op: &Op, e: &Examples, out: Ty, b: &mut Builder) -> Result<Value, Error> {
    if e.size == 0 {
        let zero = b.scalar(out.dtype(), 0.0);
        return Ok(b.expand(zero, with_size(out.shape, 0)));
    }
    let parts: Vec<Value> = (0..e.size)
        .map(|k| {
            let args: Vec<Value> = (0..e.args.len())
                .map(|i| {
                    if !e.mapped[i] {
                        return e.args[i];
                    }
                    let part = b.narrow(e.args[i], 0, k, 1);
                    let shape = b.shape(part).remove(0);
                    b.reshape(part, shape)
                })
                .collect();
            let y = b.op(*op, &args);
            b.unsqueeze(y, 0)
        })
        .collect();
    Ok(if parts.len() == 1 { parts[0] } else { b.op(Op::Cat { axis: Axis(0) }, &parts) })
}

/// A composite by its decomposition for one example, each piece batched.
fn through(op: &Op, args: &[Value], mapped: &[bool], size: usize, b: &mut Builder) -> Result<Value, Error> {
    let e = Examples { args, mapped, size };
    let stand_ins: Vec<Value> = (0..args.len())
        .map(|i| {
            let ty = e.ty(i, b);
            b.trace.value(ty)
        })
        .collect();
    let start = b.len();
    let out = decompose(op, &stand_ins, b);
    let pieces = b.split_off(start);
    let mut known: HashMap<Value, (Value, bool)> =
        stand_ins.iter().zip(args.iter().zip(mapped)).map(|(&s, (&a, &m))| (s, (a, m))).collect();
    for i in pieces {
        let inst = b.trace.data(i).clone();
        let Kind::Op(op) = inst.kind else { continue };
        let (args, mapped): (Vec<Value>, Vec<bool>) =
            inst.args.iter().map(|a| known.get(a).copied().unwrap_or((*a, false))).unzip();
        let any = mapped.contains(&true);
        let y = if any { batch(&op, &args, &mapped, size, b)? } else { b.op(op, &args) };
        known.insert(inst.results[0], (y, any));
    }
    match out.and_then(|v| known.get(&v).copied()) {
        Some((y, true)) => Ok(y),
        Some((y, false)) => Ok(Examples { args: &[y], mapped: &[false], size }.one_mapped(0, b)),
        None => Err(Error::Unsupported { transform: "vmap".into(), op: op.name().into(), loc: b.loc }),
    }
}
