//! A tensor language inside Rust.

extern crate self as thunder;

mod convert;
mod device;
pub mod nn;
pub mod optim;
pub mod prelude;
pub mod weights;

pub use device::Devices;
pub use half::{bf16, f16};
pub use thunder_core::call::{CallError, Explanation, scope as call};
pub use thunder_core::device::Device;
pub use thunder_core::error::Error;
pub use thunder_core::module::{Module, Tree};
#[doc(hidden)]
pub use thunder_core::rt as __rt;
pub use thunder_core::tensor::{Key, Scalar, Tensor};
pub use thunder_core::{op, trace, types};
pub use thunder_macros::thunder;
