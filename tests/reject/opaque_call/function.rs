use thunder::prelude::*;

fn helper(x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
    x.clone()
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    helper(x).exp() //~ helper
}

fn main() {}
