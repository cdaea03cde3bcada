use thunder::prelude::*;

pub struct SparseTensor {
    pub values: Vec<f32>,
}

#[thunder]
fn f(x: &SparseTensor, y: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ SparseTensor
    y.exp()
}

fn main() {}
