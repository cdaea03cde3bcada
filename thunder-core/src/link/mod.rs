//! Linking: records a body with concrete types, and verifies the record against the compile-time trace.
//!
//! Modules import in this order: `dims`, `structures`, `region`, `mapped`, `matcher`.

pub(crate) mod dims;
mod mapped;
pub(crate) mod matcher;
mod option;
mod region;
pub(crate) mod structures;

pub use crate::recorder::{arm, iter};
pub use dims::{dim, given, solve};
pub use mapped::{Examples, Stack, Stacked, scan, vmap};
pub use option::{Maybe, filter, kept, or, question, unwrap_or, zip};
pub use region::{autocast, checkpoint, grad, jvp, value_and_grad, vjp};
