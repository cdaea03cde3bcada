use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, #[cfg(unix)] y: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> { //~ #[cfg(unix)]
    x.exp()
}

fn main() {}
