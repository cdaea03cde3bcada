use thunder::prelude::*;

#[thunder]
fn apply(x: &Tensor<f32, (C,)>, mut f: impl FnMut(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    f(x)
}

#[thunder]
fn f(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    let mut last = x.clone();
    let y = apply(x, |t| {
        last = t + 1.0; //~ last
        t * 2.0
    });
    y + last
}

fn main() {}
