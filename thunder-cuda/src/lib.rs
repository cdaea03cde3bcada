//! The CUDA executor of thunder.
//!
//! [`codegen`] turns fused regions into CUDA C++ text. It needs no CUDA. The libraries that compile and run the text are
//! loaded at run time: a program that links this crate also starts on a machine without a driver, where [`backend`]
//! returns an error that names what is missing.

pub mod codegen;
mod executor;
mod runtime;

pub use executor::{backend, model, timer};
pub use runtime::Timer;
