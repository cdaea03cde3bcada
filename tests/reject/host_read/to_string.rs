use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, name: &str) -> Tensor<f32, (N,)> {
    assert!(x.to_string() == name); //~ to_string
    x.exp()
}

fn main() {}
