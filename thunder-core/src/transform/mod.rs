//! The passes over traces, one file each.

pub mod autocast;
pub mod batch;
pub mod cse;
pub mod dce;
pub mod decompose;
pub mod differentiate;
pub mod simplify;

mod copy;
pub mod fuse;
pub mod memory;
pub mod recompute;
pub mod region;
