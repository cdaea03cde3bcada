use std::cell::Cell;
use thunder::prelude::*;

thread_local! {
    static SCALE: Cell<f32> = const { Cell::new(1.0) };
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * SCALE.with(|s| s.get()) //~ with
}

fn main() {}
