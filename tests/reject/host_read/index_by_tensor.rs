use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: &Scalar<i64>) -> Tensor<f32, (N,)> {
    let scales = [0.1, 0.2, 0.4];
    x * scales[n] //~ n
}

fn main() {}
