// Named dimensions, expressions, `_`, leading dimensions, annotations.
use thunder::prelude::*;

const WIDTH: usize = 4;

#[thunder]
fn fixed(x: &Tensor<f32, (B, Dim<WIDTH>)>, y: &Tensor<f32, (Dim<WIDTH>, Dim<{ 2 * WIDTH }>)>) -> Tensor<f32, (B, Dim<{ 2 * WIDTH }>)> {
    x.matmul(y)
}

#[thunder]
fn doubled(x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, Dim<{ 2 * C }>)> {
    cat(&[x, x], -1)
}

#[thunder]
fn joined(x: &Tensor<f32, (T1, C)>, y: &Tensor<f32, (T2, C)>) -> Tensor<f32, (Dim<{ T1 + T2 }>, C)> {
    let z: Tensor<f32, (T, C)> = cat(&[x, y], 0);
    z * (T as f32) + C as f32
}

#[thunder]
fn unstated(x: &Tensor<f32, (B, _)>) -> Tensor<f32, (_, B)> {
    let y: Tensor<f32, (_, B)> = x.t();
    y
}

#[thunder]
fn leading<S: Shape>(x: &Tensor<f32, (S, C)>, w: &Tensor<f32, (C,)>) -> Tensor<f32, (S, C)> {
    x * w
}

#[thunder]
fn lost<S: Shape>(x: &Tensor<f32, (S, C)>) -> Tensor<f32, S> {
    let n: usize = C;
    leading(x, &ones((n,))).sum(-1)
}

#[thunder]
fn any<S: Shape>(x: &Tensor<f32, S>) -> Tensor<f32, S> {
    x.exp()
}

#[thunder]
fn annotated(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, C)> {
    let y: Tensor<f32, (B, W)> = x.mean(1);
    let first = |t: Tensor<f32, (B, C)>| t * (W as f32);
    first(y)
}

fn main() {
    let x = Tensor::<f32, _>::ones((3, 4));
    assert_eq!(fixed(&x, &Tensor::ones((4, 8))).shape(), (3, 8));
    assert_eq!(doubled(&x).shape(), (3, 8));
    assert_eq!(joined(&x, &Tensor::ones((2, 4))).to_vec()[0], 9.0);
    assert_eq!(unstated(&x).shape(), (4, 3));
    assert_eq!(lost(&x).to_vec(), vec![4.0; 3]);
    assert_eq!(any(&x).shape(), (3, 4));
    assert_eq!(annotated(&Tensor::ones((2, 3, 4))).to_vec()[0], 4.0);
    assert!(fixed::call(&Tensor::ones((3, 5)), &Tensor::ones((4, 8))).is_err());
}
