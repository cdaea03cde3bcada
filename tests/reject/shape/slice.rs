use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, Dim<10>)>) -> Tensor<f32, (B, _)> {
    let a = x.slice((..,)); //~ slice
    let b = x.slice((.., 5..12)); //~ slice
    let c = x.slice((.., 5..2)); //~ slice
    a + b + c
}

fn main() {}
