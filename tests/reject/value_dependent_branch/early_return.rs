use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, limit: &Scalar<f32>) -> Tensor<f32, (N,)> {
    let norm = x.square().sum(..).sqrt();
    if norm < limit { //~ norm < limit
        return x.clone();
    }
    x * (limit / norm)
}

fn main() {}
