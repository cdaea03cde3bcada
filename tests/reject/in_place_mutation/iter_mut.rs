use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Vec<Tensor<f32, (N,)>> {
    let mut xs = vec![x.exp(), x.log()];
    for t in xs.iter_mut() { //~ iter_mut
        *t = t.sin();
    }
    xs
}

#[thunder]
fn g(x: &Tensor<f32, (N,)>) -> Vec<Tensor<f32, (N,)>> {
    let mut xs = vec![x.exp(), x.log()];
    for t in &mut xs { //~ mut
        *t = t.sin();
    }
    xs
}

fn main() {}
