use thunder::prelude::*;

#[thunder]
fn f(q: &Tensor<f32, (H, T, D)>, mode: usize) -> Tensor<f32, (H, T, D)> {
    let options = Sdpa {
        #[cfg(debug_assertions)] //~ #[cfg(debug_assertions)]
        causal: true,
        ..Default::default()
    };
    match mode {
        #[cfg(unix)] //~ #[cfg(unix)]
        0 => q.exp(),
        _ => scaled_dot_product_attention(q, q, q, options),
    }
}

fn main() {}
