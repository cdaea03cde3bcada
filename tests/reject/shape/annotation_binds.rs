use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, T)>, y: &Tensor<f32, (B, _)>) -> Tensor<f32, (B, T)> {
    let z: Tensor<f32, (B, T2)> = cat(&[x, y], -1);
    let w: Tensor<f32, (B, T2)> = x.exp(); //~ x.exp()
    z.narrow(-1, 0, T) + w
}

fn main() {}
