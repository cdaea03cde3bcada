use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let up = x.sum(..) > 0.0;
    match up { //~ up
        true => x.exp(),
        false => x.log(),
    }
}

fn main() {}
