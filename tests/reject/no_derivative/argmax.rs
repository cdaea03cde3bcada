use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    grad(x, |x| x.argmax(-1).cast::<f32>().sum(..)) //~ argmax
}

fn main() {}
