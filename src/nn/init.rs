//! First values of parameters, drawn on the default device.

use crate::{Key, Tensor};
use thunder_core::tensor::Shape;
use thunder_core::types::Float;

/// The standard deviation of weights in GPT-2.
pub const STD: f64 = 0.02;

/// The standard deviations of the weights of a transformer's blocks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Spread {
    /// Of most weights.
    pub weight: f64,
    /// Of the weights whose output is added to the residual stream.
    pub output: f64,
}

impl Spread {
    /// As in GPT-2: `output` is `weight / √(2 layers)`, because each layer adds to the residual stream twice.
    ///
    /// ```
    /// use thunder::nn::init::{STD, Spread};
    /// assert_eq!(Spread::new(STD, 8), Spread { weight: 0.02, output: 0.005 });
    /// ```
    pub fn new(weight: f64, layers: usize) -> Spread {
        Spread { weight, output: weight / (2.0 * layers as f64).sqrt() }
    }
}

/// Normal elements with mean 0 and standard deviation `std`, on the default device.
///
/// ```
/// use thunder::nn::init;
/// use thunder::prelude::*;
/// let w: Tensor<f32, (usize, usize)> = init::normal((4, 3), 0.02, Key::new(0));
/// assert!(w.to_vec().iter().all(|x| x.abs() < 0.2));
/// ```
///
/// # Panics
/// If the default device has not enough memory.
pub fn normal<E: Float, S: Shape>(shape: S, std: f64, key: Key) -> Tensor<E, S> {
    match Tensor::try_normal(shape, std, key) {
        Ok(tensor) => tensor,
        Err(e) => panic!("{e}"),
    }
}
