//! What the passes and the executors may assume of an operation. Each fact is an exhaustive match, most of them over
//! the class.

use super::rows::op_rows;
use super::{Op, class};
use crate::types::Axes;

/// What an operation does to its operands' types, and what the passes may assume of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// No tensor operand: a constant.
    Creation,
    /// Elementwise on one tensor of a numeric type.
    UnaryNum,
    /// Elementwise on one tensor of a float type.
    UnaryFloat,
    /// Elementwise on one float tensor, giving `bool`.
    Test,
    /// Elementwise on one tensor of `bool` or integers.
    UnaryLogic,
    /// Elementwise on two broadcast tensors of one numeric type.
    Binary,
    /// Elementwise on two broadcast tensors, giving `bool`.
    Compare,
    /// Elementwise on two broadcast tensors of `bool` or integers.
    BinaryLogic,
    /// Elementwise, with a rule of its own.
    Elementwise,
    /// An associative reduction over axes, which a loop nest can hold.
    Reduce,
    /// Runs along the attribute `axis`, in order.
    Along,
    /// The same elements under an affine map of indices.
    View,
    /// Moves elements, computes nothing.
    Movement,
    /// Writes or adds elements at indices.
    Index,
    /// Reads elements at indices.
    Lookup,
    /// A contraction.
    Contract,
    /// Makes a random key.
    Key,
    /// Draws one random number an element from a key.
    Draw,
    /// The identity, with a meaning for a transform.
    Identity,
    /// The identity, with an effect.
    Effect,
    /// Defined by a user.
    Custom,
    /// A composite that is elementwise on one tensor.
    CompositeUnary,
    /// A composite that reduces one float tensor over axes.
    CompositeReduce,
    /// A composite along the attribute `axis` of one float tensor, of whose type it is.
    CompositeAlong,
    /// Written in terms of other operations; an executor may claim it whole.
    Composite,
}

/// How an operation of a class is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Inside a loop nest, from no operand.
    Constant,
    /// Nothing is computed: it is its operand, read through an affine map of indices.
    View,
    /// Inside a loop nest, each element from those at its place.
    Elementwise,
    /// Inside a loop nest, over some of its dimensions.
    Reduction,
    /// Inside a loop nest, elements read at computed indices.
    Lookup,
    /// Inside a loop nest, a random number an element.
    Draw,
    /// By a kernel of its own.
    Kernel,
    /// As the operations that it is decomposed into, unless an executor claims it.
    Composite,
}

/// What one element of an elementwise operation costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cost {
    /// As an addition.
    Cheap,
    /// As a square root or a reciprocal.
    Root,
    /// As a division.
    Division,
    /// As an exponential.
    Function,
    /// As a power: several exponentials.
    Power,
}

impl Cost {
    /// Whether to store a result is better than to compute it again.
    pub const fn is_costly(self) -> bool {
        match self {
            Cost::Cheap | Cost::Root => false,
            Cost::Division | Cost::Function | Cost::Power => true,
        }
    }

    /// Floating-point operations, roughly.
    pub const fn flops(self) -> usize {
        match self {
            Cost::Cheap | Cost::Root | Cost::Division => 1,
            Cost::Function => 10,
            Cost::Power => 20,
        }
    }
}

impl Class {
    /// How its operations are computed.
    pub const fn form(self) -> Form {
        match self {
            Class::Creation => Form::Constant,
            Class::UnaryNum | Class::UnaryFloat | Class::Test | Class::UnaryLogic => Form::Elementwise,
            Class::Binary | Class::Compare | Class::BinaryLogic | Class::Elementwise => Form::Elementwise,
            Class::Reduce => Form::Reduction,
            Class::View | Class::Identity => Form::View,
            Class::Lookup => Form::Lookup,
            Class::Draw => Form::Draw,
            Class::Along | Class::Movement | Class::Index | Class::Contract => Form::Kernel,
            Class::Key | Class::Effect | Class::Custom => Form::Kernel,
            Class::CompositeUnary | Class::CompositeReduce | Class::CompositeAlong => Form::Composite,
            Class::Composite => Form::Composite,
        }
    }

    /// Whether its operations are written in terms of others.
    pub const fn is_composite(self) -> bool {
        matches!(self.form(), Form::Composite)
    }
}

impl Op {
    /// The name, as the printed trace writes it.
    pub const fn name(&self) -> &'static str {
        self.code().name()
    }

    /// What errors and reports call it: of an operation of the user's, the name that it was given.
    pub fn label(&self) -> &'static str {
        match self {
            Op::Custom { op, .. } => op.name(),
            other => other.name(),
        }
    }

    /// The class.
    pub const fn class(&self) -> Class {
        self.code().class()
    }

    /// How it is computed.
    pub const fn form(&self) -> Form {
        self.class().form()
    }

    /// Whether it computes each element of its result from the elements at the same place of its operands.
    pub const fn is_elementwise(&self) -> bool {
        matches!(self.form(), Form::Elementwise)
    }

    /// Whether the result is the operand's elements under an affine map.
    pub const fn is_view(&self) -> bool {
        matches!(self.form(), Form::View)
    }

    /// Whether the result needs no operand.
    pub const fn is_creation(&self) -> bool {
        matches!(self.form(), Form::Constant)
    }

    /// Whether it is a reduction that a loop nest can hold.
    pub const fn is_reduce(&self) -> bool {
        matches!(self.form(), Form::Reduction)
    }

    /// Whether it reads elements at computed indices.
    pub const fn is_lookup(&self) -> bool {
        matches!(self.form(), Form::Lookup)
    }

    /// Whether it draws one random number an element.
    pub const fn is_draw(&self) -> bool {
        matches!(self.form(), Form::Draw)
    }

    /// Whether a loop nest can hold it.
    pub const fn fits_a_loop(&self) -> bool {
        !matches!(self.form(), Form::Kernel | Form::Composite)
    }

    /// Whether an element is too expensive to compute twice.
    pub const fn is_costly(&self) -> bool {
        matches!(self.code().cost(), Some(cost) if cost.is_costly())
    }

    /// Whether it must run even if nothing reads its result.
    pub const fn has_effect(&self) -> bool {
        matches!(self.class(), Class::Effect)
    }

    /// Whether its result has only elements of its operands: no arithmetic, no other place of storage than a copy.
    pub const fn moves(&self) -> bool {
        matches!(self, class!(Op, View) | Op::Cat { .. })
    }
}

/// The facts of a class of the table that its rows give.
macro_rules! facts_of_rows {
    ([] $( $class:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:ident $(as $($method:ident)+)? $({ $($fixed:tt)* })? $(: $bound:ident)? $(, $cost:ident)?;
    )* } )*) => {
        $( facts_of_rows! { @class $class $($variant $name)* } )*
    };
    (@class Reduce $($variant:ident $name:ident)*) => {
        /// What a reduction does to two partial results.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum Fold { $($variant),* }

        impl Fold {
            /// The name of the reduction.
            pub const fn name(self) -> &'static str { match self { $(Fold::$variant => stringify!($name)),* } }
        }

        impl Op {
            /// What a loop nest does to two partial results, if it is a reduction that one can hold; and its axes.
            pub const fn reduction(&self) -> Option<(Fold, Axes)> {
                match self { $(Op::$variant { axes, .. } => Some((Fold::$variant, *axes)),)* _ => None }
            }
        }
    };
    (@class $($rest:tt)*) => {};
}

op_rows! { facts_of_rows }

impl Op {
    /// The axes over which it reduces, from the front, sorted; none for what is no reduction of a loop nest.
    pub fn reduced_axes(&self, rank: usize) -> Vec<usize> {
        let Some((_, axes)) = self.reduction() else { return Vec::new() };
        let mut list = axes.resolved(rank);
        list.sort_unstable();
        list
    }
}
