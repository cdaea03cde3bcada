// Names of any case, and names that are Rust's keywords.
#![allow(non_snake_case, unused)]
use thunder::prelude::*;
#[thunder]
fn n1(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let Scale = 2.0;
    let X = x * Scale;
    let E = &X + 1.0;
    let F = E.exp();
    let __x = F.log();
    __x
}
#[thunder]
fn n2(x: &Tensor<f32, (N,)>, K: usize, V: f32) -> Tensor<f32, (N,)> {
    let r#type = x + K as f32;
    let r#match = r#type * V;
    let T = 3;
    let Q = x.exp();
    let tensor = r#match + Q * 0.0;
    let add = tensor + T as f32;
    let rt = add;
    let thunder = rt;
    let given = thunder;
    let s = given;
    let key = s;
    let result = key;
    result
}
#[thunder]
struct S {
    r#type: Tensor<f32, (N,)>,
    r#in: usize,
    W: Tensor<f32, (N,)>,
    b: f32,
}
#[thunder]
impl S {
    fn r#match(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let W = &self.W;
        let A = x * W;
        let r#loop = self.r#in as f32;
        A + &self.r#type * r#loop
    }
    fn k(&self, x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
        let Self { r#type, W, b, .. } = self;
        let M = r#type + W;
        self.r#match(&(x + M)) * *b
    }
}
#[thunder]
fn r#fn(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    x + 1.0
}
#[thunder]
fn n3(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    let f = |A: &Tensor<f32, (N,)>, B: f32| A * B;
    let Y = r#fn(x);
    for I in 0..2 {
        let _ = I;
    }
    f(&Y, 3.0)
}
#[thunder]
fn n4(x: &Tensor<f32, (B, T)>) -> Tensor<f32, (B, T)> {
    let D = B * T;
    let H = 2;
    let n = D / H;
    let (P, Q) = (n + 1, n + 2);
    x * (P * Q) as f32
}
fn main() {
    let x = Tensor::<f32, _>::ones((2,));
    assert!((n1(&x).to_vec()[0] - 3.0).abs() < 1e-5);
    assert_eq!(n2(&x, 1, 2.0).to_vec()[0], 7.0);
    let s = S { r#type: x.clone(), r#in: 3, W: Tensor::full(2.0, (2,)), b: 2.0 };
    assert_eq!(s.r#match(&x).to_vec()[0], 5.0);
    assert_eq!(s.k(&x).to_vec()[0], 22.0);
    assert_eq!(n3(&x).to_vec()[0], 6.0);
    assert_eq!(n4(&Tensor::ones((2, 2))).to_vec()[0], 12.0);
}
