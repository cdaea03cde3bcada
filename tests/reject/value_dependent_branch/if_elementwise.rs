use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let positive = x > 0.0;
    if positive { //~ positive
        return x.exp();
    }
    if !positive { x.log() } else { x.sin() } //~ !positive
}

fn main() {}
