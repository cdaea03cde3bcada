use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Tensor<f32, (C,)>,
}

#[thunder]
fn f(mut s: Scale, x: &Tensor<f32, (C,)>) -> Scale {
    s.w = x.exp(); //~ s.w
    s
}

fn main() {}
