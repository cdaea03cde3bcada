use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, bias: &Option<Tensor<f32, (N,)>>) -> Tensor<f32, (N,)> {
    match bias {
        Some(b) if b.sum(..) > 0.0 => x + b, //~ b.sum(..) > 0.0
        _ => x.clone(),
    }
}

fn main() {}
