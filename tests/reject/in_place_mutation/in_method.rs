use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut y = x * &self.w;
        y += 1.0; //~ +=
        y.relu_() //~ relu_
    }
}

#[thunder]
fn call(s: &Scale, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
    s.forward(x)
}

fn main() {}
