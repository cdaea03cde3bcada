//! Settings for a part of the parameters.

use crate::prelude::*;

/// Settings for the parameters whose path contains a given text. If several groups of an optimiser match, the first one
/// applies.
///
/// A parameter that matches no group has the optimiser's weight decay if it is a matrix (rank 2 or more), and no weight
/// decay otherwise: biases and the weights of norms are not decayed.
///
/// ```
/// use thunder::nn::Linear;
/// use thunder::optim::{AdamW, Group};
/// use thunder::prelude::*;
///
/// let model = Linear::<f32>::new(3, 2, true, Key::new(0));
/// // Embeddings have a lower learning rate and no weight decay; norms have a weight decay.
/// let opt = AdamW::new(&model)?
///     .with_group(Group { path: "tokens.".into(), rate: 0.1, weight_decay: 0.0 })
///     .with_group(Group { path: "norm".into(), rate: 1.0, weight_decay: 0.1 });
/// assert_eq!(opt.groups.len(), 2);
/// # Ok::<(), thunder::Error>(())
/// ```
#[thunder]
#[derive(PartialEq, Debug)]
pub struct Group {
    /// The text that the path of a parameter must contain: `blocks.3.`, `.bias`, `norm`.
    pub path: String,
    /// A factor for the learning rate, at least 0.
    pub rate: f32,
    /// The weight decay, at least 0.
    pub weight_decay: f32,
}
