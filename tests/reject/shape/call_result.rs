use thunder::prelude::*;

#[thunder]
fn total(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (C,)> {
    x.sum(0)
}

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B,)> {
    total(x) //~ total(x)
}

fn main() {}
