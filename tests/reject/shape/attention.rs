use thunder::prelude::*;

#[thunder]
fn f(q: &Tensor<f32, (B, H, T, D)>, k: &Tensor<f32, (B, H, S, E)>) -> Tensor<f32, (B, H, T, D)> {
    scaled_dot_product_attention(q, k, k, Sdpa::default()) //~ k
}

fn main() {}
