use thunder::prelude::*;

// Associated functions of types that are none of the language's, or of an `impl` that is not.
struct Plain;

impl Plain {
    fn run(x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
        x.clone()
    }

    fn count(n: usize) -> usize {
        n
    }
}

#[thunder]
#[derive(Clone, Copy)]
pub enum Act {
    Relu,
    Gelu,
}

impl Act {
    fn slope() -> f32 {
        2.0
    }
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>, n: usize) -> Tensor<f32, (N,)> {
    let y = Plain::run(x); //~ run
    for _ in 0..Plain::count(n) {} //~ count
    y * Act::slope() //~ slope
}

fn main() {}
