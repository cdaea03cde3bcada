use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<bool, (N,)>, m: &Tensor<bool, (N,)>) -> Tensor<bool, (N,)> {
    let mut y = !x;
    y &= m; //~ &=
    y |= m; //~ |=
    y ^= m; //~ ^=
    y
}

fn main() {}
