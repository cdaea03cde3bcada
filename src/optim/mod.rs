//! Optimisers, written in the language itself.
//!
//! An optimiser is a module: the training step takes it by value and returns it, so that its memory is reused, and it can
//! be saved with the model. `opt.update(model, grads, lr)` returns the new model and the new
//! optimiser. The learning rate is a `Scalar<f32>`, because it changes between calls; [`WarmupCosine`] computes it.
//!
//! ```
//! use thunder::nn::Linear;
//! use thunder::optim::{AdamW, clip_grad_norm};
//! use thunder::prelude::*;
//!
//! #[thunder]
//! fn step(
//!     model: Linear<f32>, opt: AdamW<Linear<f32>>, lr: &Scalar<f32>,
//!     x: &Tensor<f32, (B, C)>, y: &Tensor<f32, (B, D)>,
//! ) -> (Linear<f32>, AdamW<Linear<f32>>, Scalar<f32>) {
//!     let (loss, grads) = value_and_grad(&model, |m| (m.forward(x) - y).square().mean(..));
//!     let (grads, _norm) = clip_grad_norm(grads, 1.0);
//!     let (model, opt) = opt.update(model, grads, lr);
//!     (model, opt, loss)
//! }
//!
//! let (x, y) = (Tensor::randn((8, 3), Key::new(0)), Tensor::randn((8, 2), Key::new(1)));
//! let mut model = Linear::<f32>::new(3, 2, true, Key::new(2));
//! let mut opt = AdamW::new(&model)?;
//! let mut losses = Vec::new();
//! for _ in 0..50 {
//!     let loss;
//!     (model, opt, loss) = step(model, opt, &Scalar::from(0.05), &x, &y);
//!     losses.push(loss.item());
//! }
//! assert!(losses[49] < losses[0]);
//! # Ok::<(), thunder::Error>(())
//! ```

mod adamw;
mod clip;
mod group;
mod schedule;
mod sgd;

pub use adamw::AdamW;
pub use clip::clip_grad_norm;
pub use group::Group;
pub use schedule::WarmupCosine;
pub use sgd::Sgd;
