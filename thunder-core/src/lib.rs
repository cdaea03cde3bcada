//! The compiler of thunder.
//!
//! ```text
//! types <- op <- trace <- verify <- rules <- transform <- pipeline <- exec
//! ```
pub mod device;
pub mod error;
pub mod exec;
pub mod item;
mod link;
pub mod module;
pub mod op;
pub mod tensor;
pub mod trace;
pub mod types;
pub mod verify;
