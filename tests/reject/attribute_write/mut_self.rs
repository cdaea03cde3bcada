use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    fn step(&mut self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> { //~ mut
        x * &self.w
    }
}

fn main() {
    let mut s = Scale { w: Tensor::ones((2,)) };
    let _ = s.step(&Tensor::ones((2,)));
}
