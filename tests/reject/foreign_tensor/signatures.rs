use thunder::prelude::*;

#[thunder]
#[rustfmt::skip]
fn long(
    x: &Tensor<f32, (N,)>,
    x0: f32, x1: f32, x2: f32, x3: f32, x4: f32, x5: f32, x6: f32, x7: f32, x8: f32, x9: f32, x10: f32, x11: f32, x12: f32, x13: f32, x14: f32, x15: f32, x16: f32, x17: f32, x18: f32, x19: f32, x20: f32, x21: f32, x22: f32, x23: f32, x24: f32, x25: f32, x26: f32, x27: f32, x28: f32, x29: f32, x30: f32,
    last: f32, //~ last: f32
) -> Tensor<f32, (N,)> {
    x.exp()
}

#[thunder(crate = self::thunder)] //~ self::thunder
fn root(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.exp()
}

#[thunder(cuda_graphs)] //~ cuda_graphs
fn option(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x.exp()
}

#[thunder]
fn axes(x: &Tensor<f32, (N, M)>) -> Tensor<f32, (N,)> {
    let a = x.softmax(258); //~ softmax
    let b = x.sum(-300); //~ sum
    x.sum(1)
}

fn main() {}
