use thunder::prelude::*;

#[thunder]
pub struct Quantised {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
fn f(m: &Quantised, x: &Tensor<f32, (C,)>) -> Quantised {
    grad(m, |m| (m.w.floor() * x).sum(..)) //~ floor
}

fn main() {}
