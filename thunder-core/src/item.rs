//! The compile-time trace: what the macro knows of a function, as constant data beside it.
//!
//! An [`Item`] is a tree of [`Node`]s in Rust's evaluation order. Linking records the body once with
//! concrete types and walks the item along the record; what differs is refused.

mod print;

pub use print::Lines;

use crate::op::{Lit, Op};
use crate::types::Ty;

/// A value of the compile-time trace: a tensor, or a structure of them.
pub type Var = u16;

/// The compile-time trace of one function.
#[derive(Debug)]
pub struct Item {
    /// The name: `rms_norm`, `Attention::forward`.
    pub name: &'static str,
    /// The file it stands in.
    pub file: &'static str,
    /// The line of its name.
    pub line: u32,
    /// Names of the dimension variables.
    pub dims: &'static [&'static str],
    /// Names of the generic element types.
    pub elems: &'static [&'static str],
    /// The parameters; they are the first vars.
    pub params: &'static [Param],
    /// The declared result.
    pub result: Spec,
    /// The type of each var, unknown where the macro could not know it.
    pub types: &'static [Ty],
    /// What is computed.
    pub nodes: &'static [Node],
    /// What is returned.
    pub output: Operand,
    /// The number of operands that the macro could not follow.
    pub holes: u32,
    /// What the attribute asks for.
    pub options: Options,
}

/// The options in `#[thunder(…)]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Options {
    /// On CUDA, the launches of a call become one graph, which is launched whole.
    pub cuda_graph: bool,
}

impl Item {
    /// What stands in for the trace of a function that has none.
    pub const OPAQUE: Item = Item {
        name: "",
        file: "",
        line: 0,
        dims: &[],
        elems: &[],
        params: &[],
        result: Spec::Opaque("_"),
        types: &[],
        nodes: &[],
        output: Operand::Hole,
        holes: 0,
        options: Options { cuda_graph: false },
    };

    /// Whether it stands in for a function that has no trace.
    pub const fn is_opaque(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether the two are the trace of one function. A constant may have more than one address.
    pub(crate) fn is(&self, other: &Item) -> bool {
        (self.name, self.file, self.line) == (other.name, other.file, other.line)
    }
}

/// The most parameters that a function has, `self` included.
pub const MAX_PARAMS: usize = 32;

/// A parameter of an [`Item`].
#[derive(Debug)]
pub struct Param {
    /// The name.
    pub name: &'static str,
    /// What the signature says of it.
    pub ty: Spec,
    /// Whether it is taken by reference; by value, its memory is donated.
    pub by_ref: bool,
}

/// What a signature or a field says of a value.
#[derive(Clone, Copy, Debug)]
pub enum Spec {
    /// A tensor.
    Tensor(Ty),
    /// A random key.
    Key,
    /// A Rust scalar or other configuration, by the name of its type.
    Static(&'static str),
    /// A tuple.
    Tuple(&'static [Spec]),
    /// An array, a slice or a `Vec`.
    List(&'static Spec),
    /// An `Option`.
    Option(&'static Spec),
    /// A closure, with what it gives.
    Closure(&'static Spec),
    /// A module or a container, of which only its type says more; as the printed trace shows it.
    Opaque(&'static str),
}

/// A use of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A value the macro followed. It may turn out to be static: of a field, only rustc knows the type.
    Var(Var),
    /// A static value, free where the macro could not read it. Beside a traced operand of an operation it is
    /// recorded as a constant, just before the operation.
    Static(Lit),
    /// A value it could not follow.
    Hole,
}

/// A step from a structure to a part of it. Elements of tuple structs and of enum variants are by index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A named field.
    Field(&'static str),
    /// An element of a tuple, an array or a `Vec`.
    Index(u32),
    /// The element that the current iteration of the loop `site` is at.
    Iter(u16),
    /// An element nothing is known of; in a [`Node::Pack`], all elements or all fields that are not named.
    Any,
}

/// A place in the item's file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A step of a compile-time trace.
#[derive(Debug)]
pub enum Node {
    /// An operation. Where none of its operands turns out to be traced, it was plain Rust, and is not recorded.
    Op {
        /// Its result.
        dst: Var,
        /// The operation; attributes may be free.
        op: Op,
        /// Its operands.
        args: &'static [Operand],
        /// Where.
        at: At,
    },
    /// A call of another item.
    Call {
        /// Its result.
        dst: Var,
        /// What is called.
        callee: Callee,
        /// The arguments, the receiver of a method first.
        args: &'static [Operand],
        /// Where.
        at: At,
    },
    /// A part of a structure.
    Project {
        /// The part.
        dst: Var,
        /// The structure.
        base: Var,
        /// Which part.
        step: Step,
    },
    /// A structure of parts.
    Pack {
        /// The structure.
        dst: Var,
        /// Its parts.
        parts: &'static [(Step, Operand)],
    },
    /// A rebinding, or the value of an arm.
    Assign {
        /// What is bound.
        var: Var,
        /// To what.
        value: Operand,
    },
    /// Appends an element, at the index that is the number of elements so far.
    Collect {
        /// The array.
        dst: Var,
        /// The element.
        value: Operand,
    },
    /// One of several arms, chosen by static values.
    Choice {
        /// The marker.
        site: u16,
        /// The arms.
        arms: &'static [&'static [Node]],
    },
    /// A body that is run any number of times.
    Repeat {
        /// The marker.
        site: u16,
        /// The body.
        body: &'static [Node],
    },
    /// A closure that is given to another item, where [`Callee::Closure`] runs it.
    Closure {
        /// What it is bound to.
        dst: Var,
        /// Its parameters.
        params: &'static [Var],
        /// Its body, over the vars of the item that it stands in.
        body: &'static [Node],
        /// Its result.
        result: Operand,
    },
    /// A transform of a closure.
    Region {
        /// The result.
        dst: Var,
        /// The transform.
        kind: Transform,
        /// The operands outside the closure.
        args: &'static [Operand],
        /// The closure's parameters.
        params: &'static [Var],
        /// The closure's body.
        body: &'static [Node],
        /// The closure's result.
        result: Operand,
        /// Where.
        at: At,
    },
    /// Leaves the item.
    Return {
        /// With this.
        value: Operand,
    },
    /// Leaves the [`Node::Repeat`] this many out; 0 is the innermost.
    Break(u8),
    /// Starts the next iteration of the [`Node::Repeat`] this many out.
    Continue(u8),
}

/// What a call goes to.
#[derive(Clone, Copy)]
pub enum Callee {
    /// A function, by its item (a function pointer, so that recursion is no cycle of constants).
    Fn(fn() -> &'static Item),
    /// A method, whose type only rustc knows: by name.
    Method(&'static str),
    /// A method or a function that is traced, or that is std's and pure: rustc has made sure that it is one of the two.
    /// Only a traced one is recorded.
    Either(&'static str),
    /// A closure that the item was given. What it does is part of the item that it stands in.
    Closure(Var),
}

impl std::fmt::Debug for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Callee::Fn(item) => write!(f, "{}", item().name),
            Callee::Method(name) | Callee::Either(name) => write!(f, "_::{name}"),
            Callee::Closure(var) => write!(f, "v{var}"),
        }
    }
}

/// A transform of the language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transform {
    /// `grad(&x, |x| loss)`.
    Grad,
    /// `value_and_grad(&x, |x| loss)`.
    ValueAndGrad,
    /// `vjp(&x, |x| y, &dy)`.
    Vjp,
    /// `jvp(&x, &dx, |x| y)`.
    Jvp,
    /// `vmap(&xs, |x| y)`.
    Vmap,
    /// `scan(init, &xs, |carry, x| (carry, y))`.
    Scan,
    /// `checkpoint(|| y)`.
    Checkpoint,
    /// `autocast::<E, _>(|| y)`.
    Autocast,
}

/// The functions of std's traits that a type may have, each with the name of its trait.
const STD_TRAIT_FUNCTIONS: &[(&str, &str)] = &[
    ("default", "Default"),
    ("from", "From"),
    ("try_from", "TryFrom"),
    ("from_str", "FromStr"),
    ("from_iter", "FromIterator"),
    ("eq", "PartialEq"),
    ("ne", "PartialEq"),
    ("partial_cmp", "PartialOrd"),
    ("cmp", "Ord"),
    ("add", "Add"),
    ("sub", "Sub"),
    ("mul", "Mul"),
    ("div", "Div"),
    ("rem", "Rem"),
    ("neg", "Neg"),
    ("not", "Not"),
];

/// The trait of std's that has a function of this name, if one has that a body may call by a type.
pub fn std_trait_of(function: &str) -> Option<&'static str> {
    STD_TRAIT_FUNCTIONS.iter().find(|(name, _)| *name == function).map(|(_, of)| *of)
}

/// Whether one of std's traits has a function of this name.
pub fn is_std_trait_function(name: &str) -> bool {
    std_trait_of(name).is_some()
}
