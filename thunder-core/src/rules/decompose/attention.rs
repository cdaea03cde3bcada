//! Linear maps, attention and dropout.

use super::norm::masked_softmax;
use super::wide;
use crate::op::{Causal, Lit, Op};
use crate::trace::{Builder, Value};
use crate::types::{DType, Shape};

/// `x @ wᵀ + b`, the leading dimensions of `x` merged into the rows of one matrix product.
pub(super) fn linear(args: &[Value], bias: bool, b: &mut Builder) -> Value {
    let (x, w) = (args[0], args[1]);
    let dtype = b.dtype(x);
    let rows = b.rows(x);
    let wt = b.permute(w, &[1, 0]);
    // With a bias, the product is rounded after it is added.
    let y = if bias { b.matmul_wide(rows, wt, dtype) } else { b.matmul(rows, wt) };
    let mut sizes = b.sizes(x);
    if let (Some(last), Some(&out)) = (sizes.last_mut(), b.sizes(w).first()) {
        *last = out;
    }
    let y = b.reshape(y, Shape::of(&sizes));
    if !bias {
        return y;
    }
    let bias = b.widen(args[2]);
    let y = b.add(y, bias);
    b.cast(y, dtype)
}

/// The sizes of an attention, and its products over grouped heads.
///
/// Query heads that share a key head are rows of one matrix product.
pub(crate) struct Attention {
    lead: Vec<usize>,
    heads: usize,
    shared: usize,
    queries: usize,
    keys: usize,
    /// What the scores are multiplied by.
    scale: f64,
    /// The type of the operands: products of 16-bit floats are left in f32, as a score may be any number up to
    /// width times the greatest square, and a difference of them decides the weights.
    dtype: DType,
}

impl Attention {
    /// Of the operands `(q, k, ..)`; the scale is `1/√width` if none is given.
    pub(crate) fn new(args: &[Value], scale: Option<Lit>, b: &Builder) -> Attention {
        let (q, k) = (b.sizes(args[0]), b.sizes(args[1]));
        let r = q.len();
        let scale = match scale {
            None | Some(Lit::Free) => 1.0 / (q[r - 1] as f64).sqrt(),
            Some(given) => given.to_f64(),
        };
        let (heads, shared, queries, keys) = (q[r - 3], k[r - 3], q[r - 2], k[r - 2]);
        let dtype = b.dtype(args[0]);
        Attention { lead: q[..r - 3].to_vec(), heads, shared, queries, keys, scale, dtype }
    }

    /// `x`, `(.., heads, queries, n)`, as `(.., shared, rows, n)`.
    fn group(&self, x: Value, b: &mut Builder) -> Value {
        let n = b.sizes(x).last().copied().unwrap_or(1);
        let rows = self.heads * self.queries / self.shared.max(1);
        b.reshape(x, Shape::of(&[&self.lead[..], &[self.shared, rows, n]].concat()))
    }

    /// The inverse of [`Attention::group`].
    fn ungroup(&self, x: Value, b: &mut Builder) -> Value {
        let n = b.sizes(x).last().copied().unwrap_or(1);
        b.reshape(x, Shape::of(&[&self.lead[..], &[self.heads, self.queries, n]].concat()))
    }

    /// `q kᵀ * scale`, in the wide type.
    pub(crate) fn scores(&self, q: Value, k: Value, b: &mut Builder) -> Value {
        let q = self.group(q, b);
        let kt = b.transpose_last(k);
        let scores = b.matmul_wide(q, kt, self.dtype);
        let scores = self.ungroup(scores, b);
        b.mul_c(scores, self.scale)
    }

    /// `p v`, in the wide type.
    pub(crate) fn mix(&self, p: Value, v: Value, b: &mut Builder) -> Value {
        let p = self.group(p, b);
        let y = b.matmul_wide(p, v, self.dtype);
        self.ungroup(y, b)
    }

    /// The softmax of the masked scores, in the wide type.
    ///
    /// A query that sees no key gives zeros.
    pub(crate) fn probabilities(&self, args: &[Value], causal: Causal, mask: bool, b: &mut Builder) -> Value {
        let mut scores = self.scores(args[0], args[1], b);
        if let Some(first) = causal.first(self.queries, self.keys) {
            let long = self.queries.max(self.keys) > i32::MAX as usize;
            let places = if long { DType::I64 } else { DType::I32 };
            let mut row = b.iota(places, &[self.queries, 1], 0);
            if first != 0 {
                let first = b.lit_like(row, Lit::I(first.into()));
                row = b.add(row, first);
            }
            let column = b.iota(places, &[1, self.keys], 1);
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
        masked_softmax(scores, b)
    }
}

/// `softmax(q kᵀ * scale + mask) v`
pub(super) fn sdpa(args: &[Value], causal: Causal, scale: Option<Lit>, mask: bool, b: &mut Builder) -> Value {
    let attention = Attention::new(args, scale, b);
    let p = attention.probabilities(args, causal, mask, b);
    let y = attention.mix(p, args[2], b);
    b.cast(y, attention.dtype)
}

/// `x / (1 - p)` where a draw from the key keeps it, else 0.
pub(super) fn dropout(x: Value, key: Value, p: f64, b: &mut Builder) -> Value {
    if p == 0.0 {
        return x;
    }
    let keep = b.op(Op::Bernoulli { p: Lit::F(1.0 - p), shape: b.shape(x) }, &[key]);
    // At compute precision: rounded to bf16, the scale would be off by up to 0.2%.
    wide(x, b, |x, b| {
        let scaled = b.mul_c(x, 1.0 / (1.0 - p));
        b.select_c(keep, scaled, 0.0)
    })
}
