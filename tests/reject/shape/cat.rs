use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (A, C)>, y: &Tensor<f32, (B, C)>) -> Tensor<f32, (_, C)> {
    let z = stack(&[x, y], 0); //~ stack
    cat(&[x, y], 1) //~ cat
}

fn main() {}
