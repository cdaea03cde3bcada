//! Layers and models, written in the language itself.
//!
//! A layer is a `#[thunder]` struct whose tensors are its parameters. Its `forward` can be called on the host and from any
//! `#[thunder]` function. Constructors are ordinary host functions. They initialise weights as GPT-2 does: normal, with a
//! standard deviation of 0.02.
//!
//! | layer | computes | shapes |
//! |---|---|---|
//! | [`Linear`] | `x wᵀ + b` | `(S, In) -> (S, Out)` |
//! | [`Embedding`] | rows of a table | `(B, T) -> (B, T, C)` |
//! | [`LayerNorm`], [`RmsNorm`] | normalisation over the last dimension | `(S, C) -> (S, C)` |
//! | [`Dropout`] | zeroes random elements while training | `S -> S` |
//! | [`Attention`] | causal multi-head self-attention | `(B, T, C) -> (B, T, C)` |
//! | [`Mlp`] | two linear layers and a GELU | `(B, T, C) -> (B, T, C)` |
//! | [`Block`] | a pre-norm transformer block | `(B, T, C) -> (B, T, C)` |
//! | [`Gpt`] | GPT-2 | `(B, T) -> (B, T, V)` |

mod attention;
mod dropout;
mod embedding;
mod gpt;
pub mod init;
mod linear;
mod mlp;
mod norm;

pub use crate::convert::{cast, to_device, zeros_like};
pub use attention::Attention;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use gpt::{Block, Gpt, GptConfig};
pub use linear::Linear;
pub use mlp::Mlp;
pub use norm::{LayerNorm, RmsNorm};

use crate::Tree;

/// The number of parameters of a module: the elements of its float tensors, without buffers.
///
/// ```
/// use thunder::nn::{self, Linear};
/// use thunder::prelude::*;
/// assert_eq!(nn::count(&Linear::<f32>::new(3, 2, true, Key::new(0))), 8);
/// ```
pub fn count<M: Tree>(module: &M) -> usize {
    crate::prelude::parameters(module).iter().map(crate::Tensor::len).sum()
}
