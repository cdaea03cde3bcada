use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, In)>, w: &Tensor<f32, (Out, In)>) -> Tensor<f32, (B, Out)> {
    x.matmul(w) //~ w
}

fn main() {}
