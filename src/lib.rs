#![doc = include_str!("../README.md")]

extern crate self as thunder;

mod convert;
pub mod custom;
mod device;
pub mod guide;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod prelude;
pub mod statics;
pub mod transforms;
pub mod weights;

pub use device::Devices;
pub use half::{bf16, f16};
pub use ops::TensorOps;
pub use thunder_core::call::cache;
pub use thunder_core::call::{CallError, explain_scope as explain, scope as call, update};
pub use thunder_core::device::{Device, MemoryStats};
pub use thunder_core::error::Error;
pub use thunder_core::explain::Explanation;
pub use thunder_core::link::Stacked;
pub use thunder_core::module::{Module, Tree};
#[doc(hidden)]
pub use thunder_core::rt as __rt;
pub use thunder_core::tensor::{Key, Scalar, Tensor, debug_print};
pub use thunder_core::{op, trace, types};
pub use thunder_macros::thunder;

/// Sets the default device, on which new tensors are created. Until this is called, it is the CPU.
///
/// ```
/// use thunder::prelude::*;
/// thunder::set_default_device(Device::cpu());
/// assert_eq!(Tensor::<f32, _>::zeros((2, 3)).device(), Device::cpu());
/// ```
pub fn set_default_device(device: Device) {
    device.set_default();
}
