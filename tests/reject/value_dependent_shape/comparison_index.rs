use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Scalar<f32> {
    let positive = &x[x > 0.0]; //~ x[x > 0.0]
    positive.sum(..)
}

fn main() {}
