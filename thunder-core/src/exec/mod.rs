//! Running traces: the boundary to devices, and the plan that every executor follows.

mod backend;
mod plan;

pub use crate::kernel::layout::Layout;
pub use backend::{Arg, Backend, Buffer, Executable, Memory, MemoryStats, Report, StepReport};
pub use plan::{Base, Loop, Out, Place, Plan, Returned, Step, Work, plan};
