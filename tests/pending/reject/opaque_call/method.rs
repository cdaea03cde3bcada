use thunder::prelude::*;

pub struct Tool;

impl Tool {
    pub fn apply(x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    Tool::apply(x) //~ Tool::apply
}

fn main() {}
