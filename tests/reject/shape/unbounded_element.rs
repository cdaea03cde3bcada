use thunder::prelude::*;

#[thunder]
fn f<E>(x: &Tensor<E, (B, C)>, y: &Tensor<E, (C,)>) -> Tensor<E, (B, C)> { //~ E
    x.exp() + y
}

#[thunder]
struct Layer<E> {
    w: Tensor<E, (C,)>, //~ E
    b: Tensor<E, (C,)>,
}

#[thunder]
fn g(self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> { //~ self
    x.exp()
}

fn main() {}
