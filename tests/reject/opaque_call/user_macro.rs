use thunder::prelude::*;

macro_rules! twice {
    ($x:expr) => {
        $x * 2.0
    };
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    twice!(x) //~ twice
}

fn main() {}
