//! The operations: one table, and what is derived from it.
//!
//! A row of `table` declares an operation: its name, its documentation with the formula, its attributes,
//! its class. [`infer`](fn@infer) gives the type of the result, once, for the macro, for rustc's constant evaluation
//! and for the linker. Everything else about an operation is matched exhaustively where it belongs:
//! derivatives and decompositions in `rules`, kernels in the executors.

mod attr;
mod infer;
mod lit;
mod surface;
mod table;

pub use attr::{Attr, AttrRef, Causal, Flag, Label, Pattern, Reduction};
pub use infer::{Mismatch, broadcast, infer, named};
pub use lit::{Lit, Unfit, no_element};
pub use surface::{
    ArgKind, AttrValue, Attrs, Method, NAMES, adding, free_function, free_functions, method, methods, nearest,
};
pub use table::{Class, Op, Opcode};
