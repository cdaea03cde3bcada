use thunder::prelude::*;

#[thunder]
fn f(index: &Tensor<f32, (B,)>, weight: &Tensor<f32, (V, C)>) -> Tensor<f32, (B, C)> {
    embedding(index, weight) //~ index
}

fn main() {}
