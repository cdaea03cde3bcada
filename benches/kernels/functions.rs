//! The functions of the rows. `benches/passes.rs` also compiles them, without a device.

use thunder::optim::AdamW;
use thunder::prelude::*;

#[thunder]
pub fn bias_gelu(x: &Tensor<bf16, (M, N)>, b: &Tensor<bf16, (N,)>) -> Tensor<bf16, (M, N)> {
    (x + b).gelu_tanh()
}

#[thunder]
pub fn bias_gelu_bwd(
    x: &Tensor<bf16, (M, N)>,
    b: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(&(x.clone(), b.clone()), |p| bias_gelu(&p.0, &p.1), dy);
    grads
}

#[thunder]
pub fn add_rmsnorm(
    x: &Tensor<bf16, (M, N)>,
    r: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (M, N)>) {
    let h = x + r;
    (h.rms_norm(Some(w), 1e-5), h)
}

/// The backward pass from the sum, which the forward pass returns.
#[thunder]
pub fn add_rmsnorm_bwd(
    h: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
    dh: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(
        &(h.clone(), w.clone()),
        |p| (p.0.rms_norm(Some(&p.1), 1e-5), p.0.clone()),
        &(dy.clone(), dh.clone()),
    );
    grads
}

#[thunder]
pub fn layernorm(
    x: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    b: &Tensor<bf16, (N,)>,
) -> Tensor<bf16, (M, N)> {
    x.layer_norm(Some(w), Some(b), 1e-5)
}

#[thunder]
pub fn layernorm_bwd(
    x: &Tensor<bf16, (M, N)>,
    w: &Tensor<bf16, (N,)>,
    b: &Tensor<bf16, (N,)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (N,)>, Tensor<bf16, (N,)>) {
    let (_, grads) = vjp(&(x.clone(), w.clone(), b.clone()), |p| layernorm(&p.0, &p.1, &p.2), dy);
    grads
}

#[thunder]
pub fn softmax(x: &Tensor<bf16, (M, N)>) -> Tensor<bf16, (M, N)> {
    x.softmax(-1)
}

#[thunder]
pub fn softmax_mask_drop(
    s: &Tensor<bf16, (B, H, Q, K)>,
    mask: &Tensor<bf16, (B, Dim<1>, Dim<1>, K)>,
    key: Key,
) -> Tensor<bf16, (B, H, Q, K)> {
    (s * 0.125 + mask).softmax(-1).dropout(0.1, key)
}

#[thunder]
pub fn ce(logits: &Tensor<bf16, (M, V)>, targets: &Tensor<i64, (M,)>) -> Scalar<f32> {
    cross_entropy(&logits.cast::<f32>(), targets, CrossEntropy::default())
}

#[thunder]
pub fn ce_fwdbwd(logits: &Tensor<bf16, (M, V)>, targets: &Tensor<i64, (M,)>) -> Tensor<bf16, (M, V)> {
    grad(logits, |l| ce(l, targets))
}

#[thunder]
pub fn linear_ce_fwdbwd(
    x: &Tensor<bf16, (M, C)>,
    w: &Tensor<bf16, (V, C)>,
    targets: &Tensor<i64, (M,)>,
) -> (Tensor<bf16, (M, C)>, Tensor<bf16, (V, C)>) {
    grad(&(x.clone(), w.clone()), |p| ce(&p.0.linear(&p.1, None), targets))
}

#[thunder]
pub fn swiglu(g: &Tensor<bf16, (M, N)>, u: &Tensor<bf16, (M, N)>) -> Tensor<bf16, (M, N)> {
    g.silu() * u
}

#[thunder]
pub fn swiglu_bwd(
    g: &Tensor<bf16, (M, N)>,
    u: &Tensor<bf16, (M, N)>,
    dy: &Tensor<bf16, (M, N)>,
) -> (Tensor<bf16, (M, N)>, Tensor<bf16, (M, N)>) {
    let (_, grads) = vjp(&(g.clone(), u.clone()), |p| swiglu(&p.0, &p.1), dy);
    grads
}

#[thunder]
pub fn turned<E: Float>(x: &Tensor<E, (B, T, H, D)>) -> Tensor<E, (B, T, H, D)> {
    let [a, b] = x.chunk(2, -1);
    cat([-b, a], -1)
}

#[thunder]
pub fn rope<E: Float>(
    q: &Tensor<E, (B, T, Q, D)>,
    k: &Tensor<E, (B, T, K, D)>,
    cos: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
    sin: &Tensor<E, (Dim<1>, T, Dim<1>, D)>,
) -> (Tensor<E, (B, T, Q, D)>, Tensor<E, (B, T, K, D)>) {
    (q * cos + turned(q) * sin, k * cos + turned(k) * sin)
}

#[thunder]
pub fn transpose_gelu_add(x: &Tensor<bf16, (M, N)>, z: &Tensor<bf16, (N, M)>) -> Tensor<bf16, (N, M)> {
    z + x.gelu_tanh().t()
}

#[thunder]
pub fn colsum(x: &Tensor<bf16, (M, N)>) -> Tensor<f32, (N,)> {
    x.cast::<f32>().sum(0)
}

#[thunder]
pub fn linear_bias_gelu(
    x: &Tensor<bf16, (M, C)>,
    w: &Tensor<bf16, (F, C)>,
    b: &Tensor<bf16, (F,)>,
) -> Tensor<bf16, (M, F)> {
    x.linear(w, Some(b)).gelu_tanh()
}

#[thunder]
pub fn mlp(
    x: &Tensor<bf16, (B, C)>,
    gate: &Tensor<bf16, (F, C)>,
    up: &Tensor<bf16, (F, C)>,
    down: &Tensor<bf16, (C, F)>,
) -> Tensor<bf16, (B, C)> {
    (x.linear(gate, None).silu() * x.linear(up, None)).linear(down, None)
}

/// The parameters of GPT-2 (124 million).
#[thunder]
#[derive(Clone)]
pub struct Weights {
    pub matrices: Vec<Tensor<f32, (_, _)>>,
    pub vectors: Vec<Tensor<f32, (_,)>>,
}

#[thunder]
pub fn adamw(
    weights: Weights,
    opt: AdamW<Weights>,
    grads: &Weights,
    lr: &Scalar<f32>,
) -> (Weights, AdamW<Weights>) {
    opt.update(weights, grads.clone(), lr)
}

#[thunder]
pub fn tiny(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    (x * 2.0 + 1.0).gelu()
}
