//! Movement composites: slices, permutations and reshapes.

use super::super::build::zero;
use crate::op::{Lit, Op, Pattern};
use crate::trace::{Builder, Value};
use crate::types::{Axis, DType, Extent, Shape};

fn number(e: Extent) -> usize {
    e.value().unwrap_or(0)
}

fn at(axis: Axis, rank: usize) -> usize {
    axis.resolve(rank).unwrap_or(0)
}

/// Elements `start..start + len` along `axis`; `x` itself if that is all of it.
fn part(x: Value, axis: usize, start: usize, len: usize, b: &mut Builder) -> Value {
    let (mut from, mut to) = (vec![0; b.rank(x)], b.sizes(x));
    (from[axis], to[axis]) = (start, start + len);
    b.slice(x, &from, &to)
}

pub(super) fn chunk(x: Value, n: Extent, axis: Axis, index: Extent, b: &mut Builder) -> Value {
    let axis = at(axis, b.rank(x));
    let len = b.sizes(x)[axis] / number(n).max(1);
    part(x, axis, number(index) * len, len, b)
}

pub(super) fn narrow(x: Value, axis: Axis, start: Extent, len: Extent, b: &mut Builder) -> Value {
    part(x, at(axis, b.rank(x)), number(start), number(len), b)
}

pub(super) fn select_index(x: Value, axis: Axis, index: Extent, b: &mut Builder) -> Value {
    let axis = at(axis, b.rank(x));
    let y = part(x, axis, number(index), 1, b);
    b.reshape(y, b.shape(y).remove(axis))
}

pub(super) fn transpose(x: Value, first: Axis, second: Axis, b: &mut Builder) -> Value {
    let rank = b.rank(x);
    let mut axes: Vec<usize> = (0..rank).collect();
    axes.swap(at(first, rank), at(second, rank));
    b.permute(x, &axes)
}

pub(super) fn unsqueeze(x: Value, axis: Axis, b: &mut Builder) -> Value {
    b.unsqueeze(x, at(axis, b.rank(x) + 1))
}

pub(super) fn squeeze(x: Value, axis: Axis, b: &mut Builder) -> Value {
    b.reshape(x, b.shape(x).remove(at(axis, b.rank(x))))
}

pub(super) fn stack(args: &[Value], axis: Axis, b: &mut Builder) -> Value {
    let axis = at(axis, b.rank(args[0]) + 1);
    let parts: Vec<Value> = args.iter().map(|&x| b.unsqueeze(x, axis)).collect();
    b.op(Op::Cat { axis: Axis(axis as i32) }, &parts)
}

/// Reshape to the atoms, permute them, reshape to the groups.
pub(super) fn rearrange(x: Value, p: &Pattern, b: &mut Builder) -> Value {
    let extents = p.solve(&b.shape(x));
    let atoms = Shape::new(&extents[..p.atoms as usize]);
    let split = b.reshape(x, atoms);
    let order: Vec<usize> = p.order[..p.atoms as usize].iter().map(|&a| a as usize).collect();
    let turned = b.permute(split, &order);
    let mut sizes = vec![1; p.outputs as usize];
    for (i, &atom) in order.iter().enumerate() {
        sizes[p.place[i] as usize] *= number(extents[atom]);
    }
    b.reshape(turned, Shape::of(&sizes))
}

/// `x` where `column - row` stands to `diagonal` as `keep` says, else 0.
pub(super) fn triangle(x: Value, diagonal: Lit, keep: Op, b: &mut Builder) -> Value {
    let sizes = b.sizes(x);
    let (rows, columns) = (sizes[sizes.len() - 2], sizes[sizes.len() - 1]);
    let row = b.iota(DType::I64, &[rows, 1], 0);
    let diagonal = b.lit_like(row, diagonal);
    let edge = b.add(row, diagonal);
    let column = b.iota(DType::I64, &[1, columns], 1);
    let mask = b.op(keep, &[column, edge]);
    let zero = b.lit_like(x, zero(b.dtype(x)));
    b.select(mask, x, zero)
}
