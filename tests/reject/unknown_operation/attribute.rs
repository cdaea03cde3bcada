use thunder::prelude::*;

#[thunder(cuda_grpah)] //~ cuda_grpah
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.exp()
}

fn main() {}
