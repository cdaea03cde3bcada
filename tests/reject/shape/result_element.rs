use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<bf16, (B, C)> {
    x.exp() //~ x.exp()
}

fn main() {}
