use thunder::prelude::*;

#[thunder]
fn total<S: Shape>(x: &Tensor<f32, (S, C)>, w: &Tensor<f32, (C,)>) -> Tensor<f32, (S,)> {
    (x * w).sum(-1)
}

#[thunder]
fn f(x: &Tensor<f32, (B, T, C)>, w: &Tensor<f32, (C,)>) -> Tensor<f32, (B, T)> {
    let y: Tensor<f32, (B, C)> = total(x, w); //~ total(x, w)
    y.sum_keepdim(1).expand((B, T))
}

#[thunder]
fn g(x: &Tensor<f32, (B, T, C)>, w: &Tensor<f32, (T,)>) -> Tensor<f32, (B, T)> {
    total(x, w) //~ w
}

fn main() {}
