//! Parameters that are no plain tensors: stacked modules, extents, keys to be split.

use thunder::prelude::*;

#[thunder]
struct Scale {
    w: Tensor<f32, (C,)>,
}

#[thunder]
impl Scale {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        x * &self.w
    }
}

#[thunder]
fn per_example(m: &Scale, xs: &Tensor<f32, (B, C)>) -> Stacked<Scale> {
    vmap(xs, |x| grad(m, |m| m.forward(x).sum(..)))
}

/// What a stacked module's tensors have before the dimensions of their struct is its own affair.
#[thunder]
fn layers(ms: &Stacked<Scale>, x: &Tensor<f32, (C,)>) -> (Tensor<f32, (_, C)>, Tensor<f32, (C,)>) {
    let each = vmap(ms, |m| m.forward(x));
    let (last, _) = scan(x.clone(), ms, |x, m| {
        let y = m.forward(&x);
        (y.clone(), y)
    });
    (each, last)
}

#[thunder]
fn repeated(x: &Tensor<f32, (T,)>, n: Dim<N>) -> Tensor<f32, (T, N)> {
    x.reshape((T, 1)).expand((T, N)) * n as f32
}

#[thunder]
fn held_against(x: &Tensor<f32, (T, N)>, n: Dim<N>) -> Tensor<f32, (T, N)> {
    x + n as f32
}

#[thunder]
fn dropped(x: &Tensor<f32, (N,)>, key: Key) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    let [a, b] = key.split();
    let mut y = x.clone();
    for k in key.split(2) {
        y = y.dropout(0.5, k);
    }
    (x.dropout(0.5, a).dropout(0.5, b), y)
}

fn main() {
    let xs = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
    let stacked = per_example(&Scale { w: Tensor::ones((2,)) }, &xs);
    let (each, last) = layers(&stacked, &Tensor::ones((2,)));
    assert_eq!((each.to_vec(), last.to_vec()), (vec![1.0, 2.0, 3.0, 4.0], vec![3.0, 8.0]));

    let x = Tensor::<f32, _>::ones((1,));
    let wide = repeated(&x, 2);
    assert_eq!(wide.to_vec(), [2.0, 2.0]);
    assert_eq!(held_against(&wide, 2).to_vec(), [4.0, 4.0]);
    let refused = held_against::call(&wide, 3).err().unwrap().to_string();
    assert!(refused.contains("`n` is 3, and the extent `N` is 2"), "{refused}");

    let (a, b) = dropped(&Tensor::ones((64,)), Key::new(0));
    assert_eq!(a.to_vec(), b.to_vec());
}
