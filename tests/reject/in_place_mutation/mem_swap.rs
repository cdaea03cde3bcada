use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut a = x.exp();
    let mut b = x.log();
    std::mem::swap(&mut a, &mut b); //~ std::mem::swap
    a - b
}

fn main() {}
