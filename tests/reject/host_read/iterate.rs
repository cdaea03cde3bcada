use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut h = x.clone();
    for row in x { //~ x
        h = h + row;
    }
    h
}

fn main() {}
