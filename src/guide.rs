//! A guide: one page for each thing that signatures and structs can declare, and one for what a trace can't do.

#[doc = include_str!("guide/dim_parameters.md")]
pub mod dim_parameters {}

#[doc = include_str!("guide/dim_expressions.md")]
pub mod dim_expressions {}

#[doc = include_str!("guide/buffers.md")]
pub mod buffers {}

#[doc = include_str!("guide/bindings.md")]
pub mod bindings {}

#[doc = include_str!("guide/grouped_heads.md")]
pub mod grouped_heads {}

#[doc = include_str!("guide/custom_ops.md")]
pub mod custom_ops {}

#[doc = include_str!("guide/sharp_edges.md")]
pub mod sharp_edges {}
