use thunder::prelude::*;

fn scale() -> f32 {
    std::env::var("SCALE").unwrap().parse().unwrap()
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * scale() //~ scale
}

fn main() {}
