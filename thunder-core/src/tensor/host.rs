//! Operations on a tensor outside a body: a compile error that says so.
//!
//! rustc looks for a method on a tensor itself before it looks behind it, so where the operations are in scope, in
//! bodies, they are found; elsewhere what is found is here, and asks for what nothing has.

use super::Tensor;
use std::marker::PhantomData;
use std::ops::{Add, BitAnd, BitOr, BitXor, Deref, Div, Mul, Rem, Sub};

/// What a tensor has on the host in place of the operations.
#[doc(hidden)]
pub struct OnHost<E, S>(PhantomData<fn() -> (E, S)>);

/// What is only so in a body.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "tensor operations exist only in the bodies of `#[thunder]` functions",
    label = "an operation on a tensor outside one",
    note = "write a `#[thunder]` function that does it, and call that; `to_vec()`, `item()` and `shape()` read a tensor here"
)]
pub trait InBody {}

impl<E, S> Deref for Tensor<E, S> {
    type Target = OnHost<E, S>;
    fn deref(&self) -> &OnHost<E, S> {
        &OnHost(PhantomData)
    }
}

/// The methods, by how many arguments they take. What they give is left to inference, so that nothing follows.
macro_rules! methods {
    ($table:ident $args:tt: $($name:ident)*) => {
        impl<E, S> OnHost<E, S> { $(methods! { @one $name $args })* }

        #[cfg(test)]
        const $table: (&str, &[&str]) = (stringify!($args), &[$(stringify!($name)),*]);
    };
    (@one $name:ident ($($arg:ident)*)) => {
        #[doc(hidden)]
        pub fn $name<$($arg,)* R>(&self, $(_: $arg),*) -> R where Self: InBody {
            unreachable!("nothing is `InBody`")
        }
    };
}

// In small groups: rustc shows the one that a method is from.
methods! { NUMBERS (): abs sign square neg reciprocal sqrt rsqrt floor ceil round trunc isnan isinf isfinite logical_not }
methods! { FUNCTIONS (): exp exp2 expm1 log log2 log1p sin cos tanh erf erfc sigmoid relu silu softplus gelu gelu_tanh }
methods! { PAIRS (A): add sub mul div rem pow atan2 maximum minimum logical_and logical_or logical_xor matmul cast_like }
methods! { COMPARISONS (A): eq ne lt le gt ge }
methods! { REDUCTIONS (A): sum prod amax amin mean var logsumexp all any argmax argmin cumsum softmax log_softmax }
methods! { KEPT (A): sum_keepdim prod_keepdim amax_keepdim amin_keepdim mean_keepdim var_keepdim logsumexp_keepdim all_keepdim any_keepdim }
methods! { MOVES (A): reshape permute broadcast_to expand slice flip unsqueeze squeeze rearrange }
methods! { TRIANGLES (): t tril triu }
methods! { PARTS (A B): pad transpose select_index index_select gather masked_fill chunk chunk_vec }
methods! { LAYERS (A B): linear rms_norm clamp dropout cross_entropy }
methods! { LONGER (A B C): narrow slice_update layer_norm index_add scatter_add }

// Those whose type argument users write.
#[allow(missing_docs)]
impl<E, S> OnHost<E, S> {
    #[doc(hidden)]
    pub fn cast<F>(&self) -> Tensor<F, S>
    where
        Self: InBody,
    {
        unreachable!("nothing is `InBody`")
    }
    #[doc(hidden)]
    pub fn one_hot<F>(&self, _: usize) -> Tensor<F, S>
    where
        Self: InBody,
    {
        unreachable!("nothing is `InBody`")
    }
}

/// The binary operators. rustc takes the operator before it has looked at the right side, so what it then reports is
/// that side's bound, in our words; of a bound on the left it would say its own.
macro_rules! operators {
    ($($trait:ident $name:ident),*) => {$(
        impl<E, S, R: InBody> $trait<R> for Tensor<E, S> {
            type Output = Tensor<E, S>;
            fn $name(self, _: R) -> Self::Output {
                unreachable!("nothing is `InBody`")
            }
        }
        impl<E, S, R: InBody> $trait<R> for &Tensor<E, S> {
            type Output = Tensor<E, S>;
            fn $name(self, _: R) -> Self::Output {
                unreachable!("nothing is `InBody`")
            }
        }
    )*};
}

operators! { Add add, Sub sub, Mul mul, Div div, Rem rem }
operators! { BitAnd bitand, BitOr bitor, BitXor bitxor }

#[cfg(test)]
mod tests {
    use super::*;

    /// The methods here are those of the language, each with its arguments.
    #[test]
    fn every_operation_is_refused() {
        let tables = [
            NUMBERS,
            FUNCTIONS,
            PAIRS,
            COMPARISONS,
            REDUCTIONS,
            KEPT,
            MOVES,
            TRIANGLES,
            PARTS,
            LAYERS,
            LONGER,
        ];
        for m in crate::op::methods().filter(|m| !["cast", "one_hot", "fold_in"].contains(&m.name)) {
            let args = tables.iter().find(|(_, names)| names.contains(&m.name)).map(|(args, _)| *args);
            let count = args.map(|a| a.chars().filter(|c| c.is_alphabetic()).count());
            assert_eq!(count, Some(m.args.len()), "{}", m.name);
        }
    }
}
