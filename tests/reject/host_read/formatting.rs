use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    assert!(N > 0, "no elements in {:?}", x); //~ x
    if N > 4 {
        panic!("too many: {x:?}"); //~ "too many: {x:?}"
    }
    x.exp()
}

fn main() {}
