use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let _later = async || 1; //~ async
    x.exp()
}

fn main() {}
