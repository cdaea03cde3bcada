use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
}

#[thunder]
impl Layer {
    pub fn score(&self, x: &Tensor<f32, (N,)>) -> Scalar<f32> {
        (x * &self.w).sum(..)
    }

    pub fn is_wide(&self) -> bool {
        N > 2
    }
}

#[thunder]
fn skipped(x: &Tensor<f32, (N,)>, layers: &[Layer]) -> Tensor<f32, (N,)> {
    let mut y = x.exp();
    for l in layers.iter().filter(|l| l.is_wide()).skip(1) { //~ skip
        y = y * &l.w;
    }
    y
}

#[thunder]
fn mapped(x: &Tensor<f32, (N,)>, layers: &[Layer]) -> Tensor<f32, (N,)> {
    let all: Vec<_> = layers.iter().filter_map(|l| Some(l.score(x))).collect(); //~ filter_map
    x * stack(&all, 0).sum(0)
}

fn main() {}
