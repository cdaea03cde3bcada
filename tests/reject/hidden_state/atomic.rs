use std::sync::atomic::{AtomicUsize, Ordering};
use thunder::prelude::*;

static STEP: AtomicUsize = AtomicUsize::new(0);

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * STEP.load(Ordering::Relaxed) //~ load
}

fn main() {}
