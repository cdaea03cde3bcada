use thunder::prelude::*;

#[thunder]
pub struct Scale {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x * &self.w / Q //~ Q
    }
}

fn main() {}
