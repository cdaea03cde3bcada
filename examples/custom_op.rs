//! An operation of one's own: `softsign(x) = x / (1 + |x|)`, with an implementation on the CPU and one on CUDA, and its
//! derivative. Run it with `cargo run --example custom_op`; it takes the best device there is.

use thunder::custom::{CudaKernel, CudaLaunch, CustomOp, Elements, ElementsMut, derivative};
use thunder::prelude::*;

static SOFTSIGN: CustomOp = CustomOp {
    name: "softsign",
    types: |x| match x[0].dtype() {
        thunder::types::DType::F32 => Ok(x[0]),
        other => Err(format!("takes f32, found {other}")),
    },
    cpu: Some(|x, y| {
        if let (Elements::F32(x), ElementsMut::F32(y)) = (x[0].elements, &mut y.elements) {
            for (y, x) in y.iter_mut().zip(x) {
                *y = x / (1.0 + x.abs());
            }
        }
    }),
    cuda: Some(CudaKernel {
        entry: "softsign",
        source: r#"
extern "C" __global__ void softsign(const float* x, float* y, unsigned count)
{
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) y[i] = x[i] / (1.0f + fabsf(x[i]));
}
"#,
        launch: |_, y| CudaLaunch::each(y.count(), 256),
    }),
    vjp: Some(|types| derivative(types, |x| softsign_vjp(&x.get(0), &x.get(1)))),
};

/// `dy / (1 + |x|)²`
#[thunder]
fn softsign_vjp(x: &Tensor<f32, (N,)>, dy: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    dy / (x.abs() + 1.0).square()
}

#[thunder]
pub fn softsign(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    custom(&SOFTSIGN, (x,))
}

/// The gradient of a loss through it, and the operation on each row of a matrix.
#[thunder]
fn slope(x: &Tensor<f32, (N,)>) -> Tensor<f32, (N,)> {
    grad(x, |x| softsign(x).sum(..))
}

#[thunder]
fn each_row(x: &Tensor<f32, (B, N)>) -> Tensor<f32, (B, N)> {
    vmap(x, |x| softsign(x))
}

fn main() {
    let device = Device::best();
    let x = Tensor::from_vec(vec![-3.0f32, -1.0, 0.0, 1.0], (4,)).to(&device);
    let y = softsign(&x);
    assert_eq!(y.to_vec(), [-0.75, -0.5, 0.0, 0.5]);
    assert_eq!(slope(&x).to_vec(), [0.0625, 0.25, 1.0, 0.25]);
    let rows = Tensor::from_vec(vec![-3.0f32, -1.0, 0.0, 1.0], (2, 2)).to(&device);
    assert_eq!(each_row(&rows).to_vec(), y.to_vec());
    println!("softsign on {}: {:?}", device.name(), y.to_vec());
}
