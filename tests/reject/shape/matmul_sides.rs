use thunder::prelude::*;

#[thunder]
fn right(x: &Tensor<f32, (A, B)>, y: &Tensor<f32, (C, B)>) -> Tensor<f32, (A, C)> {
    x.matmul(y) //~ y
}

#[thunder]
fn left(x: &Tensor<f32, (A, B)>, y: &Tensor<f32, (A, C)>) -> Tensor<f32, (B, C)> {
    x.matmul(y) //~ y
}

#[thunder]
fn one_of_both(x: &Tensor<f32, (A, B)>) -> Tensor<f32, (A, A)> {
    x.matmul(x) //~ x
}

fn main() {}
