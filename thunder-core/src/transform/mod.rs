//! The passes: one file each, `Trace -> Trace`.

pub mod fuse;
pub mod memory;
pub mod region;
