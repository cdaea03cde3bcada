//! Rust's syntax into the language's own: types, signatures, attribute options.

pub mod generics;
mod labels;
pub mod options;
pub mod pattern;
mod recover;
mod rewrite;
pub mod signature;
pub mod ty;
mod whole;

pub use generics::Generics;
pub use labels::label_prints;
pub use options::Options;
pub use recover::{Read, read};
pub use signature::{Param, Pass, Receiver, Signature};
pub use ty::{Callable, Kind, Named, Types};
