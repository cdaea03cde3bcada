use thunder::prelude::*;

#[thunder]
fn f(x: Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.zero_(); //~ zero_
    x.fill(1.0); //~ fill
    x
}

fn main() {}
