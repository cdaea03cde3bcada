//! The compile-time trace: what the macro knows about a function, emitted as constant data next to it.
//!
//! An [`Item`] is a tree of [`Node`]s in Rust's order of evaluation. Linking records the body once with concrete types
//! and compares the record with the item. Any difference is an error.

mod print;

pub use print::Lines;

use crate::op::{Lit, Op};
use crate::types::Ty;

/// A value of the compile-time trace: a tensor, or a structure of them.
pub type Var = u16;

/// The compile-time trace of one function.
#[derive(Debug)]
pub struct Item {
    /// The function's name: `rms_norm`, `Attention::forward`.
    pub name: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line of its name.
    pub line: u32,
    /// Names of the dimension variables.
    pub dims: &'static [&'static str],
    /// Names of the generic element types.
    pub elems: &'static [&'static str],
    /// The parameters. They are the first variables.
    pub params: &'static [Param],
    /// The declared result.
    pub result: Spec,
    /// The type of each variable; unknown where the macro could not infer it.
    pub types: &'static [Ty],
    /// The nodes, in order.
    pub nodes: &'static [Node],
    /// The value that the function returns.
    pub output: Operand,
    /// The number of operands whose definition the macro could not find.
    pub holes: u32,
    /// The options of the attribute.
    pub options: Options,
}

/// The options in `#[thunder(…)]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Options {
    /// On CUDA, the launches of a call become one CUDA graph.
    pub cuda_graph: bool,
}

impl Item {
    /// A placeholder for the trace of a function that has none.
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

    /// Whether this is the placeholder for a function without a trace.
    pub const fn is_opaque(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether both are the trace of the same function. Addresses can't tell, because a constant can have several.
    pub(crate) fn is(&self, other: &Item) -> bool {
        (self.name, self.file, self.line) == (other.name, other.file, other.line)
    }
}

/// The largest number of parameters of a function, `self` included.
pub const MAX_PARAMS: usize = 32;

/// A parameter of an [`Item`].
#[derive(Debug)]
pub struct Param {
    /// The name.
    pub name: &'static str,
    /// The declared type.
    pub ty: Spec,
    /// Whether it is taken by reference. An argument taken by value is donated.
    pub by_ref: bool,
}

/// A type as a signature or a field declares it.
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
    /// A closure, with the type of its result.
    Closure(&'static Spec),
    /// A module or a container, by the text of its type in the printed trace. Only rustc knows more about it.
    Opaque(&'static str),
}

/// An operand: a use of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// A variable whose definition is in the trace. It may be a static value: only rustc knows the types of fields.
    Var(Var),
    /// A static value, [free](Lit::Free) if the macro does not know it. If the operation has a traced operand too, the
    /// value is recorded as a constant just before the operation.
    Static(Lit),
    /// A value whose definition the macro could not find.
    Hole,
}

/// A step from a structure to a part of it. Elements of tuple structs and of enum variants are counted by index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A named field.
    Field(&'static str),
    /// An element of a tuple, an array or a `Vec`.
    Index(u32),
    /// The element of the current iteration of the loop `site`.
    Iter(u16),
    /// An unknown element; in a [`Node::Pack`], all elements, or all fields that are not named.
    Any,
}

/// A location in the item's file.
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
    /// An operation. If linking finds that none of its operands is traced, it was plain Rust and is not recorded.
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
        /// The function that is called.
        callee: Callee,
        /// The arguments, the receiver of a method first.
        args: &'static [Operand],
        /// Where.
        at: At,
    },
    /// Takes a part of a structure.
    Project {
        /// The part.
        dst: Var,
        /// The structure.
        base: Var,
        /// Which part.
        step: Step,
    },
    /// Builds a structure from parts.
    Pack {
        /// The structure.
        dst: Var,
        /// Its parts.
        parts: &'static [(Step, Operand)],
    },
    /// A rebinding, or the value of an arm.
    Assign {
        /// The variable.
        var: Var,
        /// Its new value.
        value: Operand,
    },
    /// Appends an element at the end of a list.
    Collect {
        /// The list.
        dst: Var,
        /// The element.
        value: Operand,
    },
    /// One of several arms, chosen by static values.
    Choice {
        /// The number that the log has for it.
        site: u16,
        /// The arms.
        arms: &'static [&'static [Node]],
    },
    /// A loop: a body that runs any number of times.
    Repeat {
        /// The number that the log has for it.
        site: u16,
        /// The body.
        body: &'static [Node],
    },
    /// A closure that is passed to another item, where [`Callee::Closure`] calls it.
    Closure {
        /// The variable that it is bound to.
        dst: Var,
        /// Its parameters.
        params: &'static [Var],
        /// Its body, which uses the variables of the item where it is written.
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
    /// Returns from the item.
    Return {
        /// The returned value.
        value: Operand,
    },
    /// Breaks out of a [`Node::Repeat`]: 0 is the innermost one, 1 the one around it.
    Break(u8),
    /// Continues with the next iteration of a [`Node::Repeat`], counted likewise.
    Continue(u8),
}

/// The target of a call.
#[derive(Clone, Copy)]
pub enum Callee {
    /// A function, by its item. It is a function pointer, so that recursion does not make a cycle of constants.
    Fn(fn() -> &'static Item),
    /// A method, by name. Only rustc knows the type that it belongs to.
    Method(&'static str),
    /// A method or a function that is either traced, or pure and from std. rustc has checked that it is one of the two.
    /// Only a traced one is recorded.
    Either(&'static str),
    /// A closure parameter. The closure's body is part of the item where it is written.
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

/// Functions of std's traits that a body can call by a type's name, each with the name of its trait.
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

/// The std trait with a function of this name that a body can call by a type's name, if there is one.
pub fn std_trait_of(function: &str) -> Option<&'static str> {
    STD_TRAIT_FUNCTIONS.iter().find(|(name, _)| *name == function).map(|(_, of)| *of)
}

/// Whether a std trait has a function of this name.
pub fn is_std_trait_function(name: &str) -> bool {
    std_trait_of(name).is_some()
}
