use std::fs::File;
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let text = std::fs::read_to_string("scale.txt").unwrap(); //~ std::fs::read_to_string
    let _file = File::create("log.txt"); //~ File::create
    x * text.parse::<f32>().unwrap()
}

fn main() {}
