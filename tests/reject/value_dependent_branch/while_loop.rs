use thunder::prelude::*;

#[thunder]
fn f(x: Tensor<f32, (N,)>, n: &Scalar<i64>) -> Tensor<f32, (N,)> {
    let mut h = x;
    while h.square().sum(..) > 1.0 { //~ h.square().sum(..) > 1.0
        h = h * 0.5;
    }
    while n > 0 { //~ n > 0
        h = h * 2.0;
    }
    h
}

fn main() {}
