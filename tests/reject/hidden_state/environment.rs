use std::env;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let scale: f32 = std::env::var("SCALE").unwrap().parse().unwrap(); //~ std::env::var
    let on = env::args().count() > 1; //~ env::args
    if on { x * scale } else { x.clone() }
}

fn main() {}
