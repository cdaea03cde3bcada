//! The feed-forward part of a transformer block.

use super::init::Spread;
use super::{Dropout, Linear};
use crate::prelude::*;

/// Two linear layers with a GELU between them: from `(B, T, C)` to `(B, T, C)`.
///
/// ```
/// use thunder::nn::{Mlp, init::Spread};
/// use thunder::prelude::*;
///
/// let mlp = Mlp::<f32>::new(8, 32, false, 0.0, Spread::new(0.02, 1), Key::new(0));
/// assert_eq!(mlp.forward(&Tensor::ones((1, 5, 8)), Key::new(1)).shape(), (1, 5, 8));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Mlp<E: Float> {
    /// The layer to the hidden width.
    pub up: Linear<E, Out = F, In = C>,
    /// The layer back to the model's width.
    pub down: Linear<E, Out = C, In = F>,
    /// Whether to use GPT-2's tanh approximation of GELU instead of `x Φ(x)`.
    pub gelu_tanh: bool,
    /// Dropout of the output.
    pub dropout: Dropout,
}

impl<E: Float> Mlp<E> {
    /// From `width` features to `hidden` and back, with `x Φ(x)` as the GELU.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn new(width: usize, hidden: usize, bias: bool, dropout: f32, spread: Spread, key: Key) -> Self {
        let [up, down] = key.split();
        Mlp {
            up: Linear::with_std(width, hidden, bias, spread.weight, up),
            down: Linear::with_std(hidden, width, bias, spread.output, down),
            gelu_tanh: false,
            dropout: Dropout::new(dropout),
        }
    }
}

#[thunder]
impl<E: Float> Mlp<E> {
    /// From `(B, T, C)` to `(B, T, C)`; `key` is for dropout.
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let hidden = self.up.forward(x);
        let hidden = if self.gelu_tanh { hidden.gelu_tanh() } else { hidden.gelu() };
        self.dropout.forward(&self.down.forward(&hidden), key)
    }
}
