//! What a launch computes ([`region`]) and the device it is for ([`target`]): data that every executor reads.

pub mod region;
pub mod target;
