//! What the passes know of each operation: its decomposition, its derivative, its transpose, its batching.
//!
//! Each rule table is one exhaustive match over [`Op`](crate::op::Op) without `_`, so that rustc lists what a
//! new operation still lacks.

mod batch;
mod build;
pub mod custom;
mod decompose;
mod jvp;
mod transpose;

pub use batch::batch;
pub(crate) use build::zero;
pub use decompose::decompose;
pub use jvp::jvp;
pub use transpose::transpose;
