use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, y: &Tensor<bf16, (N,)>) -> Tensor<f32, (N,)> {
    x * y //~ *
}

#[thunder]
fn g<E: Float>(x: &Tensor<f32, (N,)>, y: &Tensor<E, (N,)>) -> Tensor<f32, (N,)> {
    x.maximum(y) //~ y
}

fn main() {}
