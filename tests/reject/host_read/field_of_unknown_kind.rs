use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Scalar<f32>,
}

#[thunder]
impl Scale {
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        x * self.w.item() //~ item
    }
}

fn main() {}
