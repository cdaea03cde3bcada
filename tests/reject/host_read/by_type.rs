use thunder::prelude::*;

#[thunder]
fn f(x: &Scalar<f32>, y: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let a = Scalar::item(x); //~ item
    let b = <Scalar<f32>>::item(x); //~ item
    let c = Tensor::<f32, ()>::to_vec(x); //~ to_vec
    y * a * b * c[0]
}

fn main() {}
