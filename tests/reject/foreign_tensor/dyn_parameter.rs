use thunder::prelude::*;

trait Layer {
    fn forward(&self, x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)>;
}

#[thunder]
fn f(layer: &dyn Layer, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ dyn Layer
    layer.forward(x)
}

fn main() {}
