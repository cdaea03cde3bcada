//! The operation table.

use super::attr::{Attr, AttrRef, Causal, Flag, Label, Pattern, Reduction};
use super::custom::CustomRef;
use super::facts::{Class, Cost};
use super::lit::Lit;
use super::rows::op_rows;
use crate::types::{Axes, Axis, Elem, Extent, Shape};

macro_rules! op_table {
    ([] $( $class:ident { $(
        $(#[doc = $doc:literal])*
        $variant:ident $({ $($field:ident : $ty:ty),* $(,)? })? = $name:ident $(as $($method:ident)+)? $({ $($fixed:tt)* })? $(: $bound:ident)? $(, $cost:ident)?;
    )* } )*) => {
        /// An operation with its attributes.
        ///
        /// Operands broadcast as NumPy's do wherever a row says *elementwise*.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum Op { $($( $(#[doc = $doc])* $variant $({ $($field: $ty),* })?, )*)* }

        /// The name of an operation, without its attributes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs)]
        #[repr(u8)]
        pub enum Opcode { $($( $variant, )*)* }

        impl Opcode {
            /// Every operation, in the table's order.
            pub const ALL: &'static [Opcode] = &[$($( Opcode::$variant, )*)*];
            /// The name, as the printed trace writes it.
            pub const fn name(self) -> &'static str { match self { $($( Opcode::$variant => stringify!($name), )*)* } }
            /// The class.
            pub const fn class(self) -> Class { match self { $($( Opcode::$variant => Class::$class, )*)* } }
            /// The documentation, with the formula.
            pub const fn doc(self) -> &'static str { match self { $($( Opcode::$variant => concat!($($doc, "\n"),*), )*)* } }
            /// What an element of it costs, if it is an elementwise operation.
            pub const fn cost(self) -> Option<Cost> { match self { $($( Opcode::$variant => cost!($class $($cost)?), )*)* } }
        }

        impl Op {
            /// The operation without its attributes.
            pub const fn code(&self) -> Opcode { match self { $($( Op::$variant { .. } => Opcode::$variant, )*)* } }

            /// Whether `linked` is one that `self`, from the compile-time trace, allows: the same operation, and
            /// each attribute equal or free.
            pub fn allows(&self, linked: &Op, bindings: &[Extent]) -> bool {
                let _ = bindings;
                match (self, linked) {
                    $($( (Op::$variant $({ $($field),* })?, Op::$variant { .. }) => {
                        $( $( let mine = $field; let Op::$variant { $field: other, .. } = linked else { return false };
                              if !Attr::allows(mine, other, bindings) { return false; } )* )?
                        true
                    } )*)*
                    _ => false,
                }
            }

            /// The attributes as `(name, value)`, in the table's order.
            pub fn fields(&self) -> Vec<(&'static str, AttrRef<'_>)> {
                match self {
                    $($( Op::$variant $({ $($field),* })? => vec![$( $( (stringify!($field), Attr::view($field)) ),* )?], )*)*
                }
            }

            /// The operation on many examples at once, which lie along a new first dimension: its axes are one more. An
            /// example has `rank` dimensions.
            pub fn batched(&self, rank: usize) -> Op {
                let _ = rank;
                match self {
                    $($( Op::$variant $({ $($field),* })? => Op::$variant $({ $($field: Attr::batched($field, rank)),* })?, )*)*
                }
            }

            /// The first attribute with an extent that is no number, in a linked trace.
            pub(crate) fn unknown_extent(&self) -> Option<&'static str> {
                let unknown = |a: &AttrRef<'_>| match a {
                    AttrRef::Extent(e) => e.is_unknown(),
                    AttrRef::Shape(s) => s.dims().iter().any(Extent::is_unknown),
                    _ => false,
                };
                self.fields().into_iter().find(|(_, a)| unknown(a)).map(|(name, _)| name)
            }

            /// The attributes as `(name, text)`, dimension variables by the names in `dims`.
            pub fn attrs(&self, dims: &[&str]) -> Vec<(&'static str, String)> {
                let _ = dims;
                match self {
                    $($( Op::$variant $({ $($field),* })? => {
                        #[allow(unused_mut)]
                        let mut list = Vec::new();
                        $( $( let mut text = String::new(); Attr::print($field, dims, &mut text);
                              list.push((stringify!($field), text)); )* )?
                        list
                    } )*)*
                }
            }
        }

        /// The operations of a class as a pattern, of [`Op`] or of [`Opcode`]: `class!(Op, Binary)`. With it a match is
        /// exhaustive without `_`, and an operation that a class describes needs no line of its own. Attributes that all of a
        /// class have can be bound: `class!(Op, Reduce, axes, keepdim)`.
        macro_rules! class {
            $(
                ($e:ident, $class) => { $($e::$variant { .. })|* };
                ($e:ident, $class, $a:ident) => { $($e::$variant { $a, .. })|* };
                ($e:ident, $class, $a:ident, $b:ident) => { $($e::$variant { $a, $b, .. })|* };
            )*
        }
        pub(crate) use class;

        /// [`class!`] for the other crates.
        #[macro_export]
        #[doc(hidden)]
        macro_rules! op_class {
            $( ($e:ident, $class) => { $($e::$variant { .. })|* }; )*
        }
    };
}

/// The cost in a row: those of elementwise operations have one.
macro_rules! cost {
    (UnaryNum $cost:ident) => {
        Some(Cost::$cost)
    };
    (UnaryFloat $cost:ident) => {
        Some(Cost::$cost)
    };
    (UnaryLogic $cost:ident) => {
        Some(Cost::$cost)
    };
    (Test $cost:ident) => {
        Some(Cost::$cost)
    };
    (Binary $cost:ident) => {
        Some(Cost::$cost)
    };
    (BinaryLogic $cost:ident) => {
        Some(Cost::$cost)
    };
    (Compare $cost:ident) => {
        Some(Cost::$cost)
    };
    (Elementwise $cost:ident) => {
        Some(Cost::$cost)
    };
    ($class:ident) => {
        None
    };
}

op_rows! { op_table }
