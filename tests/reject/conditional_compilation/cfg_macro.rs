use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    if cfg!(debug_assertions) { x.exp() } else { x.log() } //~ cfg
}

fn main() {}
