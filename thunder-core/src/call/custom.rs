//! The derivative of an operation that a user defines: a call of a `#[thunder]` function, recorded for given types.

use crate::error::Error;
use crate::link::{dims, matcher};
use crate::module::Tree;
use crate::recorder::{self, Event, panics};
use crate::tensor::{RawTensor, Shape, Tensor};
use crate::trace::{Loc, Trace};
use crate::transform;
use crate::types::{Element, Ty};

/// What the derivative of an operation reads: its operands, then the cotangent of its result.
pub struct Given {
    values: Vec<RawTensor>,
}

impl Given {
    /// Value `i`, whose element type and rank are those of the parameter that it is given to.
    pub fn get<E: Element, S: Shape>(&self, i: usize) -> Tensor<E, S> {
        let wanted = || format!("{} of rank {}", E::DTYPE, S::RANK);
        let poison = |found: String| {
            let text = format!("value {i} of a derivative: expected {}, found {found}", wanted());
            recorder::fail(Error::Type { text, loc: Loc::NONE });
            Tensor::from_raw(RawTensor::Poison)
        };
        let Some(x) = self.values.get(i) else { return poison(format!("{} values", self.values.len())) };
        match x.ty() {
            Some(ty) if ty.dtype() == E::DTYPE && ty.shape.rank() == S::RANK => Tensor::from_raw(x.clone()),
            Some(ty) => poison(ty.to_string()),
            None => Tensor::from_raw(RawTensor::Poison),
        }
    }
}

/// The trace of one call of a `#[thunder]` function on values of these types: the `vjp` of a
/// [`CustomOp`](crate::rules::custom::CustomOp). The record is verified against the function's compile-time trace.
///
/// ```
/// use thunder_core::call::derivative;
/// // Without a call there is nothing to verify.
/// assert!(derivative(&[], |_| ()).is_err());
/// ```
///
/// # Errors
/// What linking the function refuses, and a closure that is no such call.
pub fn derivative<R: Tree>(types: &[Ty], call: impl FnOnce(&Given) -> R) -> Result<Trace, Error> {
    let (outcome, mut recorder) = recorder::session("derivative", || {
        let parameter = |(i, &ty)| recorder::parameter(format!("x{i}"), ty);
        let traced = |x| parameter(x).map_or(RawTensor::Poison, RawTensor::Traced);
        call(&Given { values: types.iter().enumerate().map(traced).collect() });
    });
    if let Some(error) = recorder.error.take() {
        return Err(error);
    }
    outcome.map_err(|payload| Error::StaticPanic {
        function: "derivative".into(),
        message: panics::message(&*payload),
        loc: panics::place(),
    })?;
    let (Some(Event::Enter { item, args }), Some(Event::Exit { result })) =
        (recorder.log.first(), recorder.log.last())
    else {
        let text = "the derivative of an operation is one call of a `#[thunder]` function".into();
        return Err(Error::Type { text, loc: Loc::NONE });
    };
    dims::guard(item, args)?;
    matcher::verify(item, &recorder.log, &recorder.trace)?;
    let results = result.list.iter().map(|(_, v)| *v).collect();
    let trace = recorder.finish(results);
    transform::autocast::run(transform::batch::run(transform::differentiate::run(trace)?)?)
}
