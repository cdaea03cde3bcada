//! Operators in bodies: `a + b` on tensors, scalars and plain numbers, by reference.

use super::overflow::{Operands, Overflow as _, UnaryOverflow as _};
use super::record;
use super::{Broadcast, RawTensor, Shape, Tensor};
use crate::op::{self, Op};
use crate::types::{Accepts, Element, Num};

/// A Rust number beside a tensor; it takes the tensor's element type.
#[derive(Clone, Copy, Debug)]
pub struct Lit<T>(pub(crate) T);

/// Marks a static number as an operand.
pub fn lit<T: Literal>(x: T) -> Lit<T> {
    Lit(x)
}

/// A Rust number type that can stand beside a tensor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number that can stand beside a tensor",
    note = "tensors mix with Rust integers and floats; two tensors must have one element type"
)]
pub trait Literal: Copy + 'static {
    /// As an attribute.
    fn attr(self) -> op::Lit;
    /// As an `f64`.
    fn wide(self) -> f64;
}

macro_rules! literals {
    ($($t:ty => $variant:ident as $wide:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Literal for $t {
            fn attr(self) -> op::Lit { op::Lit::$variant(self as $wide) }
            fn wide(self) -> f64 { self as f64 }
        }
    )*};
}

literals! {
    f64 => F as f64; f32 => F as f64;
    i64 => I as i128; i32 => I as i128; u32 => I as i128; u8 => I as i128; usize => I as i128; u64 => I as i128;
}

#[diagnostic::do_not_recommend]
impl Literal for bool {
    fn attr(self) -> op::Lit {
        op::Lit::B(self)
    }
    fn wide(self) -> f64 {
        f64::from(u8::from(self))
    }
}

/// Anything that an operator takes: a tensor, a reference to one, a [`Lit`], a Rust number.
#[diagnostic::on_unimplemented(
    message = "an opaque call: `{Self}` is neither a tensor nor a Rust number, so what an operation does with it is not traced",
    label = "no operand of a tensor operation",
    note = "operands are tensors and Rust numbers; pass what this gives as a parameter"
)]
pub trait TensorOperand {
    /// Without references.
    type Flat;
    /// The operand itself.
    fn flat(&self) -> Self::Flat;
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> TensorOperand for Tensor<E, S> {
    type Flat = Tensor<E, S>;
    fn flat(&self) -> Self::Flat {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T: TensorOperand + ?Sized> TensorOperand for &T {
    type Flat = T::Flat;
    fn flat(&self) -> Self::Flat {
        (**self).flat()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Literal> TensorOperand for Lit<T> {
    type Flat = Lit<T>;
    fn flat(&self) -> Lit<T> {
        *self
    }
}

/// The two operands of an operator. Of a function's result rustc says where the whole stands, which is the operator.
pub fn both<A, B>(a: A, b: B) -> (A, B) {
    (a, b)
}

/// The operand of a unary operator, as [`both`].
pub fn alone<A>(a: A) -> (A,) {
    (a,)
}

/// The operand without references, for what takes tensors by one reference.
pub fn flat<T: TensorOperand>(x: &T) -> T::Flat {
    x.flat()
}

/// The operators of a trait, each as a method. Emitted code calls these and no functions with a bound, because rustc would
/// show such a bound where it is written, in this file.
macro_rules! operators {
    ($($name:ident = $op:ident),*) => {$(
        #[doc = concat!("The operator `", stringify!($name), "` in a body.")]
        #[track_caller]
        fn $name((lhs, rhs): (Self, Rhs)) -> Self::Out
        where
            Self: Sized,
        {
            lhs.apply(Op::$op, rhs)
        }
    )*};
}

/// An arithmetic operator between two flat operands.
#[diagnostic::on_unimplemented(
    message = "no arithmetic between `{Self}` and `{Rhs}`",
    note = "both tensors must have one element type: cast one of them, `x.cast::<f32>()`"
)]
pub trait Arithmetic<Rhs> {
    /// The result.
    type Out;
    /// Applies it.
    #[track_caller]
    fn apply(self, op: Op, rhs: Rhs) -> Self::Out;
    operators! { add = Add, sub = Sub, mul = Mul, div = Div, rem = Rem }
}

/// A comparison between two flat operands.
#[diagnostic::on_unimplemented(
    message = "no comparison between `{Self}` and `{Rhs}`",
    note = "both tensors must have one element type: cast one of them, `x.cast::<f32>()`"
)]
pub trait Comparison<Rhs> {
    /// The result: a bool tensor, or a `bool`.
    type Out;
    /// Applies it.
    #[track_caller]
    fn apply(self, op: Op, rhs: Rhs) -> Self::Out;
    operators! { eq = Eq, ne = Ne, lt = Lt, le = Le, gt = Gt, ge = Ge }
}

/// `&`, `|`, `^` between two flat operands.
#[diagnostic::on_unimplemented(
    message = "no logical operation between `{Self}` and `{Rhs}`",
    note = "`&`, `|`, `^` and `!` take bool or integer tensors"
)]
pub trait Logical<Rhs> {
    /// The result.
    type Out;
    /// Applies it.
    #[track_caller]
    fn apply(self, op: Op, rhs: Rhs) -> Self::Out;
    operators! { bitand = And, bitor = Or, bitxor = Xor }
}

#[track_caller]
fn pair<E, S, E2, S2>(op: Op, a: &Tensor<E, S>, b: &Tensor<E2, S2>) -> RawTensor
where
    E: Element,
    S: Shape,
    E2: Element,
    S2: Shape,
{
    record::op(op, &[a.raw(), b.raw()])
}

#[track_caller]
fn right<E: Element, S: Shape, T: Literal>(op: Op, a: &Tensor<E, S>, b: T) -> RawTensor {
    let (op, b) = record::beside(op, b.attr(), a.raw(), false);
    record::op(op, &[a.raw(), &b])
}

#[track_caller]
fn left<E: Element, S: Shape, T: Literal>(op: Op, a: T, b: &Tensor<E, S>) -> RawTensor {
    let (op, a) = record::beside(op, a.attr(), b.raw(), true);
    record::op(op, &[&a, b.raw()])
}

macro_rules! tensor_operators {
    ($($trait:ident, $class:ident, $out:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<E: $class, S: Shape + Broadcast<S2>, S2: Shape> $trait<Tensor<E, S2>> for Tensor<E, S> {
            type Out = Tensor<tensor_operators!(@$out E), <S as Broadcast<S2>>::Out>;
            #[track_caller]
            fn apply(self, op: Op, rhs: Tensor<E, S2>) -> Self::Out { Tensor::from_raw(pair(op, &self, &rhs)) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: $class + Accepts<T>, S: Shape, T: Literal> $trait<Lit<T>> for Tensor<E, S> {
            type Out = Tensor<tensor_operators!(@$out E), S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: Lit<T>) -> Self::Out { Tensor::from_raw(right(op, &self, rhs.0)) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: $class + Accepts<T>, S: Shape, T: Literal> $trait<Tensor<E, S>> for Lit<T> {
            type Out = Tensor<tensor_operators!(@$out E), S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: Tensor<E, S>) -> Self::Out { Tensor::from_raw(left(op, self.0, &rhs)) }
        }
    )*};
    (@same $e:ident) => { $e };
    (@bool $e:ident) => { bool };
}

tensor_operators! {
    Arithmetic, Num, same;
    Comparison, Element, bool;
    Logical, Element, same;
}

/// A literal beside a plain number: where only rustc knows that the number is no tensor, it knows too late to infer the
/// literal's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` beside `{Number}`: Rust mixes no numbers of two types",
    note = "convert one of them: `x as f32`"
)]
pub trait Beside<Number> {
    /// The literal as a number of that type.
    #[track_caller]
    fn beside(self) -> Number;
}

macro_rules! beside {
    ($($lit:ty: $($t:ty)*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl Beside<$t> for $lit {
            #[track_caller]
            fn beside(self) -> $t {
                <$t>::try_from(self).unwrap_or_else(|_| panic!("{self} is no value of `{}`", stringify!($t)))
            }
        }
    )*)*};
}

beside! {
    i64: i64 i32 u32 u8 usize u64; i32: i64 i32 u32 u8 usize u64; u32: i64 i32 u32 u8 usize u64;
    u8: i64 i32 u32 u8 usize u64; usize: i64 i32 u32 u8 usize u64; u64: i64 i32 u32 u8 usize u64;
}

macro_rules! beside_floats {
    ($($lit:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Beside<f64> for $lit {
            fn beside(self) -> f64 { self as f64 }
        }
        #[diagnostic::do_not_recommend]
        impl Beside<f32> for $lit {
            fn beside(self) -> f32 { self as f32 }
        }
    )*};
}

beside_floats! { f64 f32 i64 i32 u32 u8 usize u64 }

macro_rules! comparisons {
    ($t:ty) => {
        #[diagnostic::do_not_recommend]
        impl Comparison<$t> for $t {
            type Out = bool;
            fn apply(self, op: Op, rhs: $t) -> bool {
                match op {
                    Op::Eq => self == rhs,
                    Op::Ne => self != rhs,
                    Op::Lt => self < rhs,
                    Op::Le => self <= rhs,
                    Op::Gt => self > rhs,
                    _ => self >= rhs,
                }
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Literal + Beside<$t>> Comparison<Lit<T>> for $t {
            type Out = bool;
            #[track_caller]
            fn apply(self, op: Op, rhs: Lit<T>) -> bool {
                Comparison::<$t>::apply(self, op, rhs.0.beside())
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Literal + Beside<$t>> Comparison<$t> for Lit<T> {
            type Out = bool;
            #[track_caller]
            fn apply(self, op: Op, rhs: $t) -> bool {
                Comparison::<$t>::apply(self.0.beside(), op, rhs)
            }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Element + Accepts<$t>, S: Shape> Comparison<$t> for Tensor<E, S> {
            type Out = Tensor<bool, S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: $t) -> Tensor<bool, S> {
                Tensor::from_raw(right(op, &self, rhs))
            }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Element + Accepts<$t>, S: Shape> Comparison<Tensor<E, S>> for $t {
            type Out = Tensor<bool, S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: Tensor<E, S>) -> Tensor<bool, S> {
                Tensor::from_raw(left(op, self, &rhs))
            }
        }
    };
}

/// Plain numbers, where the macro cannot know that an operand is one.
macro_rules! plain {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl TensorOperand for $t {
            type Flat = $t;
            fn flat(&self) -> $t { *self }
        }
        #[diagnostic::do_not_recommend]
        impl Arithmetic<$t> for $t {
            type Out = $t;
            #[track_caller]
            fn apply(self, op: Op, rhs: $t) -> $t {
                let sides = Operands(&self, &rhs);
                match op {
                    Op::Add => {
                        sides.add();
                        self + rhs
                    }
                    Op::Sub => {
                        sides.sub();
                        self - rhs
                    }
                    Op::Mul => {
                        sides.mul();
                        self * rhs
                    }
                    Op::Div => self / rhs,
                    _ => self % rhs,
                }
            }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Literal + Beside<$t>> Arithmetic<Lit<T>> for $t {
            type Out = $t;
            #[track_caller]
            fn apply(self, op: Op, rhs: Lit<T>) -> $t { Arithmetic::<$t>::apply(self, op, rhs.0.beside()) }
        }
        #[diagnostic::do_not_recommend]
        impl<T: Literal + Beside<$t>> Arithmetic<$t> for Lit<T> {
            type Out = $t;
            #[track_caller]
            fn apply(self, op: Op, rhs: $t) -> $t { Arithmetic::<$t>::apply(self.0.beside(), op, rhs) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Num + Accepts<$t>, S: Shape> Arithmetic<$t> for Tensor<E, S> {
            type Out = Tensor<E, S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: $t) -> Self { Tensor::from_raw(right(op, &self, rhs)) }
        }
        #[diagnostic::do_not_recommend]
        impl<E: Num + Accepts<$t>, S: Shape> Arithmetic<Tensor<E, S>> for $t {
            type Out = Tensor<E, S>;
            #[track_caller]
            fn apply(self, op: Op, rhs: Tensor<E, S>) -> Tensor<E, S> { Tensor::from_raw(left(op, self, &rhs)) }
        }
        comparisons! { $t }
    )*};
}

plain! { f64 f32 i64 i32 u32 u8 usize u64 }

macro_rules! plain_equality {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl TensorOperand for $t {
            type Flat = $t;
            fn flat(&self) -> $t { self.clone() }
        }
        #[diagnostic::do_not_recommend]
        impl Comparison<$t> for $t {
            type Out = bool;
            fn apply(self, op: Op, rhs: $t) -> bool { (self == rhs) == matches!(op, Op::Eq) }
        }
    )*};
}

plain_equality! { bool }

macro_rules! plain_logic {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Logical<$t> for $t {
            type Out = $t;
            fn apply(self, op: Op, rhs: $t) -> $t {
                match op {
                    Op::And => self & rhs,
                    Op::Or => self | rhs,
                    _ => self ^ rhs,
                }
            }
        }
    )*};
}

macro_rules! plain_bits {
    ($($t:ty)*) => {
        plain_logic! { $($t)* }
        $(
            #[diagnostic::do_not_recommend]
            impl<T: Literal> Logical<Lit<T>> for $t {
                type Out = $t;
                fn apply(self, op: Op, rhs: Lit<T>) -> $t { Logical::<$t>::apply(self, op, rhs.bits() as $t) }
            }
            #[diagnostic::do_not_recommend]
            impl<T: Literal> Logical<$t> for Lit<T> {
                type Out = $t;
                fn apply(self, op: Op, rhs: $t) -> $t { Logical::<$t>::apply(self.bits() as $t, op, rhs) }
            }
        )*
    };
}

plain_bits! { i64 i32 u32 u8 usize u64 }
plain_logic! { bool }

impl<T: Literal> Lit<T> {
    /// The integer, exactly.
    fn bits(self) -> i128 {
        match self.0.attr() {
            op::Lit::I(n) => n,
            _ => self.0.wide() as i128,
        }
    }
}

impl Logical<Lit<bool>> for bool {
    type Out = bool;
    fn apply(self, op: Op, rhs: Lit<bool>) -> bool {
        Logical::<bool>::apply(self, op, rhs.0)
    }
}

impl Logical<bool> for Lit<bool> {
    type Out = bool;
    fn apply(self, op: Op, rhs: bool) -> bool {
        Logical::<bool>::apply(self.0, op, rhs)
    }
}

impl Comparison<Lit<bool>> for bool {
    type Out = bool;
    fn apply(self, op: Op, rhs: Lit<bool>) -> bool {
        Comparison::<bool>::apply(self, op, rhs.0)
    }
}

impl Comparison<bool> for Lit<bool> {
    type Out = bool;
    fn apply(self, op: Op, rhs: bool) -> bool {
        Comparison::<bool>::apply(self.0, op, rhs)
    }
}

/// Unary `-`.
#[diagnostic::on_unimplemented(message = "`-` does not apply to `{Self}`")]
pub trait Negate {
    /// The result.
    type Out;
    /// `-x`.
    #[track_caller]
    fn minus(self) -> Self::Out;
    /// The operator in a body.
    #[track_caller]
    fn neg((x,): (Self,)) -> Self::Out
    where
        Self: Sized,
    {
        x.minus()
    }
}

/// Unary `!`.
#[diagnostic::on_unimplemented(message = "`!` does not apply to `{Self}`")]
pub trait Invert {
    /// The result.
    type Out;
    /// `!x`.
    #[track_caller]
    fn invert(self) -> Self::Out;
    /// The operator in a body.
    #[track_caller]
    fn not((x,): (Self,)) -> Self::Out
    where
        Self: Sized,
    {
        x.invert()
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> Negate for Tensor<E, S> {
    type Out = Self;
    #[track_caller]
    fn minus(self) -> Self {
        Tensor::from_raw(record::op(Op::Neg, &[self.raw()]))
    }
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> Invert for Tensor<E, S> {
    type Out = Self;
    #[track_caller]
    fn invert(self) -> Self {
        Tensor::from_raw(record::op(Op::Not, &[self.raw()]))
    }
}

macro_rules! unary {
    ($trait:ident $method:ident $op:tt: $($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $trait for $t {
            type Out = Self;
            #[track_caller]
            fn $method(self) -> Self { $op self }
        }
    )*};
}

unary! { Invert invert !: i64 i32 u32 u8 usize u64 bool }
unary! { Negate minus -: f64 f32 }

macro_rules! negate_integers {
    ($($t:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Negate for $t {
            type Out = Self;
            #[track_caller]
            fn minus(self) -> Self {
                Operands(&self, &()).neg();
                -self
            }
        }
    )*};
}

negate_integers! { i64 i32 }
