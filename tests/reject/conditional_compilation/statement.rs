use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let y = x.exp();
    #[cfg(debug_assertions)] //~ #[cfg(debug_assertions)]
    let y = y * 2.0;
    y
}

fn main() {}
