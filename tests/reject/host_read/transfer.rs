use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x + y.to(&Device::cpu()) //~ to
}

fn main() {}
