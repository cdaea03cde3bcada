//! Comparisons of values of which only rustc knows whether they are tensors, numbers, or other values of Rust.
//!
//! A method is found by the first type that has it, counting from the fewest references: what compares tensors and
//! numbers first, and behind one reference more what compares as Rust does. So of a field it is decided where its type is
//! known.

use super::{Asked, Exempt, NotAsked};
use crate::op::Op;
use crate::tensor::{self, Comparison, Lit, Literal, TensorOperand};

/// The two sides of a comparison.
pub struct Sides<L, R>(pub L, pub R);

/// A side of which nothing is known.
pub struct Side<'a, T: ?Sized>(pub &'a T);

#[diagnostic::do_not_recommend]
impl<T: TensorOperand + ?Sized> TensorOperand for Side<'_, T> {
    type Flat = T::Flat;
    fn flat(&self) -> T::Flat {
        self.0.flat()
    }
}

/// A side that is no tensor, as a number: it takes the type of the other side.
pub trait SideAsNumber {
    /// The operand.
    type Out;
    /// The operand.
    fn __side(&self) -> Self::Out;
}

impl<T: Literal> SideAsNumber for Side<'_, T> {
    type Out = Lit<T>;
    fn __side(&self) -> Lit<T> {
        tensor::lit(*self.0)
    }
}

/// A side that is neither tensor nor number.
pub trait SideAsItself {
    /// The operand.
    type Out;
    /// The operand.
    fn __side(&self) -> Self::Out;
}

impl<'a, T: ?Sized> SideAsItself for &Side<'a, T> {
    type Out = Side<'a, T>;
    fn __side(&self) -> Side<'a, T> {
        Side(self.0)
    }
}

/// A side that Rust tells from the other, `Rhs`.
#[diagnostic::on_unimplemented(
    message = "no comparison between these values: Rust has none between their types"
)]
pub trait Same<Rhs> {
    /// Whether they are equal.
    fn same(&self, rhs: &Rhs) -> bool;
}

#[diagnostic::do_not_recommend]
impl<A: PartialEq<B> + ?Sized, B: ?Sized> Same<Side<'_, B>> for Side<'_, A> {
    fn same(&self, rhs: &Side<'_, B>) -> bool {
        self.0 == rhs.0
    }
}

/// A side that has an order with the other, `Rhs`.
#[diagnostic::on_unimplemented(message = "no order between these values: Rust has none between their types")]
pub trait Ordered<Rhs> {
    /// Their order.
    fn order(&self, rhs: &Rhs) -> Option<std::cmp::Ordering>;
}

#[diagnostic::do_not_recommend]
impl<A: PartialOrd<B> + ?Sized, B: ?Sized> Ordered<Side<'_, B>> for Side<'_, A> {
    fn order(&self, rhs: &Side<'_, B>) -> Option<std::cmp::Ordering> {
        self.0.partial_cmp(rhs.0)
    }
}

// What is asked of the sides, in the order of method lookup from `&&Sides`: of tensors and numbers nothing, of two values
// that Rust compares whether the code that compares them is known, of others nothing, because there is no comparison.
impl<L: TensorOperand, R> Asked for &Sides<L, R> {
    type Left = Exempt;
    type Right = Exempt;
    fn __left(&self) -> &Exempt {
        &Exempt
    }
    fn __right(&self) -> &Exempt {
        &Exempt
    }
}

impl<A: ?Sized, B: ?Sized> Asked for &&Sides<Side<'_, A>, Side<'_, B>> {
    type Left = A;
    type Right = B;
    fn __left(&self) -> &A {
        self.0.0
    }
    fn __right(&self) -> &B {
        self.1.0
    }
}

impl<L, R> NotAsked for Sides<L, R> {}

macro_rules! comparisons {
    ($($name:ident = $op:ident, $text:literal, $trait:ident, $rust:expr;)*) => {
        /// The sides as tensors, or as numbers beside tensors.
        pub trait AsTensors<L, R> {$(
            #[doc = concat!("`", $text, "`.")]
            #[track_caller]
            fn $name<O>(&self) -> O where R: TensorOperand, L: TensorOperand<Flat: Comparison<R::Flat, Out = O>>;
        )*}

        impl<L: TensorOperand, R> AsTensors<L, R> for Sides<L, R> {$(
            #[track_caller]
            fn $name<O>(&self) -> O where R: TensorOperand, L: TensorOperand<Flat: Comparison<R::Flat, Out = O>> {
                Comparison::apply(self.0.flat(), Op::$op, self.1.flat())
            }
        )*}

        /// The sides as Rust compares them.
        pub trait AsRust<L, R> {$(
            #[doc = concat!("`", $text, "`.")]
            fn $name(&self) -> bool where L: $trait<R>;
        )*}

        impl<L, R> AsRust<L, R> for &Sides<L, R> {$(
            fn $name(&self) -> bool where L: $trait<R> {
                let compare: fn(&L, &R) -> bool = $rust;
                compare(&self.0, &self.1)
            }
        )*}
    };
}

comparisons! {
    __eq = Eq, "==", Same, |x, y| x.same(y);
    __ne = Ne, "!=", Same, |x, y| !x.same(y);
    __lt = Lt, "<", Ordered, |x, y| x.order(y).is_some_and(std::cmp::Ordering::is_lt);
    __le = Le, "<=", Ordered, |x, y| x.order(y).is_some_and(std::cmp::Ordering::is_le);
    __gt = Gt, ">", Ordered, |x, y| x.order(y).is_some_and(std::cmp::Ordering::is_gt);
    __ge = Ge, ">=", Ordered, |x, y| x.order(y).is_some_and(std::cmp::Ordering::is_ge);
}
