use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a = x & y; //~ &
    let b = !x; //~ !
    a * b
}

fn main() {}
