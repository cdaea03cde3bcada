use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    #[cfg_attr(unix, allow(unused))] //~ #[cfg_attr(unix, allow(unused))]
    let y = x.exp();
    x.log()
}

fn main() {}
