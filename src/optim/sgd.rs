//! Stochastic gradient descent.

use super::Group;
use crate::prelude::*;
use crate::{Error, nn};

/// Stochastic gradient descent, with PyTorch's form of momentum: `v ← momentum v + g`, `w ← w - lr v`.
///
/// The weight decay is added to the gradient of matrices; see [`Group`] for other choices.
///
/// ```
/// use thunder::nn::Linear;
/// use thunder::optim::Sgd;
/// use thunder::prelude::*;
///
/// #[thunder]
/// fn step(
///     model: Linear<f32>, opt: Sgd<Linear<f32>>, lr: &Scalar<f32>, x: &Tensor<f32, (B, C)>,
/// ) -> (Linear<f32>, Sgd<Linear<f32>>, Scalar<f32>) {
///     let (loss, grads) = value_and_grad(&model, |m| m.forward(x).square().mean(..));
///     let (model, opt) = opt.update(model, grads, lr);
///     (model, opt, loss)
/// }
///
/// let x = Tensor::randn((8, 3), Key::new(0));
/// let model = Linear::<f32>::new(3, 2, false, Key::new(2));
/// let opt = Sgd::new(&model, 0.9)?;
/// let lr = Scalar::from(0.1);
/// let (model, opt, first) = step(model, opt, &lr, &x);
/// let (_, _, second) = step(model, opt, &lr, &x);
/// assert!(second.item() < first.item());
/// # Ok::<(), thunder::Error>(())
/// ```
#[thunder]
#[derive(Debug)]
pub struct Sgd<M: Module> {
    /// The running sum of gradients, if there is momentum.
    pub velocity: Option<M::With<f32>>,
    /// The decay of the velocity, at least 0.
    pub momentum: f32,
    /// Whether to use Nesterov momentum, which needs a velocity.
    pub nesterov: bool,
    /// The weight decay of matrices, at least 0.
    pub weight_decay: f32,
    /// Settings for parts of the parameters.
    pub groups: Vec<Group>,
}

impl<M: Module> Sgd<M> {
    /// An optimiser for `model` with a velocity of zeros (none if `momentum` is 0) and no weight decay.
    ///
    /// # Errors
    /// A device without memory.
    pub fn new(model: &M, momentum: f32) -> Result<Self, Error> {
        let velocity = if momentum == 0.0 { None } else { Some(nn::zeros_like::<f32, M>(model)?) };
        Ok(Sgd { velocity, momentum, nesterov: false, weight_decay: 0.0, groups: Vec::new() })
    }

    /// Sets whether to use Nesterov momentum.
    #[must_use]
    pub fn with_nesterov(self, nesterov: bool) -> Self {
        Sgd { nesterov, ..self }
    }

    /// Sets the weight decay of matrices.
    #[must_use]
    pub fn with_weight_decay(self, weight_decay: f32) -> Self {
        Sgd { weight_decay, ..self }
    }

    /// Adds settings for a part of the parameters, after the existing groups.
    #[must_use]
    pub fn with_group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }
}

#[thunder]
impl<M: Module> Sgd<M> {
    /// The model and the optimiser after one update with `grads` at the learning rate `lr`.
    ///
    /// # Errors
    /// The enclosing call is refused if a setting is outside the range that its field documents.
    pub fn update(self, model: M, grads: M, lr: &Scalar<f32>) -> (M, Self) {
        assert!(self.momentum >= 0.0, "Sgd: `momentum` must be 0 or more");
        assert!(!self.nesterov || self.velocity.is_some(), "Sgd: `nesterov` needs a momentum");
        assert!(self.weight_decay >= 0.0, "Sgd: `weight_decay` must be 0 or more");
        for group in &self.groups {
            assert!(group.rate >= 0.0, "Sgd: the `rate` of a group must be 0 or more");
            assert!(group.weight_decay >= 0.0, "Sgd: the `weight_decay` of a group must be 0 or more");
        }
        let (momentum, nesterov) = (self.momentum, self.nesterov);
        let (model, velocity) = match &self.velocity {
            Some(velocity) => {
                let (model, _grads, velocity) = zip_map((&model, &grads, velocity), |path, (p, g, v)| {
                    let group = self.groups.iter().find(|group| path.contains(group.path.as_str()));
                    let matrix = if p.rank() >= 2 { self.weight_decay } else { 0.0 };
                    let decay: f32 = group.map_or(matrix, |group| group.weight_decay);
                    let rate: f32 = group.map_or(1.0, |group| group.rate);
                    let w = p.cast::<f32>();
                    let gradient = if decay == 0.0 { g.cast::<f32>() } else { g.cast::<f32>() + &w * decay };
                    let v1 = v.cast::<f32>() * momentum + &gradient;
                    let direction = if nesterov { gradient + &v1 * momentum } else { v1.clone() };
                    ((w - direction * (lr * rate)).cast_like(&p), g, v1.cast_like(&v))
                });
                (model, Some(velocity))
            }
            None => {
                let (model, _grads) = zip_map((&model, &grads), |path, (p, g)| {
                    let group = self.groups.iter().find(|group| path.contains(group.path.as_str()));
                    let matrix = if p.rank() >= 2 { self.weight_decay } else { 0.0 };
                    let decay: f32 = group.map_or(matrix, |group| group.weight_decay);
                    let rate: f32 = group.map_or(1.0, |group| group.rate);
                    let w = p.cast::<f32>();
                    let gradient = if decay == 0.0 { g.cast::<f32>() } else { g.cast::<f32>() + &w * decay };
                    ((w - gradient * (lr * rate)).cast_like(&p), g)
                });
                (model, None)
            }
        };
        (model, Sgd { velocity, ..self })
    }
}
