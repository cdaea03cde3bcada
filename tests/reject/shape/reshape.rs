use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, _)> {
    x.reshape((B, 2 * C)) //~ reshape
}

#[thunder]
fn g(x: &Tensor<f32, (Dim<6>,)>) -> Tensor<f32, (_, _)> {
    x.reshape((4, 2)) //~ reshape
}

fn main() {}
