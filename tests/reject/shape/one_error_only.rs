use thunder::prelude::*;

// What follows from a failed operation is not reported again.
#[thunder]
fn f(x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B,)>) -> Tensor<f32, (B, C)> {
    let z = x + y; //~ +
    let z = z.matmul(&z).reshape((B, 7));
    z + x.exp()
}

#[thunder]
fn g(x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B,)>) -> Tensor<f32, (B, C)> {
    f(x, y) * 2.0
}

fn main() {}
