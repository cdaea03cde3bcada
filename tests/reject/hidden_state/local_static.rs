use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    static SCALE: f32 = 2.0; //~ static
    x * SCALE
}

fn main() {}
