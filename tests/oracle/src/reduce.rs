//! Reductions and scans.

use crate::elementwise::{max, min};
use crate::{Array, indices};
use thunder_core::op::Op;
use thunder_core::types::{Axes, Axis, DType};

/// For each element of the result, row-major, the elements of `x` over `axes` it is reduced from.
pub(crate) fn groups(x: &Array, axes: Axes) -> Vec<Vec<f64>> {
    let rank = x.shape.len();
    let kept: Vec<usize> = (0..rank).filter(|&i| !axes.contains(i, rank)).collect();
    let dropped: Vec<usize> = (0..rank).filter(|&i| axes.contains(i, rank)).collect();
    let sizes = |axes: &[usize]| axes.iter().map(|&a| x.shape[a]).collect::<Vec<usize>>();
    indices(&sizes(&kept))
        .iter()
        .map(|outer| {
            indices(&sizes(&dropped))
                .iter()
                .map(|inner| {
                    let mut at = vec![0; rank];
                    kept.iter().zip(outer).for_each(|(&a, &i)| at[a] = i);
                    dropped.iter().zip(inner).for_each(|(&a, &i)| at[a] = i);
                    x.at(&at)
                })
                .collect()
        })
        .collect()
}

/// The axis alone, as a list.
pub(crate) fn one(axis: Axis) -> Axes {
    Axes::new(&[axis.0])
}

fn first(list: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for (i, &x) in list.iter().enumerate() {
        if !list[best].is_nan() && (x.is_nan() || better(x, list[best])) {
            best = i;
        }
    }
    best as f64
}

pub(crate) fn eval(op: &Op, x: &Array, dtype: DType, shape: &[usize]) -> Array {
    let reduce = |axes: Axes, f: &dyn Fn(&[f64]) -> f64| {
        Array::new(dtype, shape, groups(x, axes).iter().map(|g| f(g)).collect())
    };
    match *op {
        Op::Sum { axes, .. } => reduce(axes, &|g| g.iter().sum::<f64>() + 0.0),
        Op::Prod { axes, .. } => reduce(axes, &|g| g.iter().product()),
        Op::Amax { axes, .. } => reduce(axes, &|g| g.iter().fold(lowest(dtype), |m, &x| max(m, x))),
        Op::Amin { axes, .. } => reduce(axes, &|g| g.iter().fold(highest(dtype), |m, &x| min(m, x))),
        Op::All { axes, .. } => reduce(axes, &|g| f64::from(u8::from(g.iter().all(|&x| x != 0.0)))),
        Op::Any { axes, .. } => reduce(axes, &|g| f64::from(u8::from(g.iter().any(|&x| x != 0.0)))),
        Op::Argmax { axis, .. } => reduce(one(axis), &|g| first(g, |x, y| x > y)),
        Op::Argmin { axis, .. } => reduce(one(axis), &|g| first(g, |x, y| x < y)),
        Op::Cumsum { axis, reverse } => {
            let axis = axis.resolve(x.shape.len()).expect("an axis");
            Array::build(dtype, shape, |at| {
                let range = if reverse.is_yes() { at[axis]..x.shape[axis] } else { 0..at[axis] + 1 };
                let mut from = at.to_vec();
                range
                    .map(|i| {
                        from[axis] = i;
                        x.at(&from)
                    })
                    .sum()
            })
        }
        _ => panic!("{op:?} is no reduction"),
    }
}

/// The greatest of nothing.
fn lowest(dtype: DType) -> f64 {
    match dtype {
        DType::I64 => i64::MIN as f64,
        DType::I32 => f64::from(i32::MIN),
        DType::U32 | DType::U8 | DType::Bool => 0.0,
        _ => f64::NEG_INFINITY,
    }
}

/// The least of nothing.
fn highest(dtype: DType) -> f64 {
    match dtype {
        DType::I64 => i64::MAX as f64,
        DType::I32 => f64::from(i32::MAX),
        DType::U32 => f64::from(u32::MAX),
        DType::U8 => f64::from(u8::MAX),
        DType::Bool => 1.0,
        _ => f64::INFINITY,
    }
}
