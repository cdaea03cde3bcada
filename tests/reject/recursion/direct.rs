use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, depth: usize) -> Tensor<f32, (N,)> {
    if depth == 0 { x.clone() } else { f(&x.exp(), depth - 1) } //~ f
}

fn main() {}
