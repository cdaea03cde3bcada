//! The passes over traces, one file each.

pub mod autocast;
pub mod batch;
pub mod blend;
mod copy;
pub mod cse;
pub mod dce;
pub mod decompose;
pub mod differentiate;
pub mod fuse;
pub mod memory;
mod rewrite;
pub mod simplify;
