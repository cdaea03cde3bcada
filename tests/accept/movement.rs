// Slices, einsum, rearrange, chunks, annotations through them.
use thunder::prelude::*;

#[thunder]
fn slices(x: &Tensor<f32, (B, T, C)>) -> Tensor<f32, (B, _, C)> {
    let first = x.slice((.., ..1, ..));
    let middle = x.slice((.., 1..T - 1, ..));
    let last = x.slice((.., T - 1.., ..));
    cat(&[last, middle, first], 1)
}

#[thunder]
fn scores(q: &Tensor<f32, (B, H, Q, D)>, k: &Tensor<f32, (B, H, K, D)>) -> Tensor<f32, (B, H, Q, K)> {
    einsum("bhqd,bhkd->bhqk", q, k) / (D as f32).sqrt()
}

#[thunder]
fn heads(x: &Tensor<f32, (B, T, Dim<{ H * D }>)>, w: &Tensor<f32, (H, D)>) -> Tensor<f32, (B, H, T)> {
    let y = x.rearrange(|b, t, (H, d)| (b, H, t, d));
    (y * w.unsqueeze(1)).sum(-1)
}

#[thunder]
fn parts(x: &Tensor<f32, (B, Dim<6>)>) -> Tensor<f32, (B, _)> {
    let [a, b] = x.chunk(2, -1);
    (a + b).narrow(1, 0, 2)
}

#[thunder]
fn moved(x: &Tensor<f32, (A, B)>, i: &Tensor<i64, (N,)>) -> Tensor<f32, (N, A)> {
    let y = x.t().unsqueeze(0).squeeze(0).permute((0, 1)).flip((0,));
    let y = y.pad(((1, 0), (0, 0)), 0.0).narrow(0, 0, B).reshape((B, A));
    y.index_select(0, i)
}

#[thunder]
fn updated(cache: Tensor<f32, (T, C)>, row: &Tensor<f32, (C,)>, at: &Scalar<i64>) -> Tensor<f32, (T, C)> {
    cache.slice_update(0, row.unsqueeze(0), at)
}

fn main() {
    let x = Tensor::from_vec((0..12).map(|i| i as f32).collect(), (1, 4, 3));
    assert_eq!(slices(&x).to_vec()[0], 9.0);
    let q = Tensor::<f32, _>::ones((1, 1, 2, 4));
    assert_eq!(scores(&q, &q).to_vec(), vec![2.0; 4]);
    assert_eq!(heads(&Tensor::ones((1, 5, 6)), &Tensor::ones((2, 3))).shape(), (1, 2, 5));
    assert_eq!(parts(&Tensor::ones((2, 6))).shape(), (2, 2));
    let i = Tensor::from_vec(vec![0i64, 1], (2,));
    assert_eq!(moved(&Tensor::ones((2, 3)), &i).shape(), (2, 2));
    let cache = Tensor::<f32, _>::zeros((3, 2));
    assert_eq!(updated(cache, &Tensor::ones((2,)), &Scalar::from(1i64)).to_vec(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
}
