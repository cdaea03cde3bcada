use thunder::prelude::*;

#[thunder]
fn f(xs: &Tensor<f32, (T, C)>) -> Tensor<f32, (T,)> {
    let (last, _) = scan(zeros((T,)), xs, |carry, x| {
        (x.exp(), carry.sum(..)) //~ x.exp()
    });
    last
}

fn main() {}
