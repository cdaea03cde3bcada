//! Creation, movement, indexing and the matrix product.

use crate::{Array, indices};
use thunder_core::op::Op;
use thunder_core::types::DType;

pub(crate) fn create(op: &Op, dtype: DType, shape: &[usize]) -> Array {
    match *op {
        Op::Full { value, .. } => Array::build(dtype, shape, |_| value.to_f64()),
        Op::Iota { axis, .. } => {
            let axis = axis.resolve(shape.len()).expect("an axis");
            Array::build(dtype, shape, |at| at[axis] as f64)
        }
        _ => panic!("{op:?} creates nothing"),
    }
}

/// `at` with entry `axis` replaced.
pub(crate) fn with(at: &[usize], axis: usize, i: usize) -> Vec<usize> {
    let mut at = at.to_vec();
    at[axis] = i;
    at
}

/// The index, if it lies in `0..n`.
fn index(i: f64, n: usize) -> Option<usize> {
    (i >= 0.0 && i < n as f64).then_some(i as usize)
}

/// What reading out of range gives.
fn nothing(dtype: DType) -> f64 {
    if dtype.is_float() { f64::NAN } else { 0.0 }
}

pub(crate) fn eval(op: &Op, args: &[Array], dtype: DType, shape: &[usize]) -> Array {
    let x = &args[0];
    let rank = x.shape.len();
    match *op {
        Op::Reshape { .. } => Array::new(dtype, shape, x.data.clone()),
        Op::Permute { axes } => {
            let axes = axes.resolved(rank);
            Array::build(dtype, shape, |at| {
                let mut from = vec![0; rank];
                axes.iter().zip(at).for_each(|(&a, &i)| from[a] = i);
                x.at(&from)
            })
        }
        Op::Expand { .. } => Array::build(dtype, shape, |at| x.broadcast_at(at)),
        Op::Slice { start, .. } => {
            let start = start.sizes();
            Array::build(dtype, shape, |at| {
                x.at(&at.iter().zip(&start).map(|(i, s)| i + s).collect::<Vec<_>>())
            })
        }
        Op::Pad { lo, value, .. } => {
            let lo = lo.sizes();
            Array::build(dtype, shape, |at| {
                let from: Option<Vec<usize>> =
                    (0..rank).map(|d| at[d].checked_sub(lo[d]).filter(|&i| i < x.shape[d])).collect();
                from.map_or(value.to_f64(), |from| x.at(&from))
            })
        }
        Op::Flip { axes } => Array::build(dtype, shape, |at| {
            let from: Vec<usize> = (0..rank)
                .map(|d| if axes.contains(d, rank) { shape[d] - 1 - at[d] } else { at[d] })
                .collect();
            x.at(&from)
        }),
        Op::Cat { axis } => {
            let axis = axis.resolve(rank).expect("an axis");
            Array::build(dtype, shape, |at| {
                let mut i = at[axis];
                for part in args {
                    if i < part.shape[axis] {
                        return part.at(&with(at, axis, i));
                    }
                    i -= part.shape[axis];
                }
                panic!("past the last part")
            })
        }
        Op::SliceUpdate { axis } => {
            let axis = axis.resolve(rank).expect("an axis");
            let len = args[1].shape[axis];
            let start = args[2].data[0].clamp(0.0, (x.shape[axis] - len) as f64) as usize;
            Array::build(dtype, shape, |at| match at[axis].checked_sub(start) {
                Some(i) if i < len => args[1].at(&with(at, axis, i)),
                _ => x.at(at),
            })
        }
        Op::Take { axis } => {
            let axis = axis.resolve(rank).expect("an axis");
            let depth = args[1].shape.len();
            Array::build(dtype, shape, |at| {
                let i = args[1].at(&at[axis..axis + depth]);
                index(i, x.shape[axis])
                    .map_or(nothing(dtype), |i| x.at(&[&at[..axis], &[i], &at[axis + depth..]].concat()))
            })
        }
        Op::IndexAdd { axis, .. } => {
            let axis = axis.0 as usize;
            let depth = args[1].shape.len();
            let mut out = Array::zeros(dtype, shape);
            for at in indices(&x.shape) {
                if let Some(i) = index(args[1].at(&at[axis..axis + depth]), shape[axis]) {
                    let to = [&at[..axis], &[i], &at[axis + depth..]].concat();
                    add(&mut out, &to, x.at(&at));
                }
            }
            out
        }
        Op::Gather { axis } => {
            let axis = axis.resolve(rank).expect("an axis");
            Array::build(dtype, shape, |at| {
                index(args[1].at(at), x.shape[axis]).map_or(nothing(dtype), |i| x.at(&with(at, axis, i)))
            })
        }
        Op::ScatterAdd { axis, .. } => {
            let axis = axis.resolve(rank).expect("an axis");
            let mut out = Array::zeros(dtype, shape);
            for at in indices(&x.shape) {
                if let Some(i) = index(args[1].at(&at), shape[axis]) {
                    add(&mut out, &with(&at, axis, i), x.at(&at));
                }
            }
            out
        }
        Op::Matmul | Op::MatmulWide { .. } => matmul(x, &args[1], dtype, shape),
        _ => panic!("{op:?} moves nothing"),
    }
}

fn add(out: &mut Array, at: &[usize], x: f64) {
    let at = crate::offset(&out.shape, at);
    out.data[at] += x;
}

pub(crate) fn matmul(x: &Array, y: &Array, dtype: DType, shape: &[usize]) -> Array {
    let inner = x.shape[x.shape.len() - 1];
    let n = shape.len();
    Array::build(dtype, shape, |at| {
        let (lead, row, column) = (&at[..n - 2], at[n - 2], at[n - 1]);
        (0..inner)
            .map(|k| {
                x.broadcast_at(&[lead, &[row, k]].concat()) * y.broadcast_at(&[lead, &[k, column]].concat())
            })
            .sum()
    })
}
