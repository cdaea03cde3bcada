use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B,)>) -> Tensor<f32, (B, C)> {
    let a = x + y; //~ +
    let b = x.exp() * y; //~ *
    a + b
}

fn main() {}
