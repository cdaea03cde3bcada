//! The values that an operation's options may have.

use super::{Mismatch, err, start};
use crate::op::{Causal, Lit, Op, class};
use crate::types::{Axes, DType, Elem, Extent, Text, Ty};

/// The place of a fault that is no operand's.
const OPERATION: usize = usize::MAX;

/// Refuses what is no value of an option, and a reduction without a value for nothing over an empty axis.
#[allow(unreachable_patterns, reason = "the pattern of a class has the operations above again")]
pub(super) const fn check(op: &Op, x: Ty, dims: &[&str]) -> Result<(), Mismatch> {
    match op {
        Op::Dropout { p } | Op::Bernoulli { p, .. } => within(op, "p", *p, 1.0),
        Op::CrossEntropy { label_smoothing, .. } => within(op, "label_smoothing", *label_smoothing, 1.0),
        Op::LayerNorm { eps, .. } | Op::RmsNorm { eps, .. } => within(op, "eps", *eps, f64::MAX),
        Op::Sdpa { scale: Some(scale), .. } => finite(op, "scale", *scale),
        Op::Amax { axes, .. } | Op::Amin { axes, .. } => occupied(op, x, *axes, dims),
        Op::Argmax { axis, .. } | Op::Argmin { axis, .. } => occupied(op, x, Axes::new(&[axis.0]), dims),
        Op::Iota { elem, shape, axis } => counted(op, *elem, shape.get(*axis)),
        Op::Full { .. } | Op::Uniform { .. } | Op::Normal { .. } => Ok(()),
        // Executors begin with the value of nothing.
        class!(Op, Reduce) | class!(Op, Along) => Ok(()),
        class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) | class!(Op, UnaryLogic) => Ok(()),
        class!(Op, Binary) | class!(Op, Compare) | class!(Op, BinaryLogic) | class!(Op, Elementwise) => {
            Ok(())
        }
        class!(Op, View) | class!(Op, Movement) | class!(Op, Index) | class!(Op, Lookup) => Ok(()),
        class!(Op, Contract) | class!(Op, Key) | class!(Op, Identity) | class!(Op, Effect) => Ok(()),
        class!(Op, Custom)
        | class!(Op, CompositeUnary)
        | class!(Op, CompositeReduce)
        | class!(Op, CompositeAlong)
        | class!(Op, Composite) => Ok(()),
    }
}

/// Whether a number is known and is none of the type that options are given in.
const fn number(value: Lit) -> Option<f64> {
    match value {
        Lit::F(_) | Lit::I(_) => Some(value.to_f64()),
        Lit::B(_) | Lit::Free => None,
    }
}

/// Refuses a number that is certainly not from 0 to `most`; NaN is none.
const fn within(op: &Op, name: &str, value: Lit, most: f64) -> Result<(), Mismatch> {
    match number(value) {
        Some(x) if !(x >= 0.0 && x <= most) => {
            let text = start(op).str("`").str(name).str("` must be ");
            let text = if most == 1.0 { text.str("from 0 to 1") } else { text.str("0 or more, and finite") };
            err(OPERATION, text.str(", found ").float(x).str("\n\n       help: a number in that range"))
        }
        _ => Ok(()),
    }
}

const fn finite(op: &Op, name: &str, value: Lit) -> Result<(), Mismatch> {
    match number(value) {
        Some(x) if !x.is_finite() => {
            let text = start(op).str("`").str(name).str("` must be finite, found ").float(x);
            err(
                OPERATION,
                text.str(
                    "\n\n       help: a finite number; or leave it out, for one over the root of the width",
                ),
            )
        }
        _ => Ok(()),
    }
}

/// Refuses a reduction over an axis of extent 0 where it has no value.
const fn occupied(op: &Op, x: Ty, axes: Axes, dims: &[&str]) -> Result<(), Mismatch> {
    if x.shape.is_unknown() || axes.is_unknown() || x.shape.lead != 0 {
        return Ok(());
    }
    let mut i = 0;
    while i < axes.len(x.shape.rank()) {
        if let Some(at) = axes.axis(i).resolve(x.shape.rank())
            && x.shape.at(at).is(0)
        {
            let text = start(op).str("axis ").int(at as i64).str(" of ").shape(&x.shape, dims);
            let text = text.str(" is empty, and nothing is the greatest or the least of nothing");
            return err(OPERATION, text.str("\n\n       help: branch on the extent, which is static; `logsumexp` and `sum` have a value there"));
        }
        i += 1;
    }
    Ok(())
}

/// Refuses more numbers than an integer type counts.
const fn counted(op: &Op, elem: Elem, extent: Extent) -> Result<(), Mismatch> {
    let (Elem::Known(dtype), Some(n)) = (elem, extent.value()) else { return Ok(()) };
    match dtype.int_range() {
        Some((_, greatest)) if n as i128 > greatest + 1 => {
            let text = start(op).str("0 to ").int(n as i64 - 1).str(" are no values of ").str(dtype.name());
            err(OPERATION, text.str("\n\n       help: a wider element type"))
        }
        None if dtype.same(DType::Bool) && n > 2 => {
            let text = start(op).str("0 to ").int(n as i64 - 1).str(" are no truth values");
            err(OPERATION, text.str("\n\n       help: an integer element type"))
        }
        _ => Ok(()),
    }
}

/// Refuses a causal attention that does not say how queries and keys of different numbers correspond.
pub(super) const fn aligned(op: &Op, causal: Causal, args: &[Ty], dims: &[&str]) -> Result<(), Mismatch> {
    let (q, k) = (args[0].shape, args[1].shape);
    if !matches!(causal, Causal::Equal) || q.is_unknown() || k.is_unknown() {
        return Ok(());
    }
    if q.rank() < 2 || k.rank() < 2 {
        return Ok(());
    }
    let (queries, keys) = (q.at(q.rank() - 2), k.at(k.rank() - 2));
    if !queries.differs(keys) {
        return Ok(());
    }
    let text: Text = start(op).str("a causal attention of as many queries as keys, but ");
    let text = text.unequal(queries, keys, dims).str(": state how they correspond");
    let text = text.str("\n\n       help: `alignment: Alignment::LowerRight` lets the last query see every key, as a \
                         cache needs it;\n             `Alignment::UpperLeft` lets query i see key i, as PyTorch's \
                         `is_causal`");
    err(1, text)
}
