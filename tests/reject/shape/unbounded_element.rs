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

fn main() {}
