use thunder::prelude::*;

fn act(x: Tensor<f32, (usize,)>) -> Tensor<f32, (usize,)> {
    x
}

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Vec<Tensor<f32, (N,)>> {
    [x.exp(), x.log()].into_iter().map(act).collect() //~ act
}

fn main() {}
