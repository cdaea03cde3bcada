use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.w = x.exp(); //~ self.w
        x * &self.w
    }
}

fn main() {}
