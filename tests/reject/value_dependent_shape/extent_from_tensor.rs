use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: &Scalar<i64>) -> Tensor<f32, (_, _)> {
    let row: Tensor<f32, (_,)> = zeros((n,)); //~ n
    x.reshape((n, 2)) + row //~ n
}

fn main() {}
