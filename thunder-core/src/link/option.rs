//! Methods of `Option` that give one of several values, as bodies call them: they log which.

use crate::recorder::arm;

/// What `x.unwrap_or(default)` becomes: which of the two it is, is an arm of the choice `site`.
pub fn unwrap_or<T>(x: Option<T>, default: T, site: u16) -> T {
    arm(site, u16::from(x.is_none()));
    x.unwrap_or(default)
}

/// What `x.or(default)` becomes.
pub fn or<T>(x: Option<T>, default: Option<T>, site: u16) -> Option<T> {
    arm(site, u16::from(x.is_none()));
    x.or(default)
}

/// What `x.filter(keep)` of an `Option` becomes.
pub fn filter<T>(x: Option<T>, keep: impl FnOnce(&T) -> bool, site: u16) -> Option<T> {
    let kept = x.filter(keep);
    arm(site, u16::from(kept.is_none()));
    kept
}

/// What `x.zip(y)` of `Option`s becomes.
pub fn zip<T, U>(x: Option<T>, y: Option<U>, site: u16) -> Option<(T, U)> {
    arm(site, u16::from(x.is_none() || y.is_none()));
    x.zip(y)
}

/// What is there or not: an `Option`, or a `Result`.
#[diagnostic::on_unimplemented(
    message = "`?` takes an `Option` or a `Result` that is known while tracing",
    label = "`{Self}` is neither"
)]
pub trait Maybe {
    /// Whether it is not there.
    fn leaves(&self) -> bool;
}

impl<T> Maybe for Option<T> {
    fn leaves(&self) -> bool {
        self.is_none()
    }
}

impl<T, E> Maybe for Result<T, E> {
    fn leaves(&self) -> bool {
        self.is_err()
    }
}

/// What `x` becomes in `x?`.
pub fn question<T: Maybe>(x: T, site: u16) -> T {
    arm(site, u16::from(x.leaves()));
    x
}

/// What the closure of a `filter` gives, where the rest of the iteration is an arm.
pub fn kept(keep: bool, site: u16) -> bool {
    arm(site, u16::from(!keep));
    keep
}
