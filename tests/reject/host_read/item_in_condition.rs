use thunder::prelude::*;

// One error: the branch is on what `item` would give.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    if x.sum(..).item() > 0.0 { x.exp() } else { x.log() } //~ item
}

fn main() {}
