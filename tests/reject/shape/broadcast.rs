use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, T, C)>, y: &Tensor<f32, (T,)>) -> Tensor<f32, (B, T, C)> {
    x + y //~ +
}

fn main() {}
