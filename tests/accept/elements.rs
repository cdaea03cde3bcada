// Generic and mixed element types, casts, scalars of every kind.
use thunder::prelude::*;

#[thunder]
fn generic<E: Float>(x: &Tensor<E, (N,)>, scale: f32, n: i32) -> Tensor<E, (N,)> {
    let wide = E::DTYPE.size() > 2;
    let y = if wide { x.exp() } else { x.cast::<f32>().exp().cast::<E>() };
    y * scale + n - 1 + 0.5
}

#[thunder]
fn integers<I: Int>(x: &Tensor<I, (N,)>) -> Tensor<I, (N,)> {
    x * 2 + 1
}

#[thunder]
fn numbers<E: Num>(x: &Tensor<E, (N,)>) -> Tensor<E, (N,)> {
    x + x
}

#[thunder]
fn casts(x: &Tensor<bf16, (N,)>, i: &Tensor<i64, (N,)>) -> Tensor<f32, (N,)> {
    let a = x.cast::<f32>() * i.cast::<f32>();
    let b = i.cast::<bf16>() * x;
    a + b.cast::<f32>()
}

#[thunder]
fn scalar(x: &Scalar<f32>, y: f64) -> Scalar<f32> {
    x * y + x.exp()
}

fn main() {
    assert_eq!(generic(&Tensor::<f32, _>::zeros((2,)), 2.0, 3).to_vec(), vec![4.5; 2]);
    assert_eq!(generic(&Tensor::<bf16, _>::zeros((2,)), 2.0, 3).shape(), (2,));
    assert_eq!(integers(&Tensor::from_vec(vec![1i64, 2], (2,))).to_vec(), vec![3, 5]);
    assert_eq!(numbers(&Tensor::from_vec(vec![1i32, 2], (2,))).to_vec(), vec![2, 4]);
    let i = Tensor::from_vec(vec![2i64], (1,));
    assert_eq!(casts(&Tensor::ones((1,)), &i).to_vec(), vec![4.0]);
    assert_eq!(scalar(&Scalar::from(0.0f32), 2.0).item(), 1.0);
}
