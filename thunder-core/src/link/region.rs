//! Transforms that record a closure as a nested body of the trace.

use super::structures::{derivatives, fresh, leaves, replace};
use crate::item::Transform;
use crate::module::Tree;
use crate::recorder::{self, Leaves};
use crate::tensor::Scalar;
use crate::trace::{Kind, Loc, Value};
use crate::types::{Float, Ty};

/// The traced values of leaves.
fn values(leaves: &Leaves) -> Vec<Value> {
    leaves.list.iter().map(|(_, v)| *v).collect()
}

#[track_caller]
pub(super) fn inside(what: &str) {
    if !recorder::active() {
        panic!("`{what}` runs only inside a `#[thunder]` function");
    }
}

/// `(f(x), df/dx)` for a scalar `f`. The closure gets `x` by reference. The gradient has the type of `x`, with zeros for
/// integers, keys and leaves that do not influence the result.
///
/// Reverse mode: the closure is linearised and transposed.
#[track_caller]
pub fn value_and_grad<X: Tree, E: Float>(x: &X, f: impl FnOnce(&X) -> Scalar<E>) -> (Scalar<E>, X) {
    inside("value_and_grad");
    let (value, grads) = differentiate(Transform::ValueAndGrad, x, f);
    let result = (value, grads);
    recorder::transform_result(leaves(&result));
    result
}

/// `df/dx` for a scalar `f`; see [`value_and_grad`].
#[track_caller]
pub fn grad<X: Tree, E: Float>(x: &X, f: impl FnOnce(&X) -> Scalar<E>) -> X {
    inside("grad");
    let (_, grads) = differentiate(Transform::Grad, x, f);
    recorder::transform_result(leaves(&grads));
    grads
}

/// The leaves outside the closure, and the corresponding values inside, without leaves that are the same in both.
pub(super) fn apart(outer: &Leaves, inner: &Leaves) -> (Vec<Value>, Vec<Value>) {
    values(outer).into_iter().zip(values(inner)).filter(|(o, i)| o != i).unzip()
}

fn types(values: &[Value]) -> Vec<Ty> {
    values.iter().filter_map(|&v| recorder::ty(v)).collect()
}

/// Fails if the leaves of a tangent or cotangent have other types than the leaves that it belongs to.
#[track_caller]
fn same_types(what: &str, want: &Leaves, got: &Leaves) {
    let (want, got) = (types(&values(want)), types(&values(got)));
    if want.len() != got.len() {
        recorder::fail_text::<()>(&format!("{what}: expected {} tensors, found {}", want.len(), got.len()));
    } else if let Some((w, g)) = want.iter().zip(&got).find(|(w, g)| w != g) {
        recorder::fail_text::<()>(&format!("{what}: expected {w}, found {g}"));
    }
}

#[track_caller]
fn differentiate<X: Tree, E: Float>(
    kind: Transform,
    x: &X,
    f: impl FnOnce(&X) -> Scalar<E>,
) -> (Scalar<E>, X) {
    let argument = fresh(x);
    let (outer, inner) = (leaves(x), leaves(&argument));
    recorder::open_region(kind, vec![outer.clone()], vec![inner.clone()]);
    let value = f(&argument);
    let (args, params) = apart(&outer, &inner);
    let types = types(&args);
    let results =
        recorder::close_region(Kind::Grad, args, params, leaves(&value), |outs| [outs, &types].concat());
    let mut results = results.into_iter();
    (replace(&value, &mut results), derivatives(x, &mut results, Loc::caller()))
}

/// `(f(x), ct · df/dx)`: the product of a cotangent with the Jacobian.
#[track_caller]
pub fn vjp<X: Tree, Y: Tree>(x: &X, f: impl FnOnce(&X) -> Y, ct: &Y) -> (Y, X) {
    inside("vjp");
    let argument = fresh(x);
    let (outer, inner, cts) = (leaves(x), leaves(&argument), leaves(ct));
    recorder::open_region(Transform::Vjp, vec![outer.clone(), cts.clone()], vec![inner.clone()]);
    let y = f(&argument);
    let out = leaves(&y);
    same_types("`vjp`: the cotangent is of the type of the closure's result", &out, &cts);
    let (primals, params) = apart(&outer, &inner);
    let (inputs, types) = (primals.len() as u32, types(&primals));
    let args = [primals, values(&cts)].concat();
    let results =
        recorder::close_region(Kind::Vjp { inputs }, args, params, out, |outs| [outs, &types].concat());
    let mut results = results.into_iter();
    let y = replace(&y, &mut results);
    let result = (y, derivatives(x, &mut results, Loc::caller()));
    recorder::transform_result(leaves(&result));
    result
}

/// `(f(x), df/dx · dx)`: the product of the Jacobian with a tangent.
#[track_caller]
pub fn jvp<X: Tree, Y: Tree>(x: &X, dx: &X, f: impl FnOnce(&X) -> Y) -> (Y, Y) {
    inside("jvp");
    let argument = fresh(x);
    let (outer, inner, tangents) = (leaves(x), leaves(&argument), leaves(dx));
    same_types("`jvp`: the tangent is of the type of what it moves", &outer, &tangents);
    recorder::open_region(Transform::Jvp, vec![outer.clone(), tangents.clone()], vec![inner.clone()]);
    let y = f(&argument);
    let (primals, params) = apart(&outer, &inner);
    let moves = values(&outer).into_iter().zip(values(&inner)).map(|(o, i)| o != i);
    let directions: Vec<Value> =
        values(&tangents).into_iter().zip(moves).filter(|(_, m)| *m).map(|(t, _)| t).collect();
    let inputs = primals.len() as u32;
    let args = [primals, directions].concat();
    let results =
        recorder::close_region(Kind::Jvp { inputs }, args, params, leaves(&y), |outs| [outs, outs].concat());
    let mut results = results.into_iter();
    let result = (replace(&y, &mut results), replace(&y, &mut results));
    recorder::transform_result(leaves(&result));
    result
}

/// `f()`, whose intermediate values are computed again for the backward pass instead of being stored.
#[track_caller]
pub fn checkpoint<Y: Tree>(f: impl FnOnce() -> Y) -> Y {
    inside("checkpoint");
    scoped(Transform::Checkpoint, Kind::Checkpoint, f)
}

/// `f()`, with matrix products computed in `F`. The types of values do not change.
#[track_caller]
pub fn autocast<F: Float, Y: Tree>(f: impl FnOnce() -> Y) -> Y {
    inside("autocast");
    scoped(Transform::Autocast, Kind::Autocast(F::DTYPE), f)
}

#[track_caller]
fn scoped<Y: Tree>(transform: Transform, kind: Kind, f: impl FnOnce() -> Y) -> Y {
    recorder::open_region(transform, Vec::new(), Vec::new());
    let y = f();
    let results = recorder::close_region(kind, Vec::new(), Vec::new(), leaves(&y), <[Ty]>::to_vec);
    let y = replace(&y, &mut results.into_iter());
    recorder::transform_result(leaves(&y));
    y
}
