use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) -> Tensor<bool, (N,)> {
    let both = x > 0.0 && y > 0.0; //~ &&
    let any = x > 0.0 || y > 0.0; //~ ||
    both | any
}

fn main() {}
