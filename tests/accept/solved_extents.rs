// Extents that expressions give: each has one solution.
use thunder::prelude::*;
#[thunder]
fn s1(x: &Tensor<f32, (Dim<{ 2 * C }>,)>) -> Tensor<f32, (C,)> {
    x.slice((..C,)) + C as f32
}
#[thunder]
fn s2(x: &Tensor<f32, (Dim<{ C + 1 }>,)>) -> Tensor<f32, (C,)> {
    x.slice((1..,))
}
#[thunder]
fn s3(x: &Tensor<f32, (B, Dim<{ 3 * C - 1 }>)>) -> Tensor<f32, (B, C)> {
    x.slice((.., ..C)) * C as f32
}
#[thunder]
fn s4(x: &Tensor<f32, (Dim<{ A * B }>,)>, y: &Tensor<f32, (A,)>) -> Tensor<f32, (A, B)> {
    x.reshape((A, B)) * y.reshape((A, 1))
}
#[thunder]
fn s5(x: &Tensor<f32, (Dim<{ A + B }>,)>, y: &Tensor<f32, (B,)>) -> Tensor<f32, (A,)> {
    x.slice((..A,)) + y.sum(..)
}
#[thunder]
struct M {
    w: Tensor<f32, (Dim<{ 2 * C }>,)>,
}
#[thunder]
impl M {
    fn run(&self, x: &Tensor<f32, ()>) -> Tensor<f32, (C,)> {
        let [a, b] = self.w.chunk(2, 0);
        (a * b + x) * C as f32
    }
}
fn main() {
    let v = |n: usize| Tensor::<f32, _>::ones((n,));
    assert_eq!(s1(&v(4)).to_vec(), [3.0, 3.0]);
    assert_eq!(s2(&v(4)).shape(), (3,));
    assert_eq!(s3(&Tensor::ones((1, 5))).to_vec(), [2.0, 2.0]);
    assert!(s1::call(&v(3)).is_err() && s3::call(&Tensor::ones((1, 6))).is_err());
    assert_eq!(s4(&v(6), &v(2)).shape(), (2, 3));
    assert_eq!(s5(&v(5), &v(2)).to_vec(), [3.0; 3]);
    assert_eq!(M { w: v(4) }.run(&Tensor::ones(())).to_vec(), [4.0, 4.0]);
}
