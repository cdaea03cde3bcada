//! Resources: stack, compile time, memory and extents, and the errors when they run out.

mod depth;
mod extents;
#[cfg(unix)]
mod process;
