use thunder::prelude::*;

#[thunder]
fn of_a_tensor(x: &Tensor<f32, (N,)>, k: Option<f32>) -> Tensor<f32, (N,)> {
    x * k? //~ ?
}

#[thunder]
fn in_a_closure(x: &Tensor<f32, (N,)>, k: Option<f32>) -> Tensor<f32, (N,)> {
    let scaled = || Some(x.exp() * k?);
    let late = || {
        let k = k?; //~ ?
        Some(x.exp() * k)
    };
    scaled().unwrap_or(x.clone()) + late().unwrap_or(x.clone())
}

fn main() {}
