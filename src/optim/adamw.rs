//! AdamW.

use super::Group;
use crate::prelude::*;
use crate::{Error, nn};

/// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019), with PyTorch's defaults.
///
/// The moments are f32 for every element type of the model, and the update is computed in f32. The weight decay applies to
/// matrices; see [`Group`] for other choices.
///
/// See the [module's example](super).
#[thunder]
#[derive(Debug)]
pub struct AdamW<M: Module> {
    /// The first moments.
    pub m: M::With<f32>,
    /// The second moments.
    pub v: M::With<f32>,
    /// The number of updates so far.
    pub step: Scalar<f32>,
    /// The decay of the first moments: at least 0, and less than 1.
    pub beta1: f32,
    /// The decay of the second moments: at least 0, and less than 1.
    pub beta2: f32,
    /// Added to the square root of the second moment; at least 0.
    pub eps: f32,
    /// The weight decay of matrices, at least 0.
    pub weight_decay: f32,
    /// Settings for parts of the parameters.
    pub groups: Vec<Group>,
}

impl<M: Module> AdamW<M> {
    /// An optimiser for `model` with zero moments, betas of 0.9 and 0.999, an `eps` of 1e-8, and a weight decay of 0.01.
    ///
    /// # Errors
    /// A device without memory.
    pub fn new(model: &M) -> Result<Self, Error> {
        Ok(AdamW {
            m: nn::zeros_like::<f32, M>(model)?,
            v: nn::zeros_like::<f32, M>(model)?,
            step: Scalar::try_from_vec(vec![0.0], ())?,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.01,
            groups: Vec::new(),
        })
    }

    /// Sets the decays of the moments.
    #[must_use]
    pub fn with_betas(self, beta1: f32, beta2: f32) -> Self {
        AdamW { beta1, beta2, ..self }
    }

    /// Sets the number that is added to the square root of the second moment.
    #[must_use]
    pub fn with_eps(self, eps: f32) -> Self {
        AdamW { eps, ..self }
    }

    /// Sets the weight decay of matrices.
    #[must_use]
    pub fn with_weight_decay(self, weight_decay: f32) -> Self {
        AdamW { weight_decay, ..self }
    }

    /// Adds settings for a part of the parameters, after the existing groups.
    #[must_use]
    pub fn with_group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }
}

#[thunder]
impl<M: Module> AdamW<M> {
    /// The model and the optimiser after one update with `grads` at the learning rate `lr`.
    ///
    /// # Errors
    /// The enclosing call is refused if a setting is outside the range that its field documents.
    pub fn update(self, model: M, grads: M, lr: &Scalar<f32>) -> (M, Self) {
        assert!(self.beta1 >= 0.0 && self.beta1 < 1.0, "AdamW: `beta1` must be from 0 to below 1");
        assert!(self.beta2 >= 0.0 && self.beta2 < 1.0, "AdamW: `beta2` must be from 0 to below 1");
        assert!(self.eps >= 0.0, "AdamW: `eps` must be 0 or more");
        assert!(self.weight_decay >= 0.0, "AdamW: `weight_decay` must be 0 or more");
        for group in &self.groups {
            assert!(group.rate >= 0.0, "AdamW: the `rate` of a group must be 0 or more");
            assert!(group.weight_decay >= 0.0, "AdamW: the `weight_decay` of a group must be 0 or more");
        }
        let step = &self.step + 1.0;
        // 1 - beta^step, without cancellation for betas near 1.
        let correct1 = -(&step * self.beta1.ln()).expm1();
        let correct2 = -(&step * self.beta2.ln()).expm1();
        let (beta1, beta2, eps) = (self.beta1, self.beta2, self.eps);
        let (model, _grads, m, v) = zip_map((&model, &grads, &self.m, &self.v), |path, (p, g, m, v)| {
            let group = self.groups.iter().find(|group| path.contains(group.path.as_str()));
            let matrix = if p.rank() >= 2 { self.weight_decay } else { 0.0 };
            let rate: f32 = group.map_or(1.0, |group| group.rate);
            let decay: f32 = group.map_or(matrix, |group| group.weight_decay);
            let lr = lr * rate;
            let (w, gradient) = (p.cast::<f32>(), g.cast::<f32>());
            let m1 = m.cast::<f32>() * beta1 + &gradient * (1.0 - beta1);
            let v1 = v.cast::<f32>() * beta2 + gradient.square() * (1.0 - beta2);
            let direction = (&m1 / &correct1) / ((&v1 / &correct2).sqrt() + eps);
            let decayed = if decay == 0.0 { w } else { &w * (1.0 - &lr * decay) };
            ((decayed - direction * &lr).cast_like(&p), g, m1.cast_like(&m), v1.cast_like(&v))
        });
        (model, AdamW { m, v, step, ..self })
    }
}
