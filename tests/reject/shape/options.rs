use thunder::prelude::*;

#[thunder]
fn shares(x: &Tensor<f32, (N,)>, key: Key) -> Tensor<f32, (N,)> {
    let [a, b] = key.split();
    let mask = bernoulli((N,), 2.0, a); //~ bernoulli
    let y = x.dropout(1.5, b).masked_fill(&mask, 0.0); //~ dropout
    y.dropout(-0.1, b) //~ dropout
}

#[thunder]
fn smoothing(x: &Tensor<f32, (B, C)>, t: &Tensor<i64, (B,)>) -> Scalar<f32> {
    cross_entropy(x, t, CrossEntropy { label_smoothing: 1.1, ..Default::default() }) //~ cross_entropy
}

#[thunder]
fn epsilon(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.layer_norm(None, None, -1e-5) //~ layer_norm
}

#[thunder]
fn fraction(x: &Tensor<i32, (N,)>) -> Tensor<i32, (_,)> {
    let half = full::<i32, _>((2,), 1.5); //~ 1.5
    let padded = x.pad(((0, 1),), 0.5); //~ 0.5
    cat([half, padded, x.clamp(-2.5, 3)], 0) //~ -2.5
}

#[thunder]
fn range(x: &Tensor<u8, (N,)>) -> Tensor<u8, (N,)> {
    let large = full::<u8, _>((N,), 256); //~ 256
    x.clamp(-1, 9) + large //~ -1
}

#[thunder]
fn nothing(x: &Tensor<f32, (B, Dim<0>)>) -> Tensor<f32, (B,)> {
    let index = x.argmax(-1); //~ argmax
    x.amax(1) + index.cast::<f32>() //~ amax
}

#[thunder]
fn unaligned(q: &Tensor<f32, (H, T, D)>, k: &Tensor<f32, (H, S, D)>) -> Tensor<f32, (H, T, D)> {
    scaled_dot_product_attention(q, k, k, Sdpa { causal: true, ..Default::default() }) //~ k
}

fn main() {}
