use thunder::prelude::*;

#[thunder]
fn f(
    p: (&mut Tensor<f32, (N,)>, usize), //~ mut
    o: Option<&mut Tensor<f32, (N,)>>, //~ mut
    v: Vec<&mut Tensor<f32, (N,)>>, //~ mut
) -> Tensor<f32, (N,)> {
    p.0.exp()
}

fn main() {}
