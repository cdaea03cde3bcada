use thunder::prelude::*;

#[thunder]
fn each(
    xs: &[Tensor<f32, (C,)>],
    f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>,
) -> Vec<Tensor<f32, (C,)>> {
    xs.iter().map(&f).collect() //~ &f
}

fn main() {}
