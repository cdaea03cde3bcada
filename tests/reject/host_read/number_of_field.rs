use thunder::prelude::*;

#[thunder]
pub struct Layer {
    pub w: Tensor<f32, (N,)>,
    pub scale: Scalar<f32>,
    pub step: Scalar<i64>,
    pub rates: Vec<f32>,
}

// What the fields hold, only rustc knows.
#[thunder]
impl Layer {
    pub fn cast(&self) -> Tensor<f32, (N,)> {
        &self.w * (self.scale as f32) //~ self.scale
    }

    pub fn indexed(&self) -> Tensor<f32, (N,)> {
        &self.w * self.rates[self.step] //~ self.step
    }

    pub fn counted(&self) -> Tensor<f32, (N,)> {
        for _ in 0..self.step {} //~ self.step
        self.w.exp()
    }
}

fn main() {}
