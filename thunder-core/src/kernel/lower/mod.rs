//! From a region and a schedule to the loops of a kernel: one file for each family, on common helpers.

mod accumulate;
mod build;
mod builder;
mod columns;
mod nodes;
mod opaque;
mod partial;
mod pointwise;
mod random;
mod rows;
mod transpose;

pub use opaque::opaque;

use super::ir::Kernel;
use super::nest::Nest;
use super::schedule::{Family, Schedule};
use builder::Lower;

/// The loops of the kernel that computes `nest` as `schedule` says.
pub fn lower(nest: &Nest<'_>, schedule: &Schedule) -> Kernel {
    let l = Lower::new(nest, schedule);
    match schedule.family {
        Family::Pointwise => pointwise::kernel(l),
        Family::Transpose => transpose::kernel(l),
        Family::Rows => rows::kernel(l),
        Family::Columns => columns::kernel(l),
        Family::Accumulate => accumulate::kernel(l),
        Family::Sums => accumulate::sums(l),
    }
}
