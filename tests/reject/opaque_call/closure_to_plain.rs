use thunder::prelude::*;

type Vector = Tensor<f32, (usize,)>;

fn apply(x: &Vector, f: impl Fn(&Vector) -> Vector) -> Vector {
    f(x)
}

#[thunder]
fn f(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    apply(x, |t| t * 2.0) //~ apply
}

fn main() {}
