use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut p = (x.exp(), x.log());
    p.0 = x.sin(); //~ p.0
    p.1 += 1.0; //~ p.1
    p.0 + p.1
}

fn main() {}
