//! Options outside of their range: probabilities, smoothing, epsilons.

use thunder::prelude::*;

#[thunder]
pub fn dropout(x: &Tensor<f32, (N,)>, key: Key) -> Tensor<f32, (N,)> {
    x.dropout(1.5, key) + x.dropout(-0.1, key) //~ dropout //~ dropout
}

#[thunder]
pub fn draws(key: Key) -> Tensor<bool, (usize,)> {
    bernoulli((3,), 2.0, key) & bernoulli((3,), -0.5, key) //~ bernoulli //~ bernoulli
}

#[thunder]
pub fn smoothing(x: &Tensor<f32, (N, C)>, t: &Tensor<i64, (N,)>) -> Scalar<f32> {
    cross_entropy(x, t, CrossEntropy { label_smoothing: 1.5, ..Default::default() }) //~ cross_entropy
}

#[thunder]
pub fn norms(x: &Tensor<f32, (N, C)>, w: &Tensor<f32, (C,)>) -> Tensor<f32, (N, C)> {
    x.rms_norm(Some(w), -1.0) //~ rms_norm
}

fn main() {}
