//! The traced functions and the two recipes. `benches/train_step.rs` and `tests/suite/train.rs` use this file too.

use thunder::nn::{Gpt, GptConfig};
use thunder::optim::{AdamW, WarmupCosine, clip_grad_norm};
use thunder::prelude::*;

/// One complete training step: forward, loss, backward, clip, AdamW. The old model's memory is reused for the new one.
/// With `half`, matrix products are in bf16 with sums in f32. Parameters, norms, softmax and loss are always f32.
#[thunder(cuda_graph)]
pub fn train_step(
    model: Gpt<f32>,
    opt: AdamW<Gpt<f32>>,
    lr: &Scalar<f32>,
    tokens: &Tensor<i64, (B, T)>,
    targets: &Tensor<i64, (B, T)>,
    key: Key,
    half: bool,
) -> (Gpt<f32>, AdamW<Gpt<f32>>, Scalar<f32>) {
    let (loss, grads) = value_and_grad(&model, |m| loss(m, tokens, targets, key, half));
    let (grads, _norm) = clip_grad_norm(grads, 1.0);
    let (model, opt) = opt.update(model, grads, lr);
    (model, opt, loss)
}

/// The loss of a batch.
#[thunder]
pub fn loss(
    model: &Gpt<f32>,
    tokens: &Tensor<i64, (B, T)>,
    targets: &Tensor<i64, (B, T)>,
    key: Key,
    half: bool,
) -> Scalar<f32> {
    if half {
        autocast::<bf16, _>(|| model.loss(tokens, targets, key))
    } else {
        model.loss(tokens, targets, key)
    }
}

/// The logits at the positions `at` of fixed windows. The head is computed only for those positions.
#[thunder]
pub fn next_logits(
    model: &Gpt<f32>,
    tokens: &Tensor<i64, (B, T)>,
    at: &Tensor<i64, (N,)>,
    key: Key,
) -> Tensor<f32, (B, N, _)> {
    model.head(&model.features(tokens, key).index_select(1, at))
}

/// The standard deviation of the initial weights: GPT-2's 0.02 at its width of 768, and more in narrower models, so
/// that the features of a layer start with the same spread. nanoGPT has 0.02 at every width; with it the small model
/// ends at a validation loss of 1.90 instead of 1.77.
fn spread(width: usize) -> f64 {
    0.02 * (768.0 / width as f64).sqrt()
}

/// A model and the settings of its training.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The model. Its vocabulary comes from the text.
    pub model: GptConfig,
    /// The number of sequences in a batch.
    pub batch: usize,
    /// The number of training steps.
    pub steps: usize,
    /// The number of steps between two evaluations on random batches of the validation split; 0 for none.
    pub validate: usize,
    /// Whether matrix products are in bf16.
    pub half: bool,
}

impl Recipe {
    /// nanoGPT's recipe for a CPU: 0.8 million parameters, 2000 steps.
    pub fn cpu(vocabulary: usize) -> Recipe {
        let model = GptConfig {
            vocabulary,
            context: 64,
            layers: 4,
            heads: 4,
            width: 128,
            bias: false,
            gelu_tanh: false,
            dropout: 0.0,
            std: spread(128),
        };
        Recipe { model, batch: 12, steps: 2000, validate: 0, half: false }
    }

    /// nanoGPT's "baby GPT" for a GPU: 10.7 million parameters, 5000 steps, dropout.
    pub fn baby(vocabulary: usize) -> Recipe {
        let model = GptConfig {
            context: 256,
            layers: 6,
            heads: 6,
            width: 384,
            dropout: 0.2,
            std: spread(384),
            ..Recipe::cpu(vocabulary).model
        };
        Recipe { model, batch: 64, steps: 5000, validate: 250, half: true }
    }

    /// The initial model and optimiser.
    pub fn start(&self, key: Key) -> Result<(Gpt<f32>, AdamW<Gpt<f32>>), Error> {
        let mut model = Gpt::new(&self.model, key);
        model.train(self.model.dropout > 0.0);
        let opt = AdamW::new(&model)?.with_betas(0.9, 0.99).with_weight_decay(0.1);
        Ok((model, opt))
    }

    /// The learning rates of a training of `steps` steps.
    pub fn schedule(&self, steps: usize) -> WarmupCosine {
        WarmupCosine { peak: 1e-3, floor: 1e-4, warmup: 100, steps }
    }
}
