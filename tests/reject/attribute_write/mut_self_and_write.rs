use thunder::prelude::*;

#[thunder]
struct Average {
    #[buffer]
    mean: Tensor<f32, (C,)>,
    steps: usize,
}

#[thunder]
impl Average {
    fn update(&mut self, x: &Tensor<f32, (C,)>) { //~ mut
        self.mean = &self.mean * 0.9 + x * 0.1; //~ self.mean
        self.steps += 1; //~ self.steps
    }
}

fn main() {}
