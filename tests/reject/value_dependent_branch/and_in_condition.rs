use thunder::prelude::*;

// One condition, one error.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, up: bool) -> Tensor<f32, (N,)> {
    if up && x.sum(..) > 0.0 { x.exp() } else { x.log() } //~ x.sum(..) > 0.0
}

fn main() {}
