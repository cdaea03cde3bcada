use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, Dim<10>)>) -> Tensor<f32, (B, _)> {
    let [a, b, c] = x.chunk(3, -1); //~ chunk
    a + b + c
}

#[thunder]
fn g(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, _)> {
    let [a, b] = x.chunk(3, -1); //~ [a, b]
    a + b
}

fn main() {}
