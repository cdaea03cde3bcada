use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let up: bool = x.sum(..) > 0.0; //~ x.sum(..) > 0.0
    if up { x.exp() } else { x.log() }
}

fn main() {}
