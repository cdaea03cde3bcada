//! The compiler of thunder.
//!
//! ```text
//! types <- op <- trace <- verify <- rules <- transform <- pipeline <- exec
//! ```
pub mod error;
pub mod exec;
pub mod item;
pub mod op;
pub mod trace;
pub mod types;
pub mod verify;
