use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.add_(1.0); //~ add_
    x.mul_(2.0); //~ mul_
    x.exp().relu_(); //~ relu_
    x.exp()
}

fn main() {}
