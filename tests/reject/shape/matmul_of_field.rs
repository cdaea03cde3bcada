use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (D, C)>,
}

#[thunder]
impl Layer {
    pub fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (D,)> {
        self.w.matmul(x) //~ matmul
    }
}

fn main() {}
