use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    self::f(&x.exp()) //~ self::f
}

fn main() {}
