//! GPT-2: a token embedding, pre-norm transformer blocks, and a head that reuses the embedding table.

use super::init::{self, Spread};
use super::{Attention, Dropout, Embedding, LayerNorm, Mlp};
use crate::prelude::*;

/// A pre-norm transformer block: `x + attention(norm1(x))`, then `x + mlp(norm2(x))`. From `(B, T, C)` to `(B, T, C)`.
///
/// ```
/// use thunder::nn::{Block, GptConfig};
/// use thunder::prelude::*;
///
/// let config = GptConfig { width: 8, heads: 2, ..GptConfig::default() };
/// let block = Block::<f32>::new(&config, Key::new(0));
/// assert_eq!(block.forward(&Tensor::ones((1, 5, 8)), Key::new(1)).shape(), (1, 5, 8));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Block<E: Float> {
    /// The norm before the attention.
    pub norm1: LayerNorm<E, C = C>,
    /// The attention between positions.
    pub attention: Attention<E, C = C>,
    /// The norm before the feed-forward part.
    pub norm2: LayerNorm<E, C = C>,
    /// The feed-forward part, at each position.
    pub mlp: Mlp<E, C = C>,
}

impl<E: Float> Block<E> {
    /// A block of the model described by `config`.
    ///
    /// # Panics
    /// If the heads do not divide the width, or if the default device has not enough memory.
    pub fn new(config: &GptConfig, key: Key) -> Self {
        let &GptConfig { width, heads, bias, dropout, .. } = config;
        let spread = Spread::new(config.std, config.layers);
        let [attention, mlp] = key.split();
        Block {
            norm1: LayerNorm::new(width, bias),
            attention: Attention::new(width, heads, bias, dropout, spread, attention),
            norm2: LayerNorm::new(width, bias),
            mlp: Mlp {
                gelu_tanh: config.gelu_tanh,
                ..Mlp::new(width, 4 * width, bias, dropout, spread, mlp)
            },
        }
    }
}

#[thunder]
impl<E: Float> Block<E> {
    /// From `(B, T, C)` to `(B, T, C)`; `key` is for dropout.
    pub fn forward(&self, x: &Tensor<E, (B, T, C)>, key: Key) -> Tensor<E, (B, T, C)> {
        let x = x + self.attention.forward(&self.norm1.forward(x), key.fold_in(0));
        &x + self.mlp.forward(&self.norm2.forward(&x), key.fold_in(1))
    }
}

/// The sizes and settings of a [`Gpt`].
///
/// ```
/// use thunder::nn::GptConfig;
/// let gpt2 = GptConfig::default();
/// assert_eq!((gpt2.layers, gpt2.heads, gpt2.width), (12, 12, 768));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct GptConfig {
    /// The number of distinct tokens.
    pub vocabulary: usize,
    /// The length of the longest sequence.
    pub context: usize,
    /// The number of blocks.
    pub layers: usize,
    /// The number of heads of each attention layer. It divides the width.
    pub heads: usize,
    /// The number of features of each position.
    pub width: usize,
    /// Whether linear layers and norms have biases.
    pub bias: bool,
    /// Whether to use GPT-2's tanh approximation of GELU instead of `x Φ(x)`.
    pub gelu_tanh: bool,
    /// The probability of dropout while training.
    pub dropout: f32,
    /// The standard deviation of the initial weights. Weights whose output is added to the residual stream have a smaller one.
    pub std: f64,
}

/// GPT-2 with 124 million parameters.
impl Default for GptConfig {
    fn default() -> Self {
        GptConfig {
            vocabulary: 50257,
            context: 1024,
            layers: 12,
            heads: 12,
            width: 768,
            bias: true,
            gelu_tanh: true,
            dropout: 0.0,
            std: init::STD,
        }
    }
}

/// A GPT-2 (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019): learned positions, pre-norm
/// blocks, and a head that shares its weight with the token embedding.
///
/// ```
/// use thunder::nn::{Gpt, GptConfig};
/// use thunder::prelude::*;
///
/// let config =
///     GptConfig { vocabulary: 10, context: 8, layers: 1, heads: 2, width: 16, ..GptConfig::default() };
/// let model = Gpt::<f32>::new(&config, Key::new(0));
/// let tokens = Tensor::from_vec(vec![1i64, 2, 3, 4, 5, 6], (2, 3));
/// assert_eq!(model.forward(&tokens, Key::new(1)).shape(), (2, 3, 10));
///
/// // Before training, every token is about as likely as any other.
/// let targets = Tensor::from_vec(vec![2i64, 3, 4, 5, 6, 7], (2, 3));
/// let loss = model.loss(&tokens, &targets, Key::new(1)).item();
/// assert!((loss - 10f32.ln()).abs() < 0.3);
/// ```
#[thunder]
#[derive(Debug)]
pub struct Gpt<E: Float> {
    /// The token embedding, which is also the head.
    pub tokens: Embedding<E, V = V, C = C>,
    /// The position embedding.
    pub positions: Embedding<E, V = L, C = C>,
    /// Dropout of the sum of the two embeddings.
    pub dropout: Dropout,
    /// The blocks, in order.
    pub blocks: Vec<Block<E, C = C>>,
    /// The norm before the head.
    pub norm: LayerNorm<E, C = C>,
}

impl<E: Float> Gpt<E> {
    /// A model with parameters initialised as in GPT-2, with dropout switched off.
    ///
    /// # Panics
    /// If the heads do not divide the width, or if the default device has not enough memory.
    pub fn new(config: &GptConfig, key: Key) -> Self {
        let [tokens, positions, blocks] = key.split();
        Gpt {
            tokens: Embedding::with_std(config.vocabulary, config.width, config.std, tokens),
            positions: Embedding::with_std(config.context, config.width, config.std, positions),
            dropout: Dropout::new(config.dropout),
            blocks: (0..config.layers).map(|i| Block::new(config, blocks.fold_in(i))).collect(),
            norm: LayerNorm::new(config.width, config.bias),
        }
    }

    /// Switches every dropout layer on or off. The mode is part of the cache key, so the next call uses it.
    pub fn train(&mut self, on: bool) {
        self.dropout.training = on;
        for block in &mut self.blocks {
            block.attention.dropout.training = on;
            block.mlp.dropout.training = on;
        }
    }

    /// The length of the longest sequence.
    pub fn context(&self) -> usize {
        self.positions.weight.shape().0
    }
}

#[thunder]
impl<E: Float> Gpt<E> {
    /// The features of each position, before the head: from `(B, T)` to `(B, T, C)`; `key` is for dropout.
    ///
    /// # Panics
    /// On the host, if the sequence is longer than the context.
    pub fn features(&self, tokens: &Tensor<i64, (B, T)>, key: Key) -> Tensor<E, (B, T, C)> {
        assert!(T <= L, "a sequence of {T} tokens, and a context of {L}");
        let x = self.tokens.forward(tokens) + self.positions.weight.narrow(0, 0, T);
        let mut x = self.dropout.forward(&x, key);
        for (i, block) in self.blocks.iter().enumerate() {
            x = block.forward(&x, key.fold_in(i));
        }
        self.norm.forward(&x)
    }

    /// The logits for these features: from `(B, T, C)` to `(B, T, V)`.
    pub fn head(&self, x: &Tensor<E, (B, T, C)>) -> Tensor<E, (B, T, V)> {
        x.linear(&self.tokens.weight, None)
    }

    /// The logits of the next token at each position: from `(B, T)` to `(B, T, V)`; `key` is for dropout.
    ///
    /// # Panics
    /// On the host, if the sequence is longer than the context.
    pub fn forward(&self, tokens: &Tensor<i64, (B, T)>, key: Key) -> Tensor<E, (B, T, V)> {
        self.head(&self.features(tokens, key))
    }

    /// The mean cross-entropy of the next tokens, in f32; `key` is for dropout.
    ///
    /// # Panics
    /// On the host, if the sequence is longer than the context.
    pub fn loss(&self, tokens: &Tensor<i64, (B, T)>, targets: &Tensor<i64, (B, T)>, key: Key) -> Scalar<f32> {
        let logits = self.forward(tokens, key).cast::<f32>();
        cross_entropy(&logits, targets, CrossEntropy::default())
    }
}
