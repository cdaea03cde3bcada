use thunder::prelude::*;

#[thunder]
fn f(q: &Tensor<f32, (B, H, Q, D)>, k: &Tensor<f32, (B, H, K, E)>) -> Tensor<f32, (B, H, Q, K)> {
    einsum("bhqd,bhkd->bhqk", q, k) //~ k
}

#[thunder]
fn g(a: &Tensor<f32, (I, J)>, b: &Tensor<f32, (J, K)>) -> Tensor<f32, (I, K)> {
    let x = einsum("ij,jk->iz", a, b); //~ "ij,jk->iz"
    let y = einsum("ij,jk->ik", a); //~ "ij,jk->ik"
    x + y
}

fn main() {}
