//! What the code that `#[thunder]` emits refers to. Not an interface for people.

pub use crate::call::{
    CallError, Closed, Gate, Open, Own, Plain, PlainEnum, PlainText, Ref, StaticArgument, StaticBool,
    StaticBound, StaticChange, StaticIndex, StaticNumber, StaticPlace, StaticShift, StaticText, assert_shape,
    plain, refuse, scope,
};
pub use crate::error::Error;
pub use crate::explain::Explanation;
pub use crate::facts;
pub use crate::facts::compare::{AsRust, AsTensors, Side, SideAsItself, SideAsNumber, Sides};
pub use crate::item::{self, At, Callee, Item, Node, Operand, Param, Spec, Step, Transform, Var};
pub use crate::link::{
    Examples, Stack, Stacked, autocast, checkpoint, grad, jvp, scan, value_and_grad, vjp, vmap,
};
pub use crate::link::{Maybe, arm, dim, filter, given, iter, kept, or, question, solve, unwrap_or, zip};
pub use crate::module::{
    DeclaredModule, DeclaredTree, FieldInfo, Mapper, Module, Refused, StaticValue, StructInfo, Tree, Visitor,
};
pub use crate::op::{self, Flag, Label, Lit as Literal, Op, Pattern, Reduction};
pub use crate::tensor::{
    AnyShape, Arithmetic, AxesArg, Broadcast, Comparison, InBody, Invert, Key, Leading, Logical, MatMul,
    Negate, NoOverflow, OnHost, Operands, Overflow, Pop, Push, Scalar, Shape, ShiftOverflow, Tensor,
    TensorOperand, TensorOps, Total, UnaryOverflow, alone, both, chunk, chunk_vec, einsum, flat, lit,
    matmul_columns, matmul_each, matmul_rows, rearrange,
};
pub use crate::types::{
    self, AnyFloat, Axes, Axis, DType, Elem, Element, Extent, Float, Int, Num, Shape as Extents, Ty,
};
