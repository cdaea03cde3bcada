use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Scalar<f32> {
    let square = |w: &Tensor<f32, (N, N)>| w.sum(..) * N; //~ &Tensor<f32, (N, N)>
    square(x)
}

fn main() {}
