use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    let y = x.exp() +; //~ ;
    y * 2.0
}

#[thunder]
fn g(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    let y = x.cast::<; //~ ;
    f(&y)
}

fn main() {
    f(&g(&Tensor::ones((1, 2))));
}
