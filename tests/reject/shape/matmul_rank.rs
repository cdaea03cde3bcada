use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, In)>, w: &Tensor<f32, (In,)>) -> Tensor<f32, (B,)> {
    x.matmul(w) //~ w
}

fn main() {}
