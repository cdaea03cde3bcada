use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.dropout(0.5); //~ dropout
    let noise: Tensor<f32, (N,)> = uniform((N,)); //~ uniform
    y + noise
}

fn main() {}
