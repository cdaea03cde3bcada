use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (b, c)>) -> Tensor<f32, (f32,)> { //~ b //~ c //~ f32
    x.sum(0)
}

fn main() {}
