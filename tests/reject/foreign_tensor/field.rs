use thunder::prelude::*;

#[derive(Clone)]
pub struct NestedTensor(pub Vec<f32>);

#[thunder]
pub struct Layer {
    pub w: NestedTensor, //~ NestedTensor
    pub b: Tensor<f32, (C,)>,
}

fn main() {}
