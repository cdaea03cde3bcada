use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> (Scalar<f32>, Tensor<f32, (N,)>) {
    value_and_grad(x, |x| {
        let i = x.cast::<i64>(); //~ cast
        (i * 2).cast::<f32>().sum(..)
    })
}

fn main() {}
