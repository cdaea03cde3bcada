// As many parts as a static value says.
use thunder::prelude::*;

#[thunder]
fn parts(x: &Tensor<f32, (B, Dim<6>)>, n: usize) -> Vec<Tensor<f32, (B, _)>> {
    x.chunk_vec(n, 1)
}

fn main() {
    assert_eq!(parts(&Tensor::ones((2, 6)), 3).len(), 3);
}
