//! What a launch computes ([`region`]), with its operands in memory ([`nest`]); for which device ([`target`]); how
//! ([`schedule`], which [`choose`] picks); and the loops that [`lower()`](lower::lower) makes of both ([`ir`]). All is data
//! that executors read.

pub mod choose;
pub mod collapse;
pub mod ir;
pub mod layout;
pub mod lower;
pub mod nest;
pub mod region;
pub mod schedule;
pub mod target;
pub mod verify;
