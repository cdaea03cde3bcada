use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
    let y = x.view((N, C)); //~ view
    let z = x.max(-1); //~ max
    x.lerp(z, 0.5) //~ lerp
}

fn main() {}
