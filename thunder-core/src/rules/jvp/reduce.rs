//! Derivatives of reductions.

use super::super::build::{kept, resolved};
use super::composite::unrounded;
use super::through;
use crate::error::Error;
use crate::op::{Flag, Op};
use crate::trace::{Builder, Value};
use crate::types::{Axes, Shape};

/// A product as a tree of multiplications of pairs: its derivative divides by nothing, so zeros are right, to
/// every order.
pub(super) fn prod(
    x: Value,
    dx: Value,
    axes: Axes,
    keepdim: Flag,
    b: &mut Builder,
) -> Result<Option<Value>, Error> {
    let dtype = b.dtype(x);
    let (x, dx) = (b.widen(x), b.widen(dx));
    let dy = through(&[x], &[Some(dx)], b, |args, b| prod_tree(args[0], axes, keepdim, b))?;
    Ok(dy.map(|dy| b.cast(dy, dtype)))
}

fn prod_tree(x: Value, axes: Axes, keepdim: Flag, b: &mut Builder) -> Value {
    let (sizes, rank) = (b.sizes(x), b.rank(x));
    let axes = resolved(axes, rank);
    let kept_axes: Vec<usize> = (0..rank).filter(|a| !axes.contains(a)).collect();
    let order = [&kept_axes[..], &axes[..]].concat();
    let lead: Vec<usize> = kept_axes.iter().map(|&a| sizes[a]).collect();
    let rows: usize = lead.iter().product();
    let mut n: usize = axes.iter().map(|&a| sizes[a]).product();
    let turned = b.permute(x, &order);
    let mut y = b.reshape(turned, Shape::of(&[rows, n]));
    if n == 0 {
        let one = b.scalar_like(y, 1.0);
        y = b.expand(one, Shape::of(&[rows, 1]));
    }
    while n > 1 {
        let half = n / 2;
        let low = b.slice(y, &[0, 0], &[rows, half]);
        let high = b.slice(y, &[0, half], &[rows, 2 * half]);
        let product = b.mul(low, high);
        y = if n % 2 == 1 {
            let odd = b.slice(y, &[0, n - 1], &[rows, n]);
            b.op(Op::Cat { axis: crate::types::Axis(1) }, &[product, odd])
        } else {
            product
        };
        n = n.div_ceil(2);
    }
    let shape = if keepdim.is_yes() { kept(&sizes, &axes) } else { Shape::of(&lead) };
    b.reshape(y, shape)
}

/// The mean of the tangents of the elements that tie for the extremum.
pub(super) fn extremum(x: Value, y: Value, dx: Value, axes: Axes, b: &mut Builder) -> Value {
    let (sizes, dtype) = (b.sizes(x), b.dtype(x));
    let axes = resolved(axes, sizes.len());
    let best = b.reshape(y, kept(&sizes, &axes));
    let ties = b.eq(x, best);
    // In the wide type: f16 holds no number of ties above 65504.
    let ones = b.cast(ties, dtype.compute());
    let count = b.sum(ones, &axes, true);
    let dx = b.widen(dx);
    let picked = b.select_c(ties, dx, 0.0);
    let share = b.div(picked, count);
    let sum = b.sum(share, &axes, true);
    let sum = b.reshape(sum, b.shape(y));
    b.cast(sum, dtype)
}

/// The mean of the tangent.
pub(super) fn mean(dx: Value, axes: Axes, keepdim: Flag, b: &mut Builder) -> Value {
    let dtype = b.dtype(dx);
    let axes = resolved(axes, b.rank(dx));
    let n: usize = axes.iter().map(|&a| b.sizes(dx)[a]).product();
    let dx = b.widen(dx);
    let sum = b.sum(dx, &axes, keepdim.is_yes());
    let mean = b.div_c(sum, n as f64);
    b.cast(mean, dtype)
}

/// `2 / (n - correction) Σ (x - mean) dx`: the mean's own tangent cancels.
pub(super) fn var(x: Value, y: Value, dx: Value, axes: Axes, correction: u8, b: &mut Builder) -> Value {
    let dtype = b.dtype(x);
    let (x, dx) = (b.widen(x), b.widen(dx));
    let sizes = b.sizes(x);
    let axes = resolved(axes, sizes.len());
    let n: usize = axes.iter().map(|&a| sizes[a]).product();
    let mean = b.mean(x, &axes);
    let centred = b.sub(x, mean);
    let slope = b.mul_c(centred, 2.0);
    let freedom = b.scalar_like(slope, (n as f64 - f64::from(correction)).max(0.0));
    let slope = b.div(slope, freedom);
    let product = b.mul(dx, slope);
    let sum = b.sum(product, &axes, true);
    let sum = b.reshape(sum, b.shape(y));
    b.cast(sum, dtype)
}

/// `Σ e^(x - y) dx`: of a row of `-∞`, 0; of one with `+∞`, NaN there and 0 elsewhere, as in PyTorch.
pub(super) fn logsumexp(x: Value, y: Value, dx: Value, axes: Axes, b: &mut Builder) -> Value {
    let dtype = b.dtype(x);
    let (x, dx) = (b.widen(x), b.widen(dx));
    let sizes = b.sizes(x);
    let wide = unrounded(Op::Logsumexp { axes, keepdim: Flag::Yes }, x, y, b);
    let axes = resolved(axes, sizes.len());
    let wide = b.reshape(wide, kept(&sizes, &axes));
    let empty = b.compare_c(Op::Eq, wide, f64::NEG_INFINITY);
    let zero = b.scalar_like(wide, 0.0);
    let shift = b.select(empty, zero, wide);
    let shifted = b.sub(x, shift);
    let p = b.exp(shifted);
    let product = b.mul(dx, p);
    let sum = b.sum(product, &axes, true);
    let sum = b.reshape(sum, b.shape(y));
    b.cast(sum, dtype)
}
