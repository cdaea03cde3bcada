use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    assert!(option_env!("SCALE").is_none()); //~ option_env
    let s = include_str!("scale.txt").len(); //~ include_str
    x * env!("SCALE").len() + s //~ env
}

fn main() {}
