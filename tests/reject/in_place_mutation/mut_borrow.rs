use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut y = x.exp();
    let r = &mut y; //~ mut
    *r = x.log();
    y
}

fn main() {}
