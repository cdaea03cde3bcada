use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let ref mut y = x.exp(); //~ mut
    y.log()
}

fn main() {}
