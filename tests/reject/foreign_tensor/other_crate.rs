use thunder::prelude::*;

#[thunder]
fn f(x: &candle_core::Tensor, y: ndarray::Array2<f32>) -> Tensor<f32, (N,)> { //~ candle_core::Tensor //~ ndarray::Array2<f32>
    zeros((4,))
}

fn main() {}
