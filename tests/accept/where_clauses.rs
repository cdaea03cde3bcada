// Bounds of generic modules in a `where` clause.
use thunder::prelude::*;
#[thunder]
trait Layer {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>;
}
#[thunder]
struct Mul {
    w: Tensor<f32, (C,)>,
}
#[thunder]
impl Layer for Mul {
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        x * &self.w
    }
}
#[thunder]
struct R<L>
where
    L: Layer,
{
    inner: L,
    n: usize,
}
#[thunder]
impl<L> R<L>
where
    L: Layer,
{
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        let mut h = x.clone();
        for _ in 0..self.n {
            h = &h + self.inner.forward(&h);
        }
        h
    }
}
#[thunder]
struct Two<A, B2>
where
    A: Layer,
    B2: Layer,
{
    a: A,
    b: B2,
}
#[thunder]
impl<A, B2> Layer for Two<A, B2>
where
    A: Layer,
    B2: Layer,
{
    fn forward(&self, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)> {
        self.b.forward(&self.a.forward(x))
    }
}
#[thunder]
struct G<E>
where
    E: Float,
{
    w: Tensor<E, (C,)>,
}
#[thunder]
impl<E> G<E>
where
    E: Float,
{
    fn forward(&self, x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)> {
        x * &self.w
    }
}
#[thunder]
fn apply<L>(l: &L, x: &Tensor<f32, (B, C)>) -> Tensor<f32, (B, C)>
where
    L: Layer,
{
    l.forward(x)
}
#[thunder]
fn ap<E>(x: &Tensor<E, (B, C)>) -> Tensor<E, (B, C)>
where
    E: Float,
{
    x.exp()
}
fn main() {
    let x = Tensor::<f32, _>::ones((1, 1));
    let m = || Mul { w: Tensor::full(2.0, (1,)) };
    let r = R { inner: m(), n: 2 };
    assert_eq!(r.forward(&x).to_vec(), [9.0]);
    let r = R { inner: Two { a: m(), b: m() }, n: 1 };
    assert_eq!(r.forward(&x).to_vec(), [5.0]);
    assert_eq!(apply(&m(), &x).to_vec(), [2.0]);
    assert_eq!(G { w: Tensor::<f32, _>::full(2.0, (1,)) }.forward(&x).to_vec(), [2.0]);
    assert_eq!(ap(&x).to_vec(), [1f32.exp()]);
}
