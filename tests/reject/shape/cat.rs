use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (A, C)>, y: &Tensor<f32, (B, C)>) -> Tensor<f32, (_, C)> {
    let z = stack(&[x, y], 0); //~ y
    cat(&[x, y], 1) //~ y
}

fn main() {}
