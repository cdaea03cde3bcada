use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B,)> {
    x.sum(0) //~ x.sum(0)
}

#[thunder]
fn g(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B,)> {
    let y = x.sum(0);
    return y; //~ y
}

fn main() {}
