use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: &Scalar<i64>) -> Tensor<f32, (_,)> {
    x.slice((..n,)) //~ n
}

fn main() {}
