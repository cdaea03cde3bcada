use thunder::prelude::*;

#[thunder]
fn f(init: Tensor<f32, (C,)>, xs: &Tensor<f32, (T, D)>) -> Tensor<f32, (C,)> {
    let (last, _) = scan(init, xs, |carry, x| {
        let next = carry + x; //~ +
        (next.clone(), next)
    });
    last
}

fn main() {}
