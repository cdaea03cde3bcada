use thunder::prelude::*;

#[thunder]
fn double(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    x * 2.0
}

#[thunder]
fn apply(x: &Tensor<f32, (C,)>, f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    f(x)
}

#[thunder]
fn f(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    apply(x, double) //~ double
}

fn main() {}
