//! Running traces: the boundary to devices.

mod backend;

pub use backend::{Arg, Backend, Buffer, Executable, Memory, Report, StepReport};
