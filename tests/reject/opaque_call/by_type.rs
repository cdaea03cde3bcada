use thunder::prelude::*;

#[thunder]
pub struct Model {
    pub w: Tensor<f32, (C,)>,
}

impl Model {
    fn scaled(x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }

    fn scale() -> f32 {
        1.0
    }
}

#[thunder]
fn f(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    <Model>::scaled(x) * <Model>::scale() //~ scaled //~ scale
}

fn main() {}
