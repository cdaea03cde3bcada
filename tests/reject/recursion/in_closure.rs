use thunder::prelude::*;

#[thunder]
fn f(xs: &Tensor<f32, (B, N)>) -> Tensor<f32, (B, N)> {
    vmap(xs, |x| f(&x.unsqueeze(0)).squeeze(0)) //~ f
}

fn main() {}
