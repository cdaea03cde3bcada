use thunder::prelude::*;

#[thunder]
pub struct Block {
    pub w: Tensor<f32, (C,)>,
}

#[thunder]
impl Block {
    pub fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.forward(&(x * &self.w)) //~ forward
    }

    pub fn twice(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        Self::twice(x) + Block::twice(x) //~ Self::twice //~ Block::twice
    }
}

fn main() {}
