use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, C)> {
    let y: Tensor<f32, (B, T)> = x.mean(1); //~ x.mean(1)
    x.mean(1)
}

fn main() {}
