use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    let y = x.view((N, C)); //~ view
    let z = x.max(-1); //~ max
    let w = x / x.size(1) as f32 + x.size(-2) as f32; //~ size //~ size
    x.lerp(z, 0.5) + w //~ lerp
}

fn main() {}
