use thunder::prelude::*;

#[thunder]
fn project(x: &Tensor<f32, (B, In)>, w: &Tensor<f32, (Out, In)>) -> Tensor<f32, (B, Out)> {
    x.matmul(w.t())
}

#[thunder]
fn f(x: &Tensor<f32, (B, C)>, w: &Tensor<f32, (C, F)>) -> Tensor<f32, (B, F)> {
    project(x, w) //~ w
}

fn main() {}
