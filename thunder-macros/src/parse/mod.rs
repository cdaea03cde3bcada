//! Rust's syntax into the language's own: types, signatures, attribute options.

pub mod generics;
pub mod options;
pub mod pattern;
mod rewrite;
pub mod signature;
pub mod ty;

pub use generics::Generics;
pub use options::Options;
pub use signature::{Param, Pass, Receiver, Signature};
pub use ty::{Callable, Kind, Named, Types};
