//! A crate that has thunder under another name, `bolt`, and re-exports it. Its tests reach it through here.

pub use bolt;
use bolt::prelude::*;

/// A module of this crate.
#[thunder(crate = bolt)]
#[derive(Clone)]
pub struct Affine {
    /// The factor.
    pub scale: Tensor<f32, (C,)>,
    /// What is added.
    pub bias: Option<Tensor<f32, (C,)>>,
}

#[thunder(crate = ::bolt)]
impl Affine {
    /// `x * scale + bias`.
    pub fn forward(&self, x: &Tensor<f32, (N, C)>) -> Tensor<f32, (N, C)> {
        let y = x * &self.scale;
        match &self.bias {
            Some(b) => y + b,
            None => y,
        }
    }
}

/// One step of gradient descent.
#[thunder(cuda_graph, crate = crate::bolt)]
pub fn step(net: Affine, x: &Tensor<f32, (N, C)>) -> (Affine, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&net, |net| net.forward(x).square().mean(..));
    let new = Affine { scale: net.scale - grads.scale * 0.1, bias: net.bias };
    (new, loss)
}
