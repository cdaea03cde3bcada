use thunder::prelude::*;

#[thunder]
pub trait Layer {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)>;

    fn twice(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        helper(self.forward(x)) //~ helper
    }
}

fn helper(x: Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
    x
}

fn main() {}
