use thunder::prelude::*;

mod tools {}

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    let y: Tensor<f32, (B, C)> = tools::twice(x); //~ tools::twice
    nowhere::twice(&y) //~ nowhere
}

fn main() {}
