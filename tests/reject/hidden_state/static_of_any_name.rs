use thunder::prelude::*;

#[allow(non_upper_case_globals)]
static scale: f32 = 2.0;
static S: f32 = 2.0;
#[allow(non_upper_case_globals)]
static Scale: f32 = 2.0;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * scale * S * Scale //~ scale //~ S //~ Scale
}

fn main() {}
