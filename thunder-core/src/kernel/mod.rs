//! What a launch computes ([`region`]), with its operands in memory ([`nest`]); for which device ([`target`]); how
//! ([`schedule`], which [`choose`] picks). All is data that every executor reads.

pub mod choose;
pub mod collapse;
pub mod layout;
pub mod nest;
pub mod region;
pub mod schedule;
pub mod target;
