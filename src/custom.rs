#![doc = include_str!("guide/custom_ops.md")]

pub use thunder_core::call::{Given, derivative};
pub use thunder_core::op::{CpuKernel, CudaKernel, CudaLaunch, Elements, ElementsMut, Input, Output};
pub use thunder_core::rules::custom::CustomOp;
pub use thunder_core::types::Ty;
