use thunder::prelude::*;

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

impl Scale {
    #[thunder]
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> { //~ &self
        x * &self.w
    }
}

fn main() {}
