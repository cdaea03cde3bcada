use thunder::prelude::*;

#[thunder]
trait Layer {
    fn forward(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)>;
}

#[thunder]
fn f(layer: &dyn Layer, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ dyn Layer
    layer.forward(x)
}

fn main() {}
