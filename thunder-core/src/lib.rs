//! The compiler of thunder, and its CPU executor.
//!
//! A `#[thunder]` function is recorded once as a [`trace`], verified against its compile-time form
//! ([`item`]), taken through the passes of the [`pipeline`], and run by an executor ([`exec`]).
//!
//! ```text
//! types <- op <- trace <- verify <- rules <- kernel <- transform <- exec <- recorder <- tensor <- link <- pipeline
//! ```
//!
//! # Glossary
//!
//! | here | Lightning Thunder | JAX |
//! |---|---|---|
//! | trace | trace | jaxpr |
//! | instruction | bound symbol | equation |
//! | value | proxy | variable |
//! | primitive, composite | prim, op with subsymbols | primitive, function under `jit` |
//! | linearise, transpose | backward rule | `linearize`, `transpose` |
//! | executor, claim | executor, claim | lowering rule |
//! | link | tracing (acquisition) | tracing |

pub mod call;
#[cfg(feature = "cpu")]
pub mod cpu;
pub mod device;
pub mod error;
pub mod exec;
pub mod explain;
pub mod facts;
pub mod item;
pub mod kernel;
pub mod link;
pub mod module;
pub mod op;
pub mod pipeline;
mod recorder;
pub mod rt;
pub mod rules;
pub mod tensor;
pub mod trace;
pub mod transform;
pub mod types;
pub mod verify;
