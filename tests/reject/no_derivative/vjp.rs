use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, dy: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let (_, dx) = vjp(x, |x| x.exp() * x.trunc(), dy); //~ trunc
    dx
}

fn main() {}
