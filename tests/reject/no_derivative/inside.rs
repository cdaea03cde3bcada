use thunder::prelude::*;

// What runs inside another transform is differentiated as well.
#[thunder]
fn mapped(xs: &Tensor<f32, (B, N)>) -> Tensor<f32, (B, N)> {
    grad(xs, |xs| vmap(xs, |x| x.round()).sum(..)) //~ round
}

#[thunder]
fn checkpointed(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    grad(x, |x| checkpoint(|| x.floor().exp()).sum(..)) //~ floor
}

fn main() {}
