use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.exp();
    y.copy_from(x); //~ copy_from
    y
}

fn main() {}
