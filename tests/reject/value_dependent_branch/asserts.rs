use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    assert!(x.sum(..) > 0.0); //~ x.sum(..) > 0.0
    debug_assert!((x > 0.0).all(..), "all must be positive"); //~ (x > 0.0).all(..)
    x.log()
}

fn main() {}
