use thunder::prelude::*;

// What can't be read at all; who calls it does not suffer.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.exp() +; //~ ;
    y
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    f(x)
}

fn main() {}
