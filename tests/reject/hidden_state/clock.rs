use std::time::{Instant, SystemTime};
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let start = Instant::now(); //~ Instant::now
    let today = SystemTime::now(); //~ SystemTime::now
    x * start.elapsed().as_secs_f32() + today.elapsed().unwrap().as_secs_f32()
}

fn main() {}
