use thunder::prelude::*;

#[thunder]
fn f(q: &Tensor<f32, (H, T, D)>) -> Tensor<f32, (H, T, D)> {
    let options = Sdpa { causal: q.sum(..) > 0.0, ..Default::default() }; //~ q.sum(..) > 0.0
    scaled_dot_product_attention(q, q, q, options)
}

fn main() {}
