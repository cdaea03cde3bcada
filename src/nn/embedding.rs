//! A table of rows, looked up by index.

use super::init;
use crate::prelude::*;

/// A table of `V` rows of width `C`, looked up by index: from `(B, T)` to `(B, T, C)`. An index out of range gives a row
/// of NaN.
///
/// ```
/// use thunder::nn::Embedding;
/// use thunder::prelude::*;
///
/// let table = Embedding::<f32>::new(10, 4, Key::new(0));
/// let tokens = Tensor::from_vec(vec![1i64, 9, 0, 1, 2, 3], (2, 3));
/// assert_eq!(table.forward(&tokens).shape(), (2, 3, 4));
/// ```
#[thunder]
#[derive(Debug)]
pub struct Embedding<E: Float> {
    /// The table: one row for each index.
    pub weight: Tensor<E, (V, C)>,
}

impl<E: Float> Embedding<E> {
    /// A table of normal elements with standard deviation 0.02.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn new(rows: usize, width: usize, key: Key) -> Self {
        Self::with_std(rows, width, init::STD, key)
    }

    /// A table of normal elements with standard deviation `std`.
    ///
    /// # Panics
    /// If the default device has not enough memory.
    pub fn with_std(rows: usize, width: usize, std: f64, key: Key) -> Self {
        Embedding { weight: init::normal((rows, width), std, key) }
    }
}

#[thunder]
impl<E: Float> Embedding<E> {
    /// The rows at `index`: from `(B, T)` to `(B, T, C)`.
    pub fn forward(&self, index: &Tensor<i64, (B, T)>) -> Tensor<E, (B, T, C)> {
        embedding(index, &self.weight)
    }
}
