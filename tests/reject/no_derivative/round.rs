use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    grad(x, |x| x.round().sum(..)) //~ round
}

fn main() {}
