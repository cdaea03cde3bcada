use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<i64, (N,)>) -> Tensor<i64, (N,)> {
    x.softmax(-1) //~ softmax
}

fn main() {}
