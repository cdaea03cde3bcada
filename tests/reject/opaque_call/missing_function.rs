use thunder::prelude::*;

// What there is not rustc says once: that it is no `#[thunder]` function either is no second error.
#[thunder]
fn f(x: &Tensor<f32, (B, C)>, n: usize) -> Tensor<f32, (B, C)> {
    let y = softmax(x, -1); //~ softmax
    let z: Tensor<f32, (B, C)> = frobnicate(&y); //~ frobnicate
    for _ in 0..frequency(n) {} //~ frequency
    z * Missing::scale() //~ Missing
}

// Nor is a name that is no variable a static.
#[thunder]
fn g(x: &Tensor<f32, (B, C)>) -> Vec<Tensor<f32, (B, C)>> {
    let list = [x.exp(), x.log()];
    list.iter().map(|t| t * scale + offset).collect() //~ scale //~ offset
}

fn main() {}
