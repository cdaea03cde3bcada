use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let noise = randn((N,)); //~ randn
    let coin = x.bernoulli(); //~ bernoulli
    x + noise * coin
}

fn main() {}
