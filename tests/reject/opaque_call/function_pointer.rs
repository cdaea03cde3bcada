use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, g: fn(f32) -> f32) -> Tensor<f32, (N,)> { //~ fn(f32) -> f32
    x * g(2.0)
}

fn main() {}
