use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, C, T)> {
    let y = x.rearrange(|b, t| (t, b)); //~ rearrange
    let z = x.rearrange(|b, t, c| (b, c, s)); //~ s
    let w = x.rearrange(|b, t, c| (b, t)); //~ c
    y + z + w
}

fn main() {}
