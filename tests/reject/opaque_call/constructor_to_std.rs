#![allow(non_snake_case)]

use thunder::prelude::*;

fn Draw(n: usize) -> usize {
    std::env::args().count() + n
}

fn pick(n: usize) -> usize {
    n
}

// A capitalised function reads as a constructor.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, k: usize) -> Tensor<f32, (N,)> {
    let a: usize = (0..k).map(Draw).sum(); //~ Draw
    let b = [1, 2].map(Draw); //~ Draw
    x * a * b[0]
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>, k: Option<usize>) -> Tensor<f32, (N,)> {
    let a = [1usize, 2].map(pick); //~ pick
    let b = k.unwrap_or_else(Draw); //~ Draw
    x * a[0] * b
}

fn main() {}
