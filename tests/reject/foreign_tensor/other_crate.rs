use thunder::prelude::*;

mod candle_core {
    pub struct Tensor;
}

mod ndarray {
    pub struct Array2<E>(pub Vec<E>);
}

#[thunder]
fn f(x: &candle_core::Tensor, y: ndarray::Array2<f32>) -> Tensor<f32, (N,)> { //~ candle_core::Tensor //~ ndarray::Array2<f32>
    panic!("{}", 1)
}

fn main() {}
