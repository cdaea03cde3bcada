use thunder::prelude::*;

#[thunder]
fn f(x: Tensor<f32>, y: Tensor<(N,)>) -> Tensor<f32, (N,)> { //~ Tensor //~ Tensor<(N,)>
    x + y
}

fn main() {}
