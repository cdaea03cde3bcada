//! Settings for a part of the parameters.

use crate::prelude::*;

/// Settings for the parameters whose path contains a text; of an optimiser's groups, the first that fits counts.
///
/// A parameter that no group fits has the optimiser's weight decay if it is a matrix (rank 2 or more), and none
/// otherwise: biases and the factors of norms are not decayed.
///
/// ```
/// use thunder::nn::Linear;
/// use thunder::optim::{AdamW, Group};
/// use thunder::prelude::*;
///
/// let model = Linear::<f32>::new(3, 2, true, Key::new(0));
/// // Embeddings learn slower and are not decayed; norms are.
/// let opt = AdamW::new(&model)?
///     .with_group(Group { path: "tokens.".into(), rate: 0.1, weight_decay: 0.0 })
///     .with_group(Group { path: "norm".into(), rate: 1.0, weight_decay: 0.1 });
/// assert_eq!(opt.groups.len(), 2);
/// # Ok::<(), thunder::Error>(())
/// ```
#[thunder]
#[derive(PartialEq, Debug)]
pub struct Group {
    /// What the path of a parameter must contain: `blocks.3.`, `.bias`, `norm`.
    pub path: String,
    /// The factor of the learning rate: 0 or more.
    pub rate: f32,
    /// The weight decay: 0 or more.
    pub weight_decay: f32,
}
