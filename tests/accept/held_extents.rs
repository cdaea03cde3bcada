// Extents that lists, arrays, options and tuples of tensors give.
use thunder::prelude::*;
#[thunder]
fn d1(xs: &[Tensor<f32, (N,)>]) -> Tensor<f32, (N,)> {
    let mut h = zeros::<f32, _>((N,));
    for x in xs {
        h = h + x;
    }
    h + N as f32
}
#[thunder]
fn d2(xs: Vec<Tensor<f32, (N, M)>>) -> Tensor<f32, (M,)> {
    let s = stack(&xs, 0).sum((0, 1));
    s + (N * 10 + M) as f32
}
#[thunder]
fn d3(xs: [Tensor<f32, (N,)>; 2]) -> Tensor<f32, (N,)> {
    let [a, b] = xs;
    (a + b) * N as f32
}
#[thunder]
fn d4(x: Option<Tensor<f32, (N,)>>, y: &Tensor<f32, (M,)>) -> Tensor<f32, (M,)> {
    match x {
        Some(x) => y + x.sum(..) + N as f32,
        None => y.clone(),
    }
}
#[thunder]
fn d5(p: (Tensor<f32, (N,)>, Tensor<f32, (M,)>)) -> Tensor<f32, ()> {
    let (a, b) = p;
    a.sum(..) * N as f32 + b.sum(..) * M as f32
}
#[thunder]
fn d6(p: &(Tensor<f32, (N,)>, Vec<Tensor<f32, (M,)>>)) -> Tensor<f32, ()> {
    let mut s = p.0.sum(..) * N as f32;
    for t in &p.1 {
        s = s + t.sum(..) * M as f32;
    }
    s
}
#[thunder]
fn d7(xs: &Vec<(Tensor<f32, (N,)>, Tensor<f32, (N,)>)>) -> Tensor<f32, ()> {
    let mut s = zeros::<f32, _>(());
    for (a, b) in xs {
        s = s + (a * b).sum(..) * N as f32;
    }
    s
}
fn main() {
    let v = |n: usize| Tensor::<f32, _>::ones((n,));
    assert_eq!(d1(&[v(2), v(2)]).to_vec(), [4.0, 4.0]);
    assert_eq!(d2(vec![Tensor::ones((2, 3)), Tensor::ones((2, 3))]).to_vec()[0], 4.0 + 23.0);
    assert_eq!(d3([v(2), v(2)]).to_vec(), [4.0; 2]);
    assert_eq!(d4(Some(v(3)), &v(1)).to_vec(), [7.0]);
    assert_eq!(d4(None, &v(1)).to_vec(), [1.0]);
    assert_eq!(d5((v(2), v(3))).item(), 13.0);
    assert_eq!(d6(&(v(2), vec![v(3), v(3)])).item(), 22.0);
    assert_eq!(d7(&vec![(v(2), v(2))]).item(), 4.0);
}
