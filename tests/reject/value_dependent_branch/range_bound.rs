use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: &Scalar<i64>) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for _ in 0..n { //~ n
        h = h.sin();
    }
    for _ in 0..x.argmax(0) { //~ x.argmax(0)
        h = h.cos();
    }
    h
}

fn main() {}
