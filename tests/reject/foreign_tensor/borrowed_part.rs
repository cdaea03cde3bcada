use thunder::prelude::*;

#[thunder]
fn f(p: (&Tensor<f32, (N,)>, usize), v: Vec<&Tensor<f32, (N,)>>) -> Tensor<f32, (N,)> { //~ & //~ &
    p.0.exp()
}

fn main() {}
