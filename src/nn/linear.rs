//! A linear layer.

use super::init;
use crate::prelude::*;

/// A linear layer: `y = x wᵀ + b`, from `(S, In)` to `(S, Out)` for any leading `S`.
///
/// ```
/// use thunder::nn::Linear;
/// use thunder::prelude::*;
///
/// let layer = Linear::<f32>::new(3, 2, true, Key::new(0));
/// assert_eq!(layer.forward(&Tensor::ones((4, 3))).shape(), (4, 2));
/// assert_eq!(layer.forward(&Tensor::ones((5, 4, 3))).shape(), (5, 4, 2));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Linear<E: Float> {
    /// The weight, with one row for each output.
    pub weight: Tensor<E, (Out, In)>,
    /// The bias, if there is one.
    pub bias: Option<Tensor<E, (Out,)>>,
}

impl<E: Float> Linear<E> {
    /// A layer with normal weights of standard deviation 0.02 and, if `bias`, a bias of zeros.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn new(inputs: usize, outputs: usize, bias: bool, key: Key) -> Self {
        Self::with_std(inputs, outputs, bias, init::STD, key)
    }

    /// A layer with normal weights of standard deviation `std` and, if `bias`, a bias of zeros.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn with_std(inputs: usize, outputs: usize, bias: bool, std: f64, key: Key) -> Self {
        Linear {
            weight: init::normal((outputs, inputs), std, key),
            bias: bias.then(|| Tensor::zeros((outputs,))),
        }
    }
}

#[thunder]
impl<E: Float> Linear<E> {
    /// `x wᵀ + b`: from `(S, In)` to `(S, Out)`.
    pub fn forward<S: Shape>(&self, x: &Tensor<E, (S, In)>) -> Tensor<E, (S, Out)> {
        x.linear(&self.weight, self.bias.as_ref())
    }
}
