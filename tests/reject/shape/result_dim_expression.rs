use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, Dim<{ 3 * C }>)> {
    cat(&[x, x], -1) //~ cat(&[x, x], -1)
}

fn main() {}
