use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a: f32 = rand::random(); //~ rand::random
    let b = rand::rng().random::<f32>(); //~ rand::rng
    x * a + b
}

fn main() {}
