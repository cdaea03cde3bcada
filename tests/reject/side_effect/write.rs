use std::fmt::Write as _;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut text = String::new();
    write!(text, "n = {N}").unwrap(); //~ write
    writeln!(text, "{:?}", x).unwrap(); //~ writeln
    x.exp()
}

fn main() {}
