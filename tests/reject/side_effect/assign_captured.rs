use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut last = x.clone();
    let dx = grad(x, |x| {
        last = x.exp(); //~ last
        x.square().sum(..)
    });
    dx + last
}

fn main() {}
