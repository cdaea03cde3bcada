use thunder::prelude::*;

// Each compound operator, on a local and on a parameter.
#[thunder]
fn f(x: &Tensor<f32, (N,)>, mut z: Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let mut y = x.exp();
    y += 1.0; //~ +=
    y -= x; //~ -=
    y *= 2.0; //~ *=
    y /= x; //~ /=
    z += 1.0; //~ +=
    y + z
}

fn main() {}
