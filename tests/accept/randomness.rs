use thunder::prelude::*;

#[thunder]
fn f(x: &Tensor<f32, (N,)>, key: Key, step: &Scalar<i64>) -> Tensor<f32, (N,)> {
    let [a, b] = key.split();
    let y = x.dropout(0.25, a.fold_in(step));
    let noise: Tensor<f32, (N,)> = normal((N,), b);
    let coin = bernoulli((N,), 0.5, b.fold_in(1));
    let u = uniform::<f32, _>((N,), key.fold_in(2));
    select(coin, y + noise, u)
}

#[thunder]
fn keys(x: &Tensor<f32, (N,)>, key: Key) -> (Tensor<f32, (N,)>, Key) {
    let [key, next] = key.split();
    (x.dropout(0.5, key), next)
}

fn main() {
    let x = Tensor::<f32, _>::ones((8,));
    let step = Scalar::from(1i64);
    let y = f(&x, Key::new(0), &step).to_vec();
    assert_eq!(y, f(&x, Key::new(0), &step).to_vec());
    assert_ne!(y, f(&x, Key::new(1), &step).to_vec());
    let (_, next) = keys(&x, Key::new(0));
    keys(&x, next);
}
