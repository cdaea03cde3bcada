use thunder::prelude::*;

#[thunder]
fn assigned(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut counts = [0, 0];
    let y = grad(x, |x| {
        counts[0] = 5; //~ counts[0]
        x.sum(..)
    });
    y * counts[0] as f32
}

#[thunder]
fn added(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut pair = (0, 1);
    let y = checkpoint(|| {
        pair.1 += 1; //~ pair.1
        x.exp()
    });
    y * pair.1 as f32
}

fn main() {}
