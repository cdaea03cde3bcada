use std::sync::{Mutex, OnceLock};
use thunder::prelude::*;

static SCALE: Mutex<f32> = Mutex::new(1.0);
static OFFSET: OnceLock<f32> = OnceLock::new();

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * *SCALE.lock().unwrap() + *OFFSET.get_or_init(|| 1.0) //~ lock //~ get_or_init
}

fn main() {}
