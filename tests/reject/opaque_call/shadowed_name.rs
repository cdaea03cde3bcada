use thunder::prelude::*;

macro_rules! loud {
    ($($t:tt)*) => {{
        println!("once");
        true
    }};
}

use loud as matches;

fn max(a: usize, b: usize) -> usize {
    std::env::args().count() + a + b
}

mod ops {
    pub fn scale(n: usize) -> usize {
        std::env::args().count() + n
    }
}

// Names by which std's are called: whose they are, the scope says.
#[thunder]
fn of_a_macro(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    if matches!(n, 1) { x.exp() } else { x.log() } //~ matches
}

#[thunder]
fn of_a_function(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    x * max(n, 2) //~ max
}

#[thunder]
fn of_a_module(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    x * ops::scale(n) //~ ops
}

fn main() {}
