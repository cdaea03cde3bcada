use thunder::prelude::*;

#[thunder]
fn f(x: Tensor<f32, (N,)>, y: &Scalar<f32>) -> Tensor<f32, (N,)> {
    let mut x = x;
    x[0] = y; //~ x[0]
    x[1] += 1.0; //~ x[1]
    x
}

fn main() {}
