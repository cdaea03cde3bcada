use thunder::prelude::*;

#[thunder]
fn of_a_tensor(x: &Tensor<f32, (N,)>, k: Option<f32>) -> Tensor<f32, (N,)> {
    x * k? //~ ?
}

#[thunder]
fn in_a_closure(x: &Tensor<f32, (N,)>, k: Option<f32>) -> Tensor<f32, (N,)> {
    let scaled = || Some(k? * 2.0);
    let late = || {
        let k = k?; //~ ?
        Some(x.exp() * k)
    };
    x * scaled().unwrap_or(1.0) + late().unwrap_or(x.clone())
}

fn main() {}
