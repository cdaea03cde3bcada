use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    if x.sum(0) > 0.0 { x.exp() } else { x.log() } //~ x.sum(0) > 0.0
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    f(x) + 1.0
}

fn main() {}
