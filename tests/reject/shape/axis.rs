use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B,)> {
    x.sum(2) //~ sum
}

#[thunder]
fn g(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    x.softmax(-3) //~ softmax
}

fn main() {}
