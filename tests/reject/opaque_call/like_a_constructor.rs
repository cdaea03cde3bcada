#![allow(non_snake_case)]

use thunder::prelude::*;

fn Doubled(x: &Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
    x.clone()
}

fn Scale(x: f32) -> f32 {
    std::env::var("SCALE").map_or(x, |s| s.len() as f32)
}

#[thunder]
pub fn of_a_tensor(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    Doubled(x) //~ Doubled
}

#[thunder]
pub fn of_a_number(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * Scale(2.0) //~ Scale
}

fn main() {}
