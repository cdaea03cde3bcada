//! Causal multi-head self-attention.

use super::init::Spread;
use super::{Dropout, Linear};
use crate::prelude::*;

/// Causal multi-head self-attention (Vaswani et al., "Attention Is All You Need", 2017): each position attends to
/// itself and to earlier positions. From `(B, T, C)` to `(B, T, C)`.
///
/// ```
/// use thunder::nn::{Attention, init::Spread};
/// use thunder::prelude::*;
///
/// let attention = Attention::<f32>::new(8, 2, false, 0.0, Spread::new(0.02, 1), Key::new(0));
/// let y = attention.forward(&Tensor::randn((1, 5, 8), Key::new(1)), Key::new(2));
/// assert_eq!(y.shape(), (1, 5, 8));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Attention<E: Float> {
    /// The projection to queries, keys and values, in that order. Each of them has its heads one after another.
    pub qkv: Linear<E, Out = Dim<{ 3 * C }>, In = C>,
    /// The projection from the heads to the output.
    pub proj: Linear<E, Out = C, In = C>,
    /// The number of heads. It divides the width.
    pub heads: Dim<H>,
    /// Dropout of the attention weights and of the output.
    pub dropout: Dropout,
}

impl<E: Float> Attention<E> {
    /// An attention layer of `width` features and `heads` heads.
    ///
    /// # Panics
    /// If `heads` does not divide `width`, or if the default device has not enough memory.
    pub fn new(width: usize, heads: usize, bias: bool, dropout: f32, spread: Spread, key: Key) -> Self {
        assert!(heads > 0 && width.is_multiple_of(heads), "{heads} heads do not divide a width of {width}");
        let [qkv, proj] = key.split();
        Attention {
            qkv: Linear::with_std(width, 3 * width, bias, spread.weight, qkv),
            proj: Linear::with_std(width, width, bias, spread.output, proj),
            heads,
            dropout: Dropout::new(dropout),
        }
    }
}

#[thunder]
impl<E: Float> Attention<E> {
    /// From `(B, T, C)` to `(B, T, C)`; `key` is for dropout.
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let [q, k, v] = self.qkv.forward(x).chunk(3, -1);
        let [q, k, v] = [q, k, v].map(|t| t.rearrange(|b, t, (H, d)| (b, H, t, d)));
        let y = if self.dropout.training && self.dropout.p != 0.0 {
            let seen = ones::<bool, _>((T, T)).tril();
            let scores = q.matmul(k.t()) * ((C / H) as f32).powf(-0.5);
            let weights = scores.masked_fill(!seen, f32::NEG_INFINITY).softmax(-1);
            self.dropout.forward(&weights, key.fold_in(0)).matmul(v)
        } else {
            scaled_dot_product_attention(&q, &k, &v, Sdpa { causal: true, ..Default::default() })
        };
        let y = self.proj.forward(&y.rearrange(|b, h, t, d| (b, t, (h, d))));
        self.dropout.forward(&y, key.fold_in(1))
    }
}
