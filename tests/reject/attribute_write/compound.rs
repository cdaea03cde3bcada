use thunder::prelude::*;

#[thunder]
struct Counter {
    count: usize,
    w: Tensor<f32, (C,)>,
}

#[thunder]
impl Counter {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.count += 1; //~ self.count
        x * &self.w
    }
}

fn main() {}
