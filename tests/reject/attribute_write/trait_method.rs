use thunder::prelude::*;

#[thunder]
trait Step {
    fn step(&mut self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)>; //~ mut
}

fn main() {}
