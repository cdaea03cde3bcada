use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, Dim<10>)>) -> Tensor<f32, (B, _, _)> {
    x.rearrange(|b, (h, H)| (b, h, H)) //~ H
}

fn main() {}
