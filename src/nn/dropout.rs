//! Dropout, while training.

use crate::prelude::*;

/// While training, each element zeroed with probability `p` and the rest divided by `1 - p`; otherwise nothing
/// (Srivastava et al., "Dropout", 2014).
///
/// Both fields are configuration: changing one makes another specialisation of what reads it.
///
/// ```
/// use thunder::nn::Dropout;
/// use thunder::prelude::*;
///
/// let mut dropout = Dropout::new(0.5);
/// let x = Tensor::<f32, _>::ones((64,));
/// assert_eq!(dropout.forward(&x, Key::new(0)).to_vec(), x.to_vec());
/// dropout.training = true;
/// assert!(dropout.forward(&x, Key::new(0)).to_vec().contains(&0.0));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Dropout {
    /// The share of elements that are zeroed, from 0 to 1; another is an error of the call that drops.
    pub p: f32,
    /// Whether to do it.
    pub training: bool,
}

impl Dropout {
    /// Not training.
    pub fn new(p: f32) -> Self {
        Dropout { p, training: false }
    }
}

#[thunder]
impl Dropout {
    /// Drops elements of `x`, of any shape, while training.
    pub fn forward<E: Float, S: Shape>(&self, x: &Tensor<E, S>, key: Key) -> Tensor<E, S> {
        if self.training && self.p != 0.0 { x.dropout(self.p, key) } else { x.clone() }
    }
}
