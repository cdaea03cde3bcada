//! The CUDA executor of thunder: nothing yet but its place.
//!
//! It will implement [`thunder_core::exec::Backend`]: generated, fused CUDA C++ for the `fused` instructions
//! of a trace, a library for its matrix products.
