use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (A, B, C)>) -> Tensor<f32, (B, A, C)> {
    let y = x.permute((0, 1)); //~ permute
    let z = x.permute((1, 1, 2)); //~ permute
    y + z
}

fn main() {}
