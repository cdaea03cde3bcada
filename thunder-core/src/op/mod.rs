//! The operations: one table, and what is derived from it.
//!
//! A row of `rows` declares an operation: its class, its name, its documentation with the formula, its attributes, its
//! methods, its cost; `facts` has what follows from the class. [`infer`](fn@infer) gives the type of the result, once, for the macro, for rustc's constant evaluation
//! and for the linker. Everything else about an operation is matched exhaustively where it belongs:
//! derivatives and decompositions in `rules`, kernels in the executors.

mod algebra;
mod attr;
mod custom;
mod facts;
mod infer;
mod lit;
mod rows;
mod surface;
mod table;

pub use attr::{Attr, AttrRef, Causal, Flag, Label, Pattern, Reduction};
pub use custom::{
    CpuKernel, CudaKernel, CudaLaunch, CustomRef, Definition, Elements, ElementsMut, Input, Output,
};
pub use facts::{Class, Cost, Fold, Form};
pub use infer::{Mismatch, broadcast, infer, named};
pub use lit::{Lit, Unfit, no_element};
pub(crate) use rows::{each_method, method_rows, op_rows};
pub use surface::{
    ArgKind, AttrValue, Attrs, Method, NAMES, adding, free_function, free_functions, method, methods, nearest,
};
pub(crate) use table::class;
pub use table::{Op, Opcode};
