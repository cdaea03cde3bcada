use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut total = x.exp();
    let dx = grad(x, |x| {
        total += x; //~ +=
        x.square().sum(..)
    });
    total + dx
}

fn main() {}
