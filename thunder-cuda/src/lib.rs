//! The CUDA executor of thunder.
//!
//! [`codegen`] turns fused regions into CUDA C++ text, and needs no CUDA. What compiles and runs it is found at
//! run time: a program that links this crate starts on a machine without a driver, and [`backend`] says there
//! what is missing.

pub mod codegen;
mod executor;
mod runtime;

pub use executor::{backend, model, timer};
pub use runtime::Timer;
