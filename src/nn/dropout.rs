//! Dropout.

use crate::prelude::*;

/// Dropout (Srivastava et al., "Dropout", 2014): while training, zeroes each element with probability `p` and divides the
/// others by `1 - p`; otherwise it returns its input.
///
/// Both fields are configuration: a function that reads them is compiled again for each new value.
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
    /// The probability of zeroing an element, from 0 to 1. With another value, the call that applies dropout is an error.
    pub p: f32,
    /// Whether dropout is on.
    pub training: bool,
}

impl Dropout {
    /// Dropout with probability `p`, switched off.
    pub fn new(p: f32) -> Self {
        Dropout { p, training: false }
    }
}

#[thunder]
impl Dropout {
    /// Applies dropout to `x`, of any shape, while training.
    pub fn forward<E: Float, S: Shape>(&self, x: &Tensor<E, S>, key: Key) -> Tensor<E, S> {
        if self.training && self.p != 0.0 { x.dropout(self.p, key) } else { x.clone() }
    }
}
