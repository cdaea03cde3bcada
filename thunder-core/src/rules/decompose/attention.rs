//! Linear maps, attention and dropout.

use super::norm::masked_softmax;
use crate::op::{Lit, Op};
use crate::trace::{Builder, Value};
use crate::types::{DType, Shape};

/// `x @ wᵀ + b`, the leading dimensions of `x` merged into the rows of one matrix product.
pub(super) fn linear(args: &[Value], bias: bool, b: &mut Builder) -> Value {
    let (x, w) = (args[0], args[1]);
    let rows = b.rows(x);
    let wt = b.permute(w, &[1, 0]);
    let y = b.matmul(rows, wt);
    let mut sizes = b.sizes(x);
    if let (Some(last), Some(&out)) = (sizes.last_mut(), b.sizes(w).first()) {
        *last = out;
    }
    let y = b.reshape(y, Shape::of(&sizes));
    if bias { b.add(y, args[2]) } else { y }
}

/// `softmax(q kᵀ * scale + mask) v`.
///
/// Query heads that share a key head are rows of one matrix product. Query `i` of a causal attention sees the
/// keys up to `i + (keys - queries)`. A query that sees no key gives zeros.
pub(super) fn sdpa(args: &[Value], causal: bool, scale: Lit, mask: bool, b: &mut Builder) -> Value {
    let (q, k, v) = (args[0], args[1], args[2]);
    let dtype = b.dtype(q);
    let (qs, ks, vs) = (b.sizes(q), b.sizes(k), b.sizes(v));
    let rank = qs.len();
    let (lead, heads, queries, width) = (&qs[..rank - 3], qs[rank - 3], qs[rank - 2], qs[rank - 1]);
    let (shared, keys, out) = (ks[rank - 3], ks[rank - 2], vs[rank - 1]);
    let group = if shared == 0 { 1 } else { heads / shared };
    let with = |tail: &[usize]| Shape::of(&[lead, tail].concat());

    let grouped = b.reshape(q, with(&[shared, group * queries, width]));
    let kt = b.transpose_last(k);
    let scores = b.matmul(grouped, kt);
    let scores = b.reshape(scores, with(&[heads, queries, keys]));
    let scores = b.widen(scores);
    let scale = match scale {
        Lit::Free => 1.0 / (width as f64).sqrt(),
        given => given.to_f64(),
    };
    let mut scores = b.mul_c(scores, scale);
    if causal {
        let row = b.iota(DType::I32, &[queries, 1], 0);
        let row = b.add_c(row, keys as f64 - queries as f64);
        let column = b.iota(DType::I32, &[1, keys], 1);
        let seen = b.ge(row, column);
        scores = b.select_c(seen, scores, f64::NEG_INFINITY);
    }
    if mask {
        let m = args[3];
        scores = if b.dtype(m) == DType::Bool {
            b.select_c(m, scores, f64::NEG_INFINITY)
        } else {
            let to = b.dtype(scores);
            let m = b.cast(m, to);
            b.add(scores, m)
        };
    }
    let p = masked_softmax(scores, b);
    let p = b.cast(p, dtype);
    let p = b.reshape(p, with(&[shared, group * queries, keys]));
    let y = b.matmul(p, v);
    b.reshape(y, with(&[heads, queries, out]))
}

/// `x / (1 - p)` where a draw from the key keeps it, else 0.
pub(super) fn dropout(x: Value, key: Value, p: f64, b: &mut Builder) -> Value {
    if p == 0.0 {
        return x;
    }
    let keep = b.op(Op::Bernoulli { p: Lit::F(1.0 - p), shape: b.shape(x) }, &[key]);
    let scaled = b.div_c(x, 1.0 - p);
    b.select_c(keep, scaled, 0.0)
}
