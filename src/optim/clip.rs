//! Clipping of gradients.

use crate::prelude::*;

/// Scales gradients so that their global norm (the square root of the sum of all squares) is at most `max`, which is at
/// least 0. Returns them and the norm before scaling, in f32. As in PyTorch's `clip_grad_norm_`, the factor is
/// `min(1, max / (norm + 1e-6))`.
///
/// ```
/// use thunder::optim::clip_grad_norm;
/// use thunder::prelude::*;
///
/// let grads = (Tensor::<f32, _>::from_vec(vec![3.0, 0.0], (2,)), Scalar::<f32>::from(4.0));
/// let ((a, b), norm) = clip_grad_norm(grads, 1.0);
/// assert_eq!(norm.item(), 5.0);
/// assert!((a.to_vec()[0] - 0.6).abs() < 1e-5 && (b.item() - 0.8).abs() < 1e-5);
/// ```
#[thunder]
pub fn clip_grad_norm<M: Module>(grads: M, max: f32) -> (M, Scalar<f32>) {
    assert!(max >= 0.0, "clip_grad_norm: `max` must be 0 or more");
    let mut total = zeros::<f32, _>(());
    for g in parameters(&grads) {
        total = total + g.cast::<f32>().square().sum(..);
    }
    let norm = total.sqrt();
    let scale = (max / (&norm + 1e-6)).minimum(1.0);
    let (grads,) = zip_map((&grads,), |_path, (g,)| ((g.cast::<f32>() * &scale).cast_like(&g),));
    (grads, norm)
}
