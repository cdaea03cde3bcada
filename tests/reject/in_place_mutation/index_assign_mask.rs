use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut y = x.clone();
    y[x < 0.0] = 0.0; //~ y[x < 0.0]
    y
}

fn main() {}
