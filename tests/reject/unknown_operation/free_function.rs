use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, key: Key) -> Tensor<f32, (N,)> {
    let m = selct(x > 0.0, x, 0.0); //~ selct
    let n: Tensor<f32, (N,)> = unifrom((N,), key); //~ unifrom
    m + n
}

fn main() {}
