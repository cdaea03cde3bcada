use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.softmax(); //~ softmax
    x.exp(2.0) + y //~ exp
}

fn main() {}
