use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Option<Tensor<f32, (N,)>> {
    (x.sum(..) > 0.0).then(|| x.exp()) //~ then
}

fn main() {}
