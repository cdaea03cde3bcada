//! The compiler of thunder.
//!
//! ```text
//! types <- op <- trace <- verify <- rules <- transform <- pipeline <- exec
//! ```
#[cfg(feature = "cpu")]
pub mod cpu;
pub mod error;
pub mod exec;
pub mod op;
pub mod trace;
pub mod transform;
pub mod types;
pub mod verify;
