use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let first = x.to_vec()[0]; //~ to_vec
    let all = x.try_to_vec().unwrap(); //~ try_to_vec
    x * first + all[1]
}

fn main() {}
