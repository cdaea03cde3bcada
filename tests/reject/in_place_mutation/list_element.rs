use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut xs = [x.exp(), x.log()];
    xs[0] = x.sin(); //~ xs[0]
    let [a, b] = xs;
    a + b
}

fn main() {}
