//! How the language spells the operations: the methods and free functions that bodies call, with what each
//! argument is. The macro reads calls by this table; the typed methods build the same operations.

use super::rows::{function_rows, method_list, method_rows, op_rows};
use super::{Causal, CustomRef, Flag, Label, Lit, Op, Reduction};
use crate::types::{Axes, Axis, Elem, Extent, Shape};

/// What an argument of a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    /// A tensor.
    Tensor,
    /// A tensor, or a Rust scalar in the tensor's element type.
    Operand,
    /// `Option<&Tensor>`.
    Optional,
    /// An array, slice or `Vec` of tensors.
    Tensors,
    /// A random key.
    Key,
    /// An axis.
    Axis,
    /// An axis, a tuple or an array of them, or `..` for all.
    Axes,
    /// A tuple of extents.
    Shape,
    /// A static extent or count.
    Extent,
    /// A static scalar.
    Lit,
    /// A tuple of ranges, one a dimension.
    Ranges,
    /// A tuple of pairs `(before, after)`, one a dimension.
    Pads,
    /// A string literal.
    Label,
    /// `Sdpa { causal, alignment, scale }`.
    SdpaOptions,
    /// `CrossEntropy { ignore_index, label_smoothing, reduction }`.
    CrossEntropyOptions,
}

/// An attribute argument as far as it could be read; [`AttrValue::Free`] where it could not.
#[derive(Clone, Copy, Debug)]
pub enum AttrValue {
    /// Unreadable.
    Free,
    /// For [`ArgKind::Axis`].
    Axis(Axis),
    /// For [`ArgKind::Axes`].
    Axes(Axes),
    /// For [`ArgKind::Shape`].
    Shape(Shape),
    /// For [`ArgKind::Ranges`] (start, end) and [`ArgKind::Pads`] (before, after).
    Pair(Shape, Shape),
    /// For [`ArgKind::Extent`].
    Extent(Extent),
    /// For [`ArgKind::Lit`].
    Lit(Lit),
    /// For [`ArgKind::Label`].
    Label(Label),
    /// For [`ArgKind::Optional`]: whether it is there.
    Flag(Flag),
    /// For [`ArgKind::SdpaOptions`].
    Sdpa {
        /// Which keys a query sees.
        causal: Causal,
        /// The scale, if it is given.
        scale: Option<Lit>,
    },
    /// For [`ArgKind::CrossEntropyOptions`].
    CrossEntropy {
        /// Targets that count nothing, if there are any.
        ignore_index: Option<Lit>,
        /// Label smoothing.
        label_smoothing: Lit,
        /// The reduction.
        reduction: Reduction,
    },
}

/// The non-tensor arguments of a call, by position among all of the call's arguments, and its type argument.
#[derive(Clone, Debug, Default)]
pub struct Attrs {
    /// One entry an argument (tensor arguments: [`AttrValue::Free`]).
    pub values: Vec<AttrValue>,
    /// The type argument of `cast::<T>()` and its like.
    pub elem: Option<Elem>,
}

impl Attrs {
    fn axis(&self, i: usize) -> Axis {
        if let Some(AttrValue::Axis(a)) = self.values.get(i) { *a } else { Axis::UNKNOWN }
    }
    fn axes(&self, i: usize) -> Axes {
        if let Some(AttrValue::Axes(a)) = self.values.get(i) { *a } else { Axes::UNKNOWN }
    }
    fn shape(&self, i: usize) -> Shape {
        if let Some(AttrValue::Shape(s)) = self.values.get(i) { *s } else { Shape::UNKNOWN }
    }
    fn pair(&self, i: usize) -> (Shape, Shape) {
        if let Some(AttrValue::Pair(a, b)) = self.values.get(i) {
            (*a, *b)
        } else {
            (Shape::UNKNOWN, Shape::UNKNOWN)
        }
    }
    fn extent(&self, i: usize) -> Extent {
        if let Some(AttrValue::Extent(e)) = self.values.get(i) { *e } else { Extent::UNKNOWN }
    }
    fn lit(&self, i: usize) -> Lit {
        if let Some(AttrValue::Lit(l)) = self.values.get(i) { *l } else { Lit::Free }
    }
    fn label(&self, i: usize) -> Label {
        if let Some(AttrValue::Label(l)) = self.values.get(i) { *l } else { Label::new("") }
    }
    fn flag(&self, i: usize) -> Flag {
        if let Some(AttrValue::Flag(f)) = self.values.get(i) { *f } else { Flag::Free }
    }
    fn elem(&self) -> Elem {
        self.elem.unwrap_or(Elem::Unknown)
    }
    fn full(&self, value: i128, shape: usize) -> Op {
        Op::Full { value: Lit::I(value), elem: self.elem(), shape: self.shape(shape) }
    }
    fn cross_entropy(&self, i: usize) -> Op {
        match self.values.get(i) {
            Some(AttrValue::CrossEntropy { ignore_index, label_smoothing, reduction }) => Op::CrossEntropy {
                ignore_index: *ignore_index,
                label_smoothing: *label_smoothing,
                reduction: *reduction,
            },
            _ => Op::CrossEntropy {
                ignore_index: Some(Lit::Free),
                label_smoothing: Lit::Free,
                reduction: Reduction::Free,
            },
        }
    }
    fn sdpa(&self, i: usize, mask: Flag) -> Op {
        match self.values.get(i) {
            Some(AttrValue::Sdpa { causal, scale }) => Op::Sdpa { causal: *causal, scale: *scale, mask },
            _ => Op::Sdpa { causal: Causal::Free, scale: Some(Lit::Free), mask },
        }
    }
}

/// A method or free function of the language that is one operation.
///
/// Its tensor arguments (the receiver of a method first) are the operation's operands, in order; scalars
/// given for [`ArgKind::Operand`] become constants.
pub struct Method {
    /// The name.
    pub name: &'static str,
    /// The arguments; those of a method without the receiver.
    pub args: &'static [ArgKind],
    /// The operation, from the attributes. Positions count the arguments in `args`.
    pub build: fn(&Attrs) -> Op,
}

/// The methods that are operations.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    REGULAR.iter().copied().flatten().chain(METHODS).chain(KEYS)
}

/// The method called `name`, if an operation has that name.
pub fn method(name: &str) -> Option<&'static Method> {
    methods().find(|m| m.name == name)
}

/// The free functions that are operations.
pub fn free_functions() -> impl Iterator<Item = &'static Method> {
    FREE.iter()
}

/// The free function called `name`, if an operation has that name.
pub fn free_function(name: &str) -> Option<&'static Method> {
    FREE.iter().find(|m| m.name == name)
}

/// Names a body may call on a tensor that are no operation of the table: shape queries, and what the macro
/// writes out itself.
pub const NAMES: &[&str] = &[
    "shape",
    "rank",
    "dtype",
    "rearrange",
    "chunk",
    "chunk_vec",
    "clone",
    "cast_like",
    "index_add",
    "scatter_add",
];

/// The operation by which a method adds at indices along an axis of an extent; the method adds what that gives to its
/// receiver.
pub fn adding(method: &str) -> Option<fn(Axis, Extent) -> Op> {
    match method {
        "index_add" => Some(|axis, extent| Op::IndexAdd { axis, extent }),
        "scatter_add" => Some(|axis, extent| Op::ScatterAdd { axis, extent }),
        _ => None,
    }
}

/// The operation names nearest to a misspelt one, best first.
///
/// ```
/// assert_eq!(thunder_core::op::nearest("softmaxx")[0], "softmax");
/// ```
pub fn nearest(name: &str) -> Vec<&'static str> {
    let mut all: Vec<(usize, &'static str)> = methods()
        .chain(FREE)
        .map(|m| m.name)
        .chain(NAMES.iter().copied())
        .map(|n| (distance(name, n), n))
        .filter(|(d, n)| *d <= 1 + n.len() / 4)
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter().take(3).map(|(_, n)| n).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

/// The methods of one row of the table.
macro_rules! regular {
    (none) => { &[] };
    (unary $op:ident $name:ident $fixed:tt $bound:ident) => { regular! { $name() => |_| Op::$op } };
    (test $op:ident $name:ident $fixed:tt $bound:ident) => { regular! { $name() => |_| Op::$op } };
    (binary $op:ident $name:ident $fixed:tt $bound:ident) => { regular! { $name(Operand) => |_| Op::$op } };
    (compare $op:ident $name:ident $fixed:tt $bound:ident) => { regular! { $name(Operand) => |_| Op::$op } };
    (along $op:ident $name:ident [$($fixed:tt)*] $bound:ident) => { regular! {
        $name(Axis) => |a| Op::$op { axis: a.axis(0), $($fixed)* }
    } };
    (reduce $op:ident $name:ident $keepdim:ident [$($fixed:tt)*] $bound:ident) => { regular! {
        $name(Axes) => |a| Op::$op { axes: a.axes(0), keepdim: Flag::No, $($fixed)* };
        $keepdim(Axes) => |a| Op::$op { axes: a.axes(0), keepdim: Flag::Yes, $($fixed)* }
    } };
    ($($name:ident($($arg:ident)?) => $build:expr);*) => {
        &[$(Method { name: stringify!($name), args: &[$(ArgKind::$arg)?], build: $build }),*]
    };
}

macro_rules! listed {
    ([] $($family:literal { $($name:ident($($arg:ident),*) => $build:expr;)* })*) => {
        &[$($(Method { name: stringify!($name), args: &[$(ArgKind::$arg),*], build: $build }),*),*]
    };
}

static REGULAR: &[&[Method]] = op_rows! { method_list regular };
static METHODS: &[Method] = method_rows! { listed };
static FREE: &[Method] = function_rows! { listed };
/// Those of a key.
static KEYS: &[Method] = &[Method { name: "fold_in", args: &[ArgKind::Operand], build: |_| Op::FoldIn }];
