use thunder::prelude::*;

#[thunder]
pub struct Linear {
    pub w: Tensor<f32, (Out, In)>,
    pub b: Tensor<f32, (Out,)>,
}

#[thunder]
impl Linear {
    pub fn forward(&self, x: &Tensor<f32, (B, In)>) -> Tensor<f32, (B, Out)> {
        x.matmul(&self.w) + &self.b //~ matmul
    }
}

fn main() {}
