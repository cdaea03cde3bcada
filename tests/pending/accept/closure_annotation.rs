// An unknown name in a closure parameter's annotation binds.
use thunder::prelude::*;

#[thunder]
fn annotated(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, C)> {
    let scaled = |t: Tensor<f32, (B, W)>| t * (W as f32);
    scaled(x.mean(1))
}

fn main() {
    assert_eq!(annotated(&Tensor::ones((2, 3, 4))).to_vec()[0], 4.0);
}
