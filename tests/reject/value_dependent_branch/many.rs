use thunder::prelude::*;

// Three errors in one item, and no more than three.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let total = x.sum(..);
    let h = if total > 0.0 { x.exp() } else { x.log() }; //~ total > 0.0
    let h = match total { //~ total
        _ => h * 2.0,
    };
    while h.sum(..) > 0.0 {} //~ h.sum(..) > 0.0
    h
}

fn main() {}
