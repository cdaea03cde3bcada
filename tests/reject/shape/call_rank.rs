use thunder::prelude::*;

#[thunder]
fn total(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (C,)> {
    x.sum(0)
}

#[thunder]
fn f(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    total(x) //~ x
}

fn main() {}
