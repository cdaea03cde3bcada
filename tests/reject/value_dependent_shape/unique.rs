use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<i64, (N,)>) -> Tensor<i64, (_,)> {
    let y = x.unique(); //~ unique
    y + 1
}

fn main() {}
