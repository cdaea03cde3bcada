use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    x.mean(-1) //~ x.mean(-1)
}

fn main() {}
