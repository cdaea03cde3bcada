//! Eliminates `vmap`.

use crate::error::Error;
use crate::trace::{Body, Builder, Value};

/// Appends `body` over `size` examples, `args` mapped along their first dimension, and gives its results.
pub(super) fn inline(b: &mut Builder, size: usize, args: &[Value], body: &Body) -> Result<Vec<Value>, Error> {
    let _ = (size, args, body);
    Err(Error::Unsupported { transform: "grad".into(), op: "vmap".into(), loc: b.loc })
}
