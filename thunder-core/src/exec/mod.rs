//! Running traces: the boundary to devices, and the plan that every executor follows.

mod backend;
mod layout;
mod plan;

pub use backend::{Arg, Backend, Buffer, Executable, Memory, Report, StepReport};
pub use layout::Layout;
pub use plan::{Base, Loop, Out, Place, Plan, Returned, Step, Work, plan};
