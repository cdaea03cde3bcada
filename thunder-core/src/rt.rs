//! What the code that `#[thunder]` emits refers to. Not an interface for people.

pub use crate::call::{
    CallError, Closed, Gate, Open, Own, Plain, Ref, StaticArgument, StaticBool, StaticBound, StaticChange,
    StaticIndex, StaticNumber, StaticPlace, StaticShift, StaticText, assert_shape, plain, refuse, scope,
    static_argument, static_bound, static_change, static_cond, static_index, static_number, static_place,
    static_shift, static_text,
};
pub use crate::error::Error;
pub use crate::explain::Explanation;
pub use crate::facts;
pub use crate::item::{self, At, Callee, Item, Node, Operand, Param, Spec, Step, Transform, Var};
pub use crate::link::{
    Examples, Stack, Stacked, autocast, checkpoint, grad, jvp, scan, value_and_grad, vjp, vmap,
};
pub use crate::link::{Maybe, arm, dim, filter, given, iter, kept, or, question, solve, unwrap_or, zip};
pub use crate::module::{FieldInfo, Mapper, Module, Refused, StaticValue, StructInfo, Tree, Visitor};
pub use crate::op::{self, Flag, Label, Lit as Literal, Op, Pattern, Reduction};
pub use crate::tensor::{
    AnyShape, AsRust, AsTensors, AxesArg, Broadcast, Key, Leading, MatMul, NoOverflow, OnHost, Operands,
    Overflow, Pop, Push, Scalar, Shape, ShiftOverflow, Side, SideAsItself, SideAsNumber, Sides, Tensor,
    TensorOps, UnaryOverflow, add, bitand, bitor, bitxor, chunk, chunk_vec, div, einsum, eq, flat, ge, gt,
    le, lit, lt, matmul_columns, matmul_each, matmul_rows, mul, ne, neg, not, product_of, rearrange, rem,
    sub, sum_of,
};
pub use crate::types::{
    self, AnyFloat, Axes, Axis, DType, Elem, Element, Extent, Float, Int, Num, Shape as Extents, Ty,
};
