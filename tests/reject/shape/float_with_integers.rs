use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<i64, (N,)>) -> Tensor<i64, (N,)> {
    x * 2.5 //~ 2.5
}

fn main() {}
