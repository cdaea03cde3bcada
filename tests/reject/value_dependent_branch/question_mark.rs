use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Option<Tensor<f32, (N,)>> {
    let y = x.exp()?; //~ ?
    Some(y)
}

fn main() {}
