use std::mem;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut a = x.exp();
    let b = mem::replace(&mut a, x.log()); //~ mem::replace
    a - b
}

fn main() {}
