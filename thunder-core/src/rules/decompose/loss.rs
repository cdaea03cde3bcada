//! Losses against class indices.

use crate::op::{Lit, Op, Reduction};
use crate::trace::{Builder, Value};
use crate::types::{DType, Elem, Extent};

/// What a cross-entropy reads from its targets: masks with a last dimension of 1, in line with the logits.
pub(crate) struct Targets {
    /// Where the class is the target's: `(.., classes)`.
    pub hit: Value,
    /// Which targets count, `(.., 1)`: not the ignored index; all of them if none is ignored.
    pub counted: Option<Value>,
    /// Which targets are classes at all, `(.., 1)`.
    pub valid: Value,
    /// What the sum of losses is divided by, in the type given; `None` for a sum.
    pub count: Option<Value>,
}

/// The masks of a cross-entropy over `classes` against `targets`.
pub(crate) fn target_distribution(
    targets: Value,
    classes: usize,
    ignore: Option<Lit>,
    reduction: Reduction,
    dtype: DType,
    b: &mut Builder,
) -> Targets {
    let targets = b.unsqueeze(targets, b.rank(targets));
    let targets = b.cast(targets, DType::I64);
    let counted = ignore.map(|index| b.compare_int(Op::Ne, targets, index));
    let valid = b.in_range(targets, classes);
    let class = b.iota(DType::I64, &[classes], 0);
    let hit = b.eq(class, targets);
    let count = match reduction {
        Reduction::Sum => None,
        Reduction::Mean | Reduction::Free => Some(match counted {
            Some(counted) => {
                let ones = b.cast(counted, dtype);
                let all: Vec<usize> = (0..b.rank(ones)).collect();
                b.sum(ones, &all, false)
            }
            None => b.scalar(dtype, b.sizes(targets).iter().product::<usize>() as f64),
        }),
    };
    Targets { hit, counted, valid, count }
}

/// `Σ ((1 - s) (ln Σ e^x - x_target) + s (ln Σ e^x - mean x)) / n`, over the targets that count.
///
/// The target's logit is a masked sum, which fuses with the row's other reductions. A target that is no class
/// gives NaN.
pub(super) fn cross_entropy(
    args: &[Value],
    ignore: Option<Lit>,
    s: f64,
    reduction: Reduction,
    b: &mut Builder,
) -> Value {
    let dtype = b.dtype(args[0]);
    let x = b.widen(args[0]);
    let last = b.rank(x) - 1;
    let t = target_distribution(args[1], b.sizes(x)[last], ignore, reduction, b.dtype(x), b);
    let max = b.amax(x, &[last]);
    let shifted = b.sub(x, max);
    let e = b.exp(shifted);
    let sum = b.sum(e, &[last], true);
    let lse = b.log(sum);
    let picked = b.select_c(t.hit, shifted, 0.0);
    let picked = b.sum(picked, &[last], true);
    let nll = b.sub(lse, picked);
    let mut loss = b.select_c(t.valid, nll, f64::NAN);
    if s != 0.0 {
        let mean = b.mean(shifted, &[last]);
        let smooth = b.sub(lse, mean);
        let (hard, smooth) = (b.mul_c(loss, 1.0 - s), b.mul_c(smooth, s));
        loss = b.add(hard, smooth);
    }
    if let Some(counted) = t.counted {
        loss = b.select_c(counted, loss, 0.0);
    }
    let all: Vec<usize> = (0..=last).collect();
    let loss = b.sum(loss, &all, false);
    let loss = match t.count {
        Some(n) => b.div(loss, n),
        None => loss,
    };
    b.cast(loss, dtype)
}

/// 1 where the class is the index.
pub(super) fn one_hot(x: Value, classes: Extent, elem: Elem, b: &mut Builder) -> Value {
    let x = b.cast(x, DType::I64);
    let column = b.unsqueeze(x, b.rank(x));
    let class = b.iota(DType::I64, &[classes.value().unwrap_or(0)], 0);
    let hit = b.eq(class, column);
    match elem.known() {
        Some(dtype) => b.cast(hit, dtype),
        None => hit,
    }
}
