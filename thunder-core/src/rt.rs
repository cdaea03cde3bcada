//! What the code that `#[thunder]` emits refers to. Not an interface for people.

pub use crate::call::{
    CallError, Closed, Gate, Open, Own, Ref, StaticBool, StaticBound, StaticIndex, StaticNumber, StaticText,
    assert_shape, plain, scope, static_bound, static_cond, static_index, static_number, static_text,
};
pub use crate::error::Error;
pub use crate::explain::Explanation;
pub use crate::facts;
pub use crate::item::{self, At, Callee, Item, Node, Operand, Param, Spec, Step, Transform, Var};
pub use crate::link::{
    Examples, Stack, Stacked, autocast, checkpoint, grad, jvp, scan, value_and_grad, vjp, vmap,
};
pub use crate::link::{arm, dim, filter, iter, or, unwrap_or, zip};
pub use crate::module::{FieldInfo, Mapper, Module, Refused, StaticValue, StructInfo, Tree, Visitor};
pub use crate::op::{self, Flag, Label, Lit as Literal, Op, Pattern, Reduction};
pub use crate::tensor::{
    AnyShape, AxesArg, Broadcast, Key, Leading, MatMul, NoOverflow, OnHost, Operand as Beside, Overflow, Pop,
    Push, Scalar, Setting, Shape, ShiftOverflow, Sides, Tensor, TensorOps, UnaryOverflow, add, bitand, bitor,
    bitxor, chunk, chunk_vec, div, einsum, eq, flat, ge, gt, le, lit, lt, mul, ne, neg, not, product_of,
    rearrange, rem, sub, sum_of,
};
pub use crate::types::{
    self, AnyFloat, Axes, Axis, DType, Elem, Element, Extent, Float, Int, Num, Shape as Extents, Ty,
};
