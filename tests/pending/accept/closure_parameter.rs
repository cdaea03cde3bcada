use thunder::prelude::*;

#[thunder]
fn apply(x: &Tensor<f32, (C,)>, f: impl Fn(&Tensor<f32, (C,)>) -> Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    f(&f(x))
}

#[thunder]
fn twice(x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
    apply(x, |t| t * 3.0)
}

fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    assert_eq!(twice(&x).to_vec(), vec![9.0; 2]);
}
