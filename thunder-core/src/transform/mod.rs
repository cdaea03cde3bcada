//! The passes over traces, one file each.

pub mod autocast;
pub mod batch;
pub mod decompose;
pub mod differentiate;

mod copy;
