use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<i64, (N,)>) -> Tensor<i64, (_,)> {
    arange(x.amax(0)) //~ x.amax(0)
}

fn main() {}
