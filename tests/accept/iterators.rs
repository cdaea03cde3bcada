// Closures and iterators over static values and over modules.
use thunder::prelude::*;

#[thunder]
pub struct Block {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Block {
    pub fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        x * &self.w
    }
}

#[thunder]
fn folded(blocks: &Vec<Block>, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    blocks.iter().fold(x.clone(), |h, b| b.forward(&h))
}

#[thunder]
fn mapped(blocks: &[Block], x: &Tensor<f32, (C,)>) -> Tensor<f32, (_, C)> {
    let ys: Vec<_> = blocks.iter().map(|b| b.forward(x)).collect();
    stack(&ys, 0)
}

#[thunder]
fn enumerated(blocks: &[Block], x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    let mut h = x.clone();
    for (i, b) in blocks.iter().enumerate() {
        h = b.forward(&h) * (i as f32 + 1.0);
    }
    for (b, s) in blocks.iter().rev().zip([1.0, 2.0]) {
        h = h + b.forward(x) * s;
    }
    h
}

#[thunder]
fn closures(x: &Tensor<f32, (C,)>, p: f32) -> Tensor<f32, (C,)> {
    let act = |t: &Tensor<f32, (C,)>| (t * p).tanh();
    let scales = [0.5, 2.0];
    let total: f32 = scales.iter().sum();
    let largest = scales.iter().copied().fold(0.0, f32::max);
    let [a, b] = scales.map(|s| act(x) * s);
    act(&(a + b)) * total + largest
}

fn main() {
    let blocks: Vec<Block> = [2.0, 3.0].map(|w| Block { w: Tensor::full(w, (2,)) }).into();
    let x = Tensor::<f32, _>::ones((2,));
    assert_eq!(folded(&blocks, &x).to_vec(), vec![6.0; 2]);
    assert_eq!(mapped(&blocks, &x).shape(), (2, 2));
    // 2 * 1 * 3 * 2 + 3 * 1 + 2 * 2
    assert_eq!(enumerated(&blocks, &x).to_vec(), vec![19.0; 2]);
    assert!(closures(&x, 1.0).to_vec()[0].is_finite());
}
