use thunder::prelude::*;

#[thunder]
pub struct Scale {
    pub weight: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    pub fn before(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x * &self.weight
    }

    pub fn half()

    pub fn after(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> { //~ pub
        self.before(x).exp()
    }
}

#[thunder]
fn both(s: &Scale, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    s.after(&s.before(x))
}

fn main() {}
