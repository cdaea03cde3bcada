use thunder::prelude::*;

// The struct is a module, but this `impl` is not under `#[thunder]`.
#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

impl Scale {
    pub fn apply(&self, x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }
}

#[thunder]
impl Scale {
    pub fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.apply(x) * &self.w //~ apply
    }
}

fn main() {}
