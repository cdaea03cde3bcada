// Operations on tensors with generic leading dimensions.
use thunder::prelude::*;
#[thunder]
fn l1<S: Shape>(x: &Tensor<f32, (S, In)>, w: &Tensor<f32, (In, Out)>) -> Tensor<f32, (S, Out)> {
    x.matmul(w)
}
#[thunder]
fn l2<S: Shape, E: Float>(
    x: &Tensor<E, (S, In)>,
    w: &Tensor<E, (Out, In)>,
    b: &Tensor<E, (Out,)>,
) -> Tensor<E, (S, Out)> {
    x.linear(w, Some(b))
}
#[thunder]
fn l3<S: Shape>(x: &Tensor<f32, (S, C)>) -> Tensor<f32, (S, C)> {
    let m = x.mean_keepdim(-1);
    let v = (x - &m).square().mean_keepdim(-1);
    (x - m) * (v + 1e-5).rsqrt()
}
#[thunder]
fn l4<S: Shape>(x: &Tensor<f32, (S, C)>) -> Tensor<f32, (S, C)> {
    x.softmax(-1) + x.cumsum(-1)
}
#[thunder]
fn l5<S: Shape>(x: &Tensor<f32, (S, C)>) -> Tensor<f32, (S,)> {
    x.sum(-1)
}
#[thunder]
fn l6<S: Shape>(x: &Tensor<f32, (S, A, B)>) -> Tensor<f32, (S, B, A)> {
    x.transpose(-1, -2)
}
#[thunder]
fn l7<S: Shape>(x: &Tensor<f32, (S, A, B)>, y: &Tensor<f32, (S, B, C)>) -> Tensor<f32, (S, A, C)> {
    x.matmul(y)
}
#[thunder]
fn l8<S: Shape>(x: &Tensor<f32, S>) -> Tensor<f32, S> {
    x.exp() * 2.0 + x.relu()
}
#[thunder]
fn l9<S: Shape>(x: &Tensor<f32, (S, C)>) -> Tensor<f32, (S, C)> {
    let [a, b] = x.chunk(2, -1);
    cat(&[b, a], -1)
}
fn main() {
    let x = Tensor::<f32, _>::ones((2, 3));
    let x3 = Tensor::<f32, _>::ones((2, 2, 3));
    assert_eq!(l1(&x, &Tensor::ones((3, 4))).shape(), (2, 4));
    assert_eq!(l1(&x3, &Tensor::ones((3, 4))).to_vec()[0], 3.0);
    assert_eq!(l2(&x3, &Tensor::ones((4, 3)), &Tensor::ones((4,))).to_vec()[0], 4.0);
    assert_eq!(l3(&x).to_vec()[0], 0.0);
    assert_eq!(l4(&x3).shape(), (2, 2, 3));
    assert_eq!(l6(&x3).shape(), (2, 3, 2));
    assert_eq!(l7(&x3, &Tensor::ones((2, 3, 5))).shape(), (2, 2, 5));
    assert_eq!(l8(&x).shape(), (2, 3));
    assert_eq!(l9(&Tensor::<f32, _>::ones((2, 4))).shape(), (2, 4));
}
