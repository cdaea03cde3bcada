use rand::{Rng, thread_rng};
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut rng = thread_rng(); //~ thread_rng
    x * rng.gen_range(0.0..1.0)
}

fn main() {}
