//! Normalisation over the last dimension.

use crate::prelude::*;

/// `(x - mean) / √(var + eps) * weight + bias` over the last dimension (Ba et al., "Layer Normalization", 2016).
///
/// ```
/// use thunder::nn::LayerNorm;
/// use thunder::prelude::*;
///
/// let norm = LayerNorm::<f32>::new(2, true);
/// let y = norm.forward(&Tensor::from_vec(vec![3.0, 5.0], (1, 2)));
/// assert!((y.to_vec()[1] - 1.0).abs() < 1e-4);
/// ```
#[thunder]
#[derive(Debug)]
pub struct LayerNorm<E: Float> {
    /// The factor of each feature.
    pub weight: Tensor<E, (C,)>,
    /// The bias of each feature, if there is one.
    pub bias: Option<Tensor<E, (C,)>>,
    /// Added to the variance.
    pub eps: f32,
}

impl<E: Float> LayerNorm<E> {
    /// A norm with a weight of ones, a bias of zeros if `bias`, and an `eps` of 1e-5.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn new(width: usize, bias: bool) -> Self {
        LayerNorm { weight: Tensor::ones((width,)), bias: bias.then(|| Tensor::zeros((width,))), eps: 1e-5 }
    }
}

#[thunder]
impl<E: Float> LayerNorm<E> {
    /// Normalises the last dimension: from `(S, C)` to `(S, C)`.
    pub fn forward<S: Shape>(&self, x: &Tensor<E, (S, C)>) -> Tensor<E, (S, C)> {
        x.layer_norm(Some(&self.weight), self.bias.as_ref(), self.eps)
    }
}

/// `x / √(mean(x²) + eps) * weight` over the last dimension (Zhang and Sennrich, "Root Mean Square Layer
/// Normalization", 2019).
///
/// ```
/// use thunder::nn::RmsNorm;
/// use thunder::prelude::*;
///
/// let norm = RmsNorm::<f32>::new(2);
/// let y = norm.forward(&Tensor::from_vec(vec![3.0, 3.0], (1, 2)));
/// assert!((y.to_vec()[1] - 1.0).abs() < 1e-4);
/// ```
#[thunder]
#[derive(Debug)]
pub struct RmsNorm<E: Float> {
    /// The factor of each feature.
    pub weight: Tensor<E, (C,)>,
    /// Added to the mean square.
    pub eps: f32,
}

impl<E: Float> RmsNorm<E> {
    /// A norm with a weight of ones and an `eps` of 1e-6.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn new(width: usize) -> Self {
        RmsNorm { weight: Tensor::ones((width,)), eps: 1e-6 }
    }
}

#[thunder]
impl<E: Float> RmsNorm<E> {
    /// Normalises the last dimension: from `(S, C)` to `(S, C)`.
    pub fn forward<S: Shape>(&self, x: &Tensor<E, (S, C)>) -> Tensor<E, (S, C)> {
        x.rms_norm(Some(&self.weight), self.eps)
    }
}
