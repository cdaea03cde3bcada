use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    if x.device() == Device::best() { x.exp() } else { x.log() } //~ device //~ Device::best
}

fn main() {}
