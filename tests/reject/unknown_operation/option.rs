use thunder::prelude::*;

#[thunder]
fn f(q: &Tensor<f32, (H, T, D)>) -> Tensor<f32, (H, T, D)> {
    scaled_dot_product_attention(q, q, q, Sdpa { casual: true, ..Default::default() }) //~ casual
}

fn main() {}
