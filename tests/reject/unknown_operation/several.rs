use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    let a = x.men(-1); //~ men
    let b = x.transposed(0, 1); //~ transposed
    let c = x.frobnicate(); //~ frobnicate
    a + b + c
}

fn main() {}
