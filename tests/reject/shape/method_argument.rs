use thunder::prelude::*;

#[thunder]
pub struct Linear {
    pub w: Tensor<f32, (Out, In)>,
}

#[thunder]
impl Linear {
    pub fn forward(&self, x: &Tensor<f32, (B, In)>) -> Tensor<f32, (B, Out)> {
        x.matmul(self.w.t())
    }
}

#[thunder]
pub struct Mlp {
    pub up: Linear<Out = F, In = C>,
    pub down: Linear<Out = C, In = F>,
}

#[thunder]
impl Mlp {
    pub fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let h = self.up.forward(x);
        let h = self.up.forward(&h); //~ &h
        self.down.forward(&h)
    }
}

fn main() {}
