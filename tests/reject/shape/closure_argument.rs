use thunder::prelude::*;

#[thunder]
fn apply(
    x: &Tensor<f32, (B, C)>,
    f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>,
) -> Tensor<f32, (C,)> {
    f(&x.sum(1)) //~ &x.sum(1)
}

#[thunder]
fn result(
    x: &Tensor<f32, (B, C)>,
    f: impl Fn(&Tensor<f32, (B, C)>) -> Tensor<f32, (B,)>,
) -> Tensor<f32, (C,)> {
    f(x) //~ f(x)
}

fn main() {}
