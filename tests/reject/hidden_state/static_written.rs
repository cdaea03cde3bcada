use thunder::prelude::*;

static mut COUNT: usize = 0;
#[allow(non_upper_case_globals)]
static mut calls: usize = 0;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    COUNT = 2; //~ COUNT
    calls += 1; //~ calls
    x.clone()
}

fn main() {}
