//! Eliminates `autocast`: chosen operations compute in the type given.

use crate::error::Error;
use crate::trace::{Body, Builder, Value};
use crate::types::DType;

/// Appends `body` under autocast to `dtype`, and gives its results.
pub(super) fn inline(b: &mut Builder, body: &Body, dtype: DType) -> Result<Vec<Value>, Error> {
    let _ = (body, dtype);
    Err(Error::Unsupported { transform: "grad".into(), op: "autocast".into(), loc: b.loc })
}
