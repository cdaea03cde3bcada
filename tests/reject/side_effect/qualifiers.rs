use thunder::prelude::*;

#[thunder]
extern "C" fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ extern "C"
    x.exp()
}

#[thunder]
const fn g(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ const
    x.exp()
}

fn main() {}
