use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.dropout(0.5, Key::new(0)) //~ Key::new
}

fn main() {}
