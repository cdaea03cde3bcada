//! Methods of `Option` that return one of several values. They log which one, as an arm of a static branch.

use crate::recorder::arm;

/// Replaces `x.unwrap_or(default)`. Which of the two it returns is logged as an arm of the static branch `site`.
pub fn unwrap_or<T>(x: Option<T>, default: T, site: u16) -> T {
    arm(site, u16::from(x.is_none()));
    x.unwrap_or(default)
}

/// Replaces `x.or(default)`.
pub fn or<T>(x: Option<T>, default: Option<T>, site: u16) -> Option<T> {
    arm(site, u16::from(x.is_none()));
    x.or(default)
}

/// Replaces `x.filter(keep)` of an `Option`.
pub fn filter<T>(x: Option<T>, keep: impl FnOnce(&T) -> bool, site: u16) -> Option<T> {
    let kept = x.filter(keep);
    arm(site, u16::from(kept.is_none()));
    kept
}

/// Replaces `x.zip(y)` of `Option`s.
pub fn zip<T, U>(x: Option<T>, y: Option<U>, site: u16) -> Option<(T, U)> {
    arm(site, u16::from(x.is_none() || y.is_none()));
    x.zip(y)
}

/// A type to which `?` applies: an `Option` or a `Result`.
#[diagnostic::on_unimplemented(
    message = "`?` takes an `Option` or a `Result` that is known while tracing",
    label = "`{Self}` is neither"
)]
pub trait Maybe {
    /// Whether `?` returns early: it is `None` or `Err`.
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

/// Replaces `x` in `x?`.
pub fn question<T: Maybe>(x: T, site: u16) -> T {
    arm(site, u16::from(x.leaves()));
    x
}

/// Replaces the result of the closure of a `filter`: the rest of the iteration is an arm of a static branch.
pub fn kept(keep: bool, site: u16) -> bool {
    arm(site, u16::from(!keep));
    keep
}
