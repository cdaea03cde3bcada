//! Shows how a small model is compiled: the trace after every pass, the fused launches, the memory.
//!
//! `cargo run --release --example inspect`

use std::io::Write;
use thunder::nn::{Gpt, GptConfig};
use thunder::prelude::*;

fn main() -> Result<(), Error> {
    let config = GptConfig {
        vocabulary: 32,
        context: 16,
        layers: 1,
        heads: 2,
        width: 32,
        bias: false,
        ..GptConfig::default()
    };
    let model = Gpt::<f32>::new(&config, Key::new(0));
    let tokens = Tensor::<i64, _>::zeros((2, 16));
    let explained = loss_and_gradient::explain(&model, &tokens, &tokens, Key::new(1))?;
    // A reader such as `head` may close the output early. That is no failure.
    let _ = writeln!(std::io::stdout(), "{}", explained.full());
    Ok(())
}

/// The loss of a batch and its gradient, which is a model of the same form.
#[thunder]
fn loss_and_gradient(
    model: &Gpt<f32>,
    tokens: &Tensor<i64, (B, T)>,
    targets: &Tensor<i64, (B, T)>,
    key: Key,
) -> (Scalar<f32>, Gpt<f32>) {
    value_and_grad(model, |m| m.loss(tokens, targets, key))
}
