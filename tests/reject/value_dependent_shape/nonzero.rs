use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<i64, (_,)> {
    x.nonzero() //~ nonzero
}

fn main() {}
