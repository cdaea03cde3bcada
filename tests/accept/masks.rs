// Comparisons, and `&`, `|`, `!` on masks.
use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, i: &Tensor<i64, (N,)>, limit: &Scalar<f32>) -> Tensor<f32, (N,)> {
    let low = x < 0.0;
    let high = x >= limit;
    let even = i % 2 == 0;
    let odd = i % 2 != 0;
    let mask = (low | high) & even | !odd & (1.0 > x);
    let y = select(mask, x, -x);
    let y = y.masked_fill(x.isnan(), 0.0);
    let z = select(y.clone() <= 2.0, 1.0 / (y.clone() + 4.0), 2.0 - y);
    z.maximum(0.0).minimum(x)
}

#[thunder]
fn causal(scores: &Tensor<f32, (T, T)>) -> Tensor<f32, (T, T)> {
    let row = arange::<i64>(T).unsqueeze(1);
    let column = arange::<i64>(T).unsqueeze(0);
    select(column > row, f32::NEG_INFINITY, scores).softmax(-1)
}

fn main() {
    let x = Tensor::from_vec(vec![-1.0f32, 0.5, 3.0], (3,));
    let i = Tensor::from_vec(vec![0i64, 1, 2], (3,));
    assert_eq!(f(&x, &i, &Scalar::from(2.0f32)).shape(), (3,));
    assert_eq!(causal(&Tensor::zeros((2, 2))).to_vec(), vec![1.0, 0.0, 0.5, 0.5]);
}
