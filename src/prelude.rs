//! Everything that a program using thunder needs in scope: `use thunder::prelude::*`.

pub use crate::{Device, Devices, Error, Key, Module, Scalar, Tensor, thunder};
pub use half::{bf16, f16};
pub use thunder_core::link::{Stacked, autocast, checkpoint, grad, jvp, scan, value_and_grad, vjp, vmap};
pub use thunder_core::module::{AnyTensor, parameters, zip_map};
pub use thunder_core::op::Reduction;
pub use thunder_core::tensor::{
    Alignment, CrossEntropy, Sdpa, Shape, arange, bernoulli, cat, cross_entropy, custom, debug_print,
    embedding, full, masked_attention, normal, ones, scaled_dot_product_attention, select, stack,
    stop_gradient, uniform, zeros,
};
pub use thunder_core::types::{Element, Float, Int, Num};
