use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, mask: &Tensor<bool, (N,)>) -> Tensor<f32, (_,)> {
    x[mask] //~ x[mask]
}

fn main() {}
