//! Transforms, as bodies call them: a closure is recorded as a nested body of the trace.

use super::log::Leaves;
use super::record;
use crate::item::Transform;
use crate::module::Tree;
use crate::tensor::Scalar;
use crate::trace::{Kind, Value};
use crate::types::{Float, Ty};

/// The traced values of leaves.
fn values(leaves: &Leaves) -> Vec<Value> {
    leaves.list.iter().map(|(_, v)| *v).collect()
}

#[track_caller]
pub(super) fn inside(what: &str) {
    if !record::active() {
        panic!("`{what}` runs only inside a `#[thunder]` function");
    }
}

/// `(f(x), df/dx)` for a scalar `f`. The closure gets `x` by reference; the gradient has the type of `x`, with zeros for
/// integers, keys and what nothing flows to.
///
/// Reverse mode: the closure is linearised and transposed.
#[track_caller]
pub fn value_and_grad<X: Tree, E: Float>(x: &X, f: impl FnOnce(&X) -> Scalar<E>) -> (Scalar<E>, X) {
    inside("value_and_grad");
    let (value, grads) = differentiate(Transform::ValueAndGrad, x, f);
    let result = (value, grads);
    record::region_result(&result);
    result
}

/// `df/dx` for a scalar `f`; see [`value_and_grad`].
#[track_caller]
pub fn grad<X: Tree, E: Float>(x: &X, f: impl FnOnce(&X) -> Scalar<E>) -> X {
    inside("grad");
    let (_, grads) = differentiate(Transform::Grad, x, f);
    record::region_result(&grads);
    grads
}

#[track_caller]
fn differentiate<X: Tree, E: Float>(
    kind: Transform,
    x: &X,
    f: impl FnOnce(&X) -> Scalar<E>,
) -> (Scalar<E>, X) {
    let fresh = record::fresh(x, |ty| ty);
    let (outer, params) = (record::leaves(x), record::leaves(&fresh));
    record::open_region(kind, vec![outer.clone()], vec![params.clone()]);
    let value = f(&fresh);
    let args = values(&outer);
    let types: Vec<Ty> = args.iter().filter_map(|&v| record::ty(v)).collect();
    let results = record::close_region(Kind::Grad, args, values(&params), record::leaves(&value), |outs| {
        [outs, &types].concat()
    });
    let mut results = results.into_iter();
    (record::replace(&value, &mut results), record::replace(x, &mut results))
}

/// `(f(x), ct · df/dx)`: the product of a cotangent with the Jacobian.
#[track_caller]
pub fn vjp<X: Tree, Y: Tree>(x: &X, f: impl FnOnce(&X) -> Y, ct: &Y) -> (Y, X) {
    inside("vjp");
    let fresh = record::fresh(x, |ty| ty);
    let (outer, params, cts) = (record::leaves(x), record::leaves(&fresh), record::leaves(ct));
    record::open_region(Transform::Vjp, vec![outer.clone(), cts.clone()], vec![params.clone()]);
    let y = f(&fresh);
    let inputs = outer.list.len() as u32;
    let args = [values(&outer), values(&cts)].concat();
    let types: Vec<Ty> = values(&outer).iter().filter_map(|&v| record::ty(v)).collect();
    let results =
        record::close_region(Kind::Vjp { inputs }, args, values(&params), record::leaves(&y), |outs| {
            [outs, &types].concat()
        });
    let mut results = results.into_iter();
    let result = (record::replace(&y, &mut results), record::replace(x, &mut results));
    record::region_result(&result);
    result
}

/// `(f(x), df/dx · dx)`: the product of the Jacobian with a tangent.
#[track_caller]
pub fn jvp<X: Tree, Y: Tree>(x: &X, dx: &X, f: impl FnOnce(&X) -> Y) -> (Y, Y) {
    inside("jvp");
    let fresh = record::fresh(x, |ty| ty);
    let (outer, params, tangents) = (record::leaves(x), record::leaves(&fresh), record::leaves(dx));
    record::open_region(Transform::Jvp, vec![outer.clone(), tangents.clone()], vec![params.clone()]);
    let y = f(&fresh);
    let inputs = outer.list.len() as u32;
    let args = [values(&outer), values(&tangents)].concat();
    let results =
        record::close_region(Kind::Jvp { inputs }, args, values(&params), record::leaves(&y), |outs| {
            [outs, outs].concat()
        });
    let mut results = results.into_iter();
    let result = (record::replace(&y, &mut results), record::replace(&y, &mut results));
    record::region_result(&result);
    result
}

/// `f()`, whose intermediate values are computed again for the backward pass instead of being kept.
#[track_caller]
pub fn checkpoint<Y: Tree>(f: impl FnOnce() -> Y) -> Y {
    inside("checkpoint");
    scoped(Transform::Checkpoint, Kind::Checkpoint, f)
}

/// `f()`, with matrix products computed in `F`; no type changes.
#[track_caller]
pub fn autocast<F: Float, Y: Tree>(f: impl FnOnce() -> Y) -> Y {
    inside("autocast");
    scoped(Transform::Autocast, Kind::Autocast(F::DTYPE), f)
}

#[track_caller]
fn scoped<Y: Tree>(transform: Transform, kind: Kind, f: impl FnOnce() -> Y) -> Y {
    record::open_region(transform, Vec::new(), Vec::new());
    let y = f();
    let results = record::close_region(kind, Vec::new(), Vec::new(), record::leaves(&y), <[Ty]>::to_vec);
    let y = record::replace(&y, &mut results.into_iter());
    record::region_result(&y);
    y
}
