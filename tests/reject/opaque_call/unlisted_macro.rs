use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    assert_eq!(N, 4); //~ assert_eq
    if N > 9 {
        todo!() //~ todo
    }
    x.exp()
}

fn main() {}
