//! Lines on standard output, which may be closed or full. That does not end a training with a checkpoint.

use std::fmt::Display;
use std::io::{Error, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

/// The first failure. Nothing is written after it.
static FAILURE: Mutex<Option<Error>> = Mutex::new(None);

/// Writes a line.
pub fn say(line: impl Display) {
    let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    if failure.is_none() {
        let mut out = std::io::stdout();
        *failure = writeln!(out, "{line}").and_then(|()| out.flush()).err();
    }
}

/// Writes a line to standard error, if possible.
pub fn warn(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Whether a line was lost.
pub fn failed() -> bool {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// The state of the output. It is no failure if a reader such as `head` closed it.
pub fn end() -> Result<(), String> {
    match &*FAILURE.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(e) if e.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {e}")),
        _ => Ok(()),
    }
}
