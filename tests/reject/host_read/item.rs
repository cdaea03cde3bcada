use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let scale = x.sum(..).item(); //~ item
    x / scale
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    f(x) * 2.0
}

fn main() {}
