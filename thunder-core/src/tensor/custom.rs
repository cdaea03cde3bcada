//! Calls of operations that a user defined.

use super::{RawTensor, Shape, Tensor, record};
use crate::recorder;
use crate::rules::custom::{CustomOp, applied};
use crate::trace::Loc;
use crate::types::{Element, Ty};

/// One operand of an operation of the user's: a tensor, by value or by reference.
pub trait CustomOperand {
    /// The operand, whatever its type.
    fn untyped(&self) -> RawTensor;
}

#[diagnostic::do_not_recommend]
impl<E: Element, S: Shape> CustomOperand for Tensor<E, S> {
    fn untyped(&self) -> RawTensor {
        self.raw().clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T: CustomOperand> CustomOperand for &T {
    fn untyped(&self) -> RawTensor {
        (**self).untyped()
    }
}

/// The operands of an operation of the user's: a tuple of up to eight tensors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are no operands of an operation",
    note = "give a tuple of tensors: `custom(&SOFTSIGN, (x,))`"
)]
pub trait CustomOperands {
    /// The operands, whatever their types.
    fn untyped(&self) -> Vec<RawTensor>;
}

macro_rules! operands {
    ($(($($t:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($t: CustomOperand),*> CustomOperands for ($($t,)*) {
            fn untyped(&self) -> Vec<RawTensor> { vec![$(self.$i.untyped()),*] }
        }
    )*};
}

operands! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}

#[cfg_attr(not(doctest), doc = include_str!("docs/custom.md"))]
#[track_caller]
pub fn custom<E: Element, S: Shape>(op: &'static CustomOp, operands: impl CustomOperands) -> Tensor<E, S> {
    let loc = Loc::caller();
    let poison = Tensor::from_raw(RawTensor::Poison);
    let operands = operands.untyped();
    let types: Option<Vec<Ty>> = operands.iter().map(RawTensor::ty).collect();
    let Some(types) = types else { return poison };
    match applied(op, &types, loc) {
        Err(error) => {
            recorder::fail(error);
            poison
        }
        Ok(op) => {
            let args: Vec<&RawTensor> = operands.iter().collect();
            let y = record::op(op, &args);
            if let Some(ty) = y.ty()
                && (ty.dtype() != E::DTYPE || ty.shape.rank() != S::RANK)
            {
                let (want, rank) = (E::DTYPE, S::RANK);
                let name = op.label();
                recorder::fail_text::<()>(&format!(
                    "`{name}` gives {ty}, and is taken as {want} of rank {rank}"
                ));
                return poison;
            }
            Tensor::from_raw(y)
        }
    }
}
