use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N)>, y: &Tensor<f32, [N]>) -> Tensor<f32, (A, B, C, D, E, F, G, H, I)> { //~ (N) //~ [N] //~ A, B, C, D, E, F, G, H, I
    x + y
}

fn main() {}
