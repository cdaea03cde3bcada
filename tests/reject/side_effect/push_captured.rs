use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut seen = Vec::new();
    grad(x, |x| {
        let y = x.square();
        seen.push(y.clone()); //~ push
        y.sum(..)
    })
}

fn main() {}
