use thunder::prelude::*;

// A `const` of the same name would be fine; rustc tells the two apart.
static SCALE: f32 = 2.0;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x * SCALE //~ SCALE
}

fn main() {}
