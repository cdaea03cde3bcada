use thunder::prelude::*;

#[thunder]
fn gradients(x: &Tensor<f32, (N,)>) -> (Scalar<f32>, Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    let (value, dx) = value_and_grad(x, |x| x.square().sum(..));
    let second = grad(x, |x| grad(x, |x| (x.square() * x).sum(..)).sum(..));
    (value, dx, second)
}

#[thunder]
fn several(x: &Tensor<f32, (N,)>, y: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    grad(&(x.clone(), y.clone()), |p| (&p.0 * &p.1).sum(..))
}

#[thunder]
fn both_modes(x: &Tensor<f32, (N,)>, dx: &Tensor<f32, (N,)>) -> (Tensor<f32, (N,)>, Tensor<f32, (N,)>) {
    let (y, dy) = jvp(x, dx, |x| x.sin());
    let (_, back) = vjp(x, |x| x.sin(), &y);
    (dy, back)
}

#[thunder]
fn mapped(xs: &Tensor<f32, (B, N)>, w: &Tensor<f32, (N,)>) -> Tensor<f32, (B,)> {
    vmap(xs, |x| (x * w).sum(0))
}

#[thunder]
fn scanned(xs: &Tensor<f32, (T, N)>) -> (Tensor<f32, (N,)>, Tensor<f32, (T, N)>) {
    scan(zeros((N,)), xs, |carry, x| {
        let next = carry * 0.5 + x;
        (next.clone(), next)
    })
}

#[thunder]
fn kept(x: &Tensor<f32, (N, N)>) -> Tensor<f32, (N, N)> {
    grad(x, |x| {
        let y = checkpoint(|| x.exp().sin());
        let z = autocast::<bf16, _>(|| y.matmul(x));
        let detached = stop_gradient(&z);
        (z * detached.round()).sum(..)
    })
}

fn main() {
    let x = Tensor::from_vec(vec![1.0f32, 2.0], (2,));
    let (v, dx, second) = gradients(&x);
    assert_eq!((v.item(), dx.to_vec(), second.to_vec()), (5.0, vec![2.0, 4.0], vec![6.0, 12.0]));
    assert_eq!(several(&x, &x).0.to_vec(), vec![1.0, 2.0]);
    assert_eq!(both_modes(&x, &x).0.shape(), (2,));
    let xs = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], (2, 2));
    assert_eq!(mapped(&xs, &x).to_vec(), vec![5.0, 11.0]);
    assert_eq!(scanned(&xs).0.to_vec(), vec![3.5, 5.0]);
    assert_eq!(kept(&xs).shape(), (2, 2));
}
