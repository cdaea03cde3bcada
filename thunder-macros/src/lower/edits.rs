//! The edits that lowering asks for, by the address of the syntax they apply to.
//!
//! Lowering only reads the tree, because it walks loops and closures more than once. The tree does not move
//! between lowering and `expand::body`, which applies the edits.

use proc_macro2::Span;
use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use syn::Expr;
use thunder_core::item::Var;
use thunder_core::types::Extent;

/// Identifies a piece of syntax in a tree that does not move: an address, and what is there, because a node and its
/// first field share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Place(usize, TypeId);

impl Place {
    /// The place of `syntax`.
    pub fn of<T: 'static>(syntax: &T) -> Place {
        Place(std::ptr::from_ref(syntax) as usize, TypeId::of::<T>())
    }
}

/// A change to an expression.
#[derive(Clone, Debug)]
pub enum Edit {
    /// `a + b` becomes a call of this function; known numbers are marked.
    Binary { function: &'static str, lit_left: bool, lit_right: bool },
    /// An integer literal gets this suffix.
    Suffix { suffix: &'static str },
    /// `-a` becomes a call of this function.
    Unary { function: &'static str },
    /// An operator on static values stays: that of a type of the user's own must be traced, and what may overflow is
    /// asked first.
    Plain { by: &'static str, asks: bool, overflow: Option<&'static str> },
    /// The value of the expression must be of a type whose trait of std's, which is reached next, is pure or traced.
    Asked { by: &'static str },
    /// The receiver of the method must, unless the method may be and is a traced one of the same name.
    AskedReceiver { by: &'static str, or_traced: bool },
    /// What is indexed must.
    Indexed,
    /// What is dereferenced must.
    Dereferenced,
    /// A call that converts its argument or its receiver, or several: between types of which that is known.
    Converted { by: &'static str, fallible: bool },
    /// What a text is parsed as must be a type of which that is known.
    Parsed,
    /// A call of a function of std's whose arguments must be.
    AskedArguments { by: &'static str },
    /// `iterator.sum()`, `iterator.product()` become the runtime's function of this name.
    Total { function: &'static str },
    /// A method of a number that may overflow.
    Overflows { method: &'static str },
    /// The condition must be static.
    Condition,
    /// The value must be a static number: the runtime's function of this name says so.
    Number { function: &'static str },
    /// What the closure of a `filter` gives is logged at this site: the rest of the iteration is an arm.
    Kept { site: u16 },
    /// `x?` logs at this site whether it leaves.
    Question { site: u16 },
    /// What is changed in its place must be a plain Rust value: rustc knows whether it is a tensor.
    Changed,
    /// A comparison by this function, of values of which none is known to be a tensor: as Rust compares them, if rustc
    /// finds none. Sides that are static are marked, those that are numbers twice.
    Compared { function: &'static str, left: Side, right: Side },
    /// A message shows the value, which must hold no tensor.
    Formatted,
    /// The name of a dimension in scope.
    Dim,
    /// The name of a constant, or of a variable that there is not: rustc is asked where it stands, so that it says the
    /// same of it twice.
    Constant,
    /// `x.rearrange(|…| …)`, by its atoms' extents: an identifier of the body or none.
    Rearrange { extents: Vec<Option<String>> },
    /// `einsum("…", …)`, by the ranks of its operands and its result.
    Einsum { ranks: Vec<usize>, result: usize },
    /// `x.chunk(3, -1)` gives an array.
    Chunk { count: usize },
    /// `x.matmul(y)` becomes this function: a side has leading dimensions that are generic.
    Matmul { function: &'static str },
    /// `key.split(2)` gives an array.
    KeySplit { count: usize },
    /// The method called must be traced: its twin says so.
    TracedMethod,
    /// The method called must be traced, if that is known of one of these results: it may be walked more than once.
    ///
    /// A receiver that is no part of a parameter is asked itself.
    TracedCall { results: Vec<Var>, asks: bool },
    /// The method called must be std's; or, where it logs at a site which of the two it is, traced. If it changes a
    /// receiver of which only rustc knows the type, that must hold no tensors.
    StdMethod { site: Option<u16>, changes: bool },
    /// The constructor called must be one: rustc takes it for a pattern then. Of what type, it is asked unless the
    /// signature has it.
    Constructor { asks: bool },
    /// What is given to std by name must be a constructor: a closure calls it.
    ConstructorGiven,
    /// What a struct literal makes must be of a type that is std's or the language's.
    Made,
    /// The same of what a path names: a variant, a unit struct, a constant.
    Value,
    /// The associated function called must be traced: its twin says so.
    TracedAssociated,
    /// The function called must be traced: its companion says so.
    TracedFn,
    /// A method becomes a call of the runtime's function of its name, which logs at this site: the parts of
    /// `x.chunk_vec(n, -1)` are iterations, the cases of `x.unwrap_or(y)` arms.
    Logged { site: u16 },
}

/// What is known of a side of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Nothing.
    Unknown,
    /// It is static, and may be a number.
    Static,
    /// It is a number whose type may follow from the other side's.
    Number,
}

/// A marker that the body logs while it is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Marker {
    /// Arm `1` of choice `0` runs.
    Arm(u16, u16),
    /// An iteration of loop `0` begins.
    Iter(u16),
}

/// What a `let` with a type states of its value.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The name bound.
    pub name: String,
    /// Where the annotation is.
    pub span: Span,
    /// For each dimension, the name or the number that it asserts.
    pub asserts: Vec<Option<Claim>>,
    /// Names that it binds: `(name, dimension)`.
    pub binds: Vec<(String, usize)>,
}

/// An extent that an annotation asserts.
#[derive(Clone, Debug)]
pub struct Claim {
    /// How it prints.
    pub text: String,
    /// What it is, over names in scope.
    pub extent: Extent,
}

/// Everything that is to change in a body.
#[derive(Default)]
pub struct Edits {
    /// Changes to expressions, in the order in which they apply: a condition may be an operator too.
    pub exprs: HashMap<Place, Vec<Edit>>,
    /// Markers first thing in a block, an arm, a branch or a closure.
    pub markers: HashMap<Place, Vec<Marker>>,
    /// Markers in the missing `else` of an `if`.
    pub missing: HashMap<Place, Marker>,
    /// Annotations of `let`s.
    pub stated: HashMap<Place, Stated>,
    /// The names that a message captures and that must hold no tensor.
    pub captured: HashMap<Place, BTreeSet<String>>,
    /// Twins that the body asks for: of methods, and of associated functions with their number of arguments.
    pub twins: (BTreeSet<String>, BTreeMap<String, usize>),
    /// Methods of receivers that only rustc knows which, of a tensor, are misspelt operations, with their number of
    /// arguments.
    pub misspelt: BTreeMap<String, usize>,
    /// Whether what is walked must stay a constant expression: the length of an array.
    pub constant: bool,
}

impl Edits {
    /// Asks for `edit` of `e`.
    pub fn expr(&mut self, e: &Expr, edit: Edit) {
        if self.constant && matches!(edit, Edit::Plain { .. }) {
            return;
        }
        let list = self.exprs.entry(Place::of(e)).or_default();
        // What may be a tensor is no plain operator, and what certainly is one is compared in one form only: a closure may be
        // walked with tensors, with plain values, and with values of which nothing is known.
        let rank = |e: &Edit| match e {
            Edit::Plain { .. } => 1,
            Edit::Compared { .. } => 2,
            Edit::Binary { .. } | Edit::Unary { .. } => 3,
            _ => 0,
        };
        let new = rank(&edit);
        if new > 0 {
            if list.iter().any(|o| rank(o) > new) {
                return;
            }
            list.retain(|o| rank(o) == 0 || rank(o) == new);
        }
        // What is walked more than once asks for the same again, and asks last for what is certain of it.
        let Some(old) = list.iter_mut().find(|o| std::mem::discriminant(*o) == std::mem::discriminant(&edit))
        else {
            let wraps = matches!(
                edit,
                Edit::Condition
                    | Edit::Number { .. }
                    | Edit::Changed
                    | Edit::Kept { .. }
                    | Edit::Formatted
                    | Edit::TracedMethod
                    | Edit::TracedCall { .. }
                    | Edit::TracedAssociated
                    | Edit::TracedFn
                    | Edit::StdMethod { .. }
                    | Edit::Constructor { .. }
                    | Edit::Made
                    | Edit::Value
                    | Edit::Asked { .. }
                    | Edit::Parsed
            );
            // What asks for a method's receiver comes before what asks for what the method gives.
            let given = |o: &Edit| matches!(o, Edit::Asked { .. } | Edit::Parsed);
            let at = match edit {
                Edit::StdMethod { .. } => list.iter().position(given).unwrap_or(list.len()),
                _ if wraps => list.len(),
                _ => 0,
            };
            list.insert(at, edit);
            return;
        };
        // A closure may be walked with numbers and with tensors: what is a number every time stays marked.
        if let (Edit::Binary { lit_left: l, lit_right: r, .. }, Edit::Binary { lit_left, lit_right, .. }) =
            (&mut *old, &edit)
        {
            *l &= lit_left;
            *r &= lit_right;
            return;
        }
        if let (Edit::Compared { left: l, right: r, .. }, Edit::Compared { left, right, .. }) =
            (&mut *old, &edit)
        {
            *l = if *l == *left { *l } else { Side::Unknown };
            *r = if *r == *right { *r } else { Side::Unknown };
            return;
        }
        if let (Edit::TracedCall { results, .. }, Edit::TracedCall { results: more, .. }) = (&mut *old, &edit)
        {
            results.extend(more);
            return;
        }
        *old = edit;
    }

    /// Asks for `marker` at `syntax`.
    pub fn marker<T: 'static>(&mut self, syntax: &T, marker: Marker) {
        let list = self.markers.entry(Place::of(syntax)).or_default();
        if !list.contains(&marker) {
            list.push(marker);
        }
    }
}
