//! The compile-time trace while it is built: the owned form of [`thunder_core::item`], and its text.

use std::fmt::Display;
use thunder_core::item::{Lines, Transform, Var};
use thunder_core::op::Op;
use thunder_core::types::Ty;

pub use thunder_core::item::Operand;

/// The names of an item's dimension variables.
#[derive(Clone, Default)]
pub struct Dims {
    /// The names, by variable.
    pub names: Vec<String>,
    /// The constant that a variable stands for, where it is one of the user's.
    pub consts: Vec<Option<syn::Path>>,
}

/// The most dimension variables that an item can have.
const MAX_DIMS: usize = 254;

impl Dims {
    /// The variable called `name`.
    pub fn find(&self, name: &str) -> Option<u8> {
        self.names.iter().position(|n| n == name).map(|i| i as u8)
    }

    /// The variable called `name`, made if there is none; `None` if there are too many.
    pub fn intern(&mut self, name: &str) -> Option<u8> {
        self.find(name).or_else(|| self.fresh(name))
    }

    /// A new variable, shown as `name`.
    pub fn fresh(&mut self, name: &str) -> Option<u8> {
        if self.names.len() >= MAX_DIMS {
            return None;
        }
        self.names.push(name.to_string());
        self.consts.push(None);
        Some(self.names.len() as u8 - 1)
    }

    /// The variable that stands for the constant at `path`.
    pub fn constant(&mut self, path: &syn::Path) -> Option<u8> {
        let name = crate::names::path_text(path);
        if let Some(v) = self.find(&name) {
            return Some(v);
        }
        let v = self.fresh(&name)?;
        self.consts[v as usize] = Some(path.clone());
        Some(v)
    }

    /// The names, as inference takes them.
    pub fn list(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// A step from a structure to a part of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// A named field.
    Field(String),
    /// An element of a tuple, an array or a `Vec`.
    Index(u32),
    /// The element that the current iteration of the loop is at.
    Iter(u16),
    /// An element nothing is known of; in a structure, all that are not named.
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

impl At {
    /// Where `span` starts.
    pub fn of(span: proc_macro2::Span) -> At {
        let start = span.start();
        At { line: start.line as u32, column: start.column as u32 + 1 }
    }
}

/// What a call goes to.
#[derive(Clone)]
pub enum Callee {
    /// A function, by its path without generic arguments.
    Fn(syn::Path),
    /// A method, by name.
    Method(String),
    /// A method or a function that is traced, or std's and pure.
    Either(String),
    /// A closure that the item was given.
    Closure(Var),
}

/// A step of the trace.
#[derive(Clone)]
#[allow(clippy::large_enum_variant)] // Operations are the common case.
pub enum Node {
    /// An operation.
    Op { dst: Var, op: Op, args: Vec<Operand>, at: At },
    /// A call of another item.
    Call { dst: Var, callee: Callee, args: Vec<Operand>, at: At },
    /// A part of a structure.
    Project { dst: Var, base: Var, step: Step },
    /// A structure of parts.
    Pack { dst: Var, parts: Vec<(Step, Operand)> },
    /// A rebinding, or the value of an arm.
    Assign { var: Var, value: Operand },
    /// Appends an element.
    Collect { dst: Var, value: Operand },
    /// One of several arms.
    Choice { site: u16, arms: Vec<Vec<Node>> },
    /// A body that is run any number of times.
    Repeat { site: u16, body: Vec<Node> },
    /// A closure that is given to another item.
    Closure { dst: Var, params: Vec<Var>, body: Vec<Node>, result: Operand },
    /// A transform of a closure.
    Region {
        dst: Var,
        kind: Transform,
        args: Vec<Operand>,
        params: Vec<Var>,
        body: Vec<Node>,
        result: Operand,
        at: At,
    },
    /// Leaves the item.
    Return { value: Operand },
    /// Leaves the loop this many out; 0 is the innermost.
    Break(u8),
    /// Starts the next iteration of the loop this many out.
    Continue(u8),
}

/// The built trace of an item.
#[derive(Clone, Default)]
pub struct Body {
    /// The type of each var.
    pub types: Vec<Ty>,
    /// What is computed.
    pub nodes: Vec<Node>,
    /// What is returned.
    pub output: Option<Operand>,
}

impl Body {
    /// The number of operands that could not be followed.
    pub fn holes(&self) -> u32 {
        fn operands(list: &[Operand]) -> u32 {
            list.iter().filter(|o| matches!(o, Operand::Hole)).count() as u32
        }
        fn nodes(list: &[Node]) -> u32 {
            list.iter()
                .map(|n| match n {
                    Node::Op { args, .. } | Node::Call { args, .. } => operands(args),
                    Node::Pack { parts, .. } => parts.iter().map(|(_, o)| operands(&[*o])).sum(),
                    Node::Assign { value, .. } | Node::Collect { value, .. } | Node::Return { value } => {
                        operands(&[*value])
                    }
                    Node::Choice { arms, .. } => arms.iter().map(|a| nodes(a)).sum(),
                    Node::Repeat { body, .. } => nodes(body),
                    Node::Closure { body, result, .. } => nodes(body) + operands(&[*result]),
                    Node::Region { args, body, result, .. } => {
                        operands(args) + nodes(body) + operands(&[*result])
                    }
                    Node::Project { .. } | Node::Break(_) | Node::Continue(_) => 0,
                })
                .sum()
        }
        nodes(&self.nodes) + self.output.map_or(0, |o| operands(&[o]))
    }

    /// The nodes as text, indented by one step.
    pub fn print(&self, lines: &mut Lines<'_>) {
        print(&self.nodes, 1, lines);
        if let Some(o) = self.output {
            lines.gives(1, "return", o);
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use thunder_core::item::Step as Known;
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(i) => Known::Index(*i).fmt(f),
            Step::Iter(site) => Known::Iter(*site).fmt(f),
            Step::Any => Known::Any.fmt(f),
        }
    }
}

/// Prints nodes as [`thunder_core::item::Item`] prints its own: what differs is who owns them.
fn print(list: &[Node], depth: usize, lines: &mut Lines<'_>) {
    for n in list {
        match n {
            Node::Op { dst, op, args, at } => lines.op(depth, *dst, op, args, at.line),
            Node::Call { dst, callee, args, at } => {
                let name = match callee {
                    Callee::Fn(path) => crate::names::path_text(path),
                    Callee::Method(name) | Callee::Either(name) => format!("_::{name}"),
                    Callee::Closure(var) => lines.var(*var),
                };
                lines.call(depth, *dst, &name, args, at.line);
            }
            Node::Project { dst, base, step } => lines.project(depth, *dst, *base, step),
            Node::Pack { dst, parts } => {
                lines.pack(depth, *dst, parts.iter().map(|(s, o)| (s as &dyn Display, *o)));
            }
            Node::Assign { var, value } => lines.assign(depth, *var, *value),
            Node::Collect { dst, value } => lines.collect(depth, *dst, *value),
            Node::Choice { site, arms } => {
                for (k, arm) in arms.iter().enumerate() {
                    lines.arm(depth, *site, k);
                    print(arm, depth + 1, lines);
                }
            }
            Node::Repeat { site, body } => {
                lines.repeat(depth, *site);
                print(body, depth + 1, lines);
            }
            Node::Closure { dst, params, body, result } => {
                lines.closure(depth, *dst, params);
                print(body, depth + 1, lines);
                lines.gives(depth + 1, "give", *result);
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                lines.region(depth, *dst, *kind, args, params, at.line);
                print(body, depth + 1, lines);
                lines.gives(depth + 1, "give", *result);
            }
            Node::Return { value } => lines.gives(depth, "return", *value),
            Node::Break(n) => lines.leaves(depth, "break", *n),
            Node::Continue(n) => lines.leaves(depth, "continue", *n),
        }
    }
}
