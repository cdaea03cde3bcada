use thunder::prelude::*;

fn scale(x: f32) -> f32 {
    x
}

// What is bound to a type that was refused is not refused again.
#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let g: fn(f32) -> f32 = scale; //~ fn(f32) -> f32
    x * g(2.0)
}

fn main() {}
