use thunder::prelude::*;

#[thunder]
fn f(xs: &Tensor<f32, (B, N)>) -> Tensor<f32, (B,)> {
    vmap(xs, |x| if x.sum(0) > 0.0 { x.sum(0) } else { x.prod(0) }) //~ x.sum(0) > 0.0
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    grad(x, |x| {
        let y = x.square().sum(..);
        if y > 1.0 { y.sqrt() } else { y } //~ y > 1.0
    })
}

fn main() {}
