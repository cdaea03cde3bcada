//! The compile-time trace while it is built: the owned form of [`thunder_core::item`], and its text.

use std::fmt::Write;
use thunder_core::item::{Transform, Var};
use thunder_core::op::{Lit, Op};
use thunder_core::types::{Text, Ty};

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

/// A use of a value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Operand {
    /// A value the macro followed.
    Var(Var),
    /// A static value, free where the macro can't read it.
    Static(Lit),
    /// A value it could not follow.
    Hole,
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
    pub fn text(&self, dims: &Dims, elems: &[String]) -> String {
        let elems: Vec<&str> = elems.iter().map(String::as_str).collect();
        let mut printer = Printer { body: self, dims: dims.list(), elems, out: String::new() };
        printer.nodes(&self.nodes, 1);
        if let Some(o) = self.output {
            let line = format!("return {}", operand(o));
            printer.line(1, &line, None);
        }
        printer.out
    }
}

struct Printer<'a> {
    body: &'a Body,
    dims: Vec<&'a str>,
    elems: Vec<&'a str>,
    out: String,
}

fn operand(o: Operand) -> String {
    match o {
        Operand::Var(v) => format!("v{v}"),
        Operand::Hole => "?".into(),
        Operand::Static(lit) => {
            let mut text = String::new();
            thunder_core::op::Attr::print(&lit, &[], &mut text);
            text
        }
    }
}

fn operands(list: &[Operand]) -> String {
    list.iter().map(|&o| operand(o)).collect::<Vec<_>>().join(", ")
}

fn step(s: &Step) -> String {
    match s {
        Step::Field(name) => format!(".{name}"),
        Step::Index(i) => format!(".{i}"),
        Step::Iter(site) => format!("[#{site}]"),
        Step::Any => "[_]".into(),
    }
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, text: &str, at: Option<At>) {
        let line = format!("{}{text}", "  ".repeat(depth));
        let _ = match at {
            Some(at) => writeln!(self.out, "{line:<56} # :{}", at.line),
            None => writeln!(self.out, "{line}"),
        };
    }

    fn dst(&self, v: Var) -> String {
        let ty = self.body.types.get(v as usize).copied().unwrap_or(Ty::UNKNOWN);
        if ty == Ty::UNKNOWN {
            return format!("v{v}");
        }
        format!("v{v}: {}", Text::new().ty(&ty, &self.dims, &self.elems))
    }

    fn nodes(&mut self, list: &[Node], depth: usize) {
        for n in list {
            self.node(n, depth);
        }
    }

    fn node(&mut self, n: &Node, depth: usize) {
        match n {
            Node::Op { dst, op, args, at } => {
                let mut parts: Vec<String> = args.iter().map(|&a| operand(a)).collect();
                parts.extend(op.attrs(&self.dims).into_iter().map(|(name, value)| format!("{name}={value}")));
                let text = format!("{} = {} {}", self.dst(*dst), op.name(), parts.join(", "));
                self.line(depth, text.trim_end(), Some(*at));
            }
            Node::Call { dst, callee, args, at } => {
                let name = match callee {
                    Callee::Fn(path) => crate::names::path_text(path),
                    Callee::Method(name) => format!("_::{name}"),
                    Callee::Closure(var) => format!("v{var}"),
                };
                let text = format!("{} = {name}({})", self.dst(*dst), operands(args));
                self.line(depth, &text, Some(*at));
            }
            Node::Project { dst, base, step: s } => {
                let text = format!("{} = v{base}{}", self.dst(*dst), step(s));
                self.line(depth, &text, None);
            }
            Node::Pack { dst, parts } => {
                let parts: Vec<String> =
                    parts.iter().map(|(s, o)| format!("{}: {}", step(s), operand(*o))).collect();
                let text = format!("{} = {{{}}}", self.dst(*dst), parts.join(", "));
                self.line(depth, &text, None);
            }
            Node::Assign { var, value } => {
                let text = format!("{} := {}", self.dst(*var), operand(*value));
                self.line(depth, &text, None);
            }
            Node::Collect { dst, value } => {
                let text = format!("v{dst}[+] = {}", operand(*value));
                self.line(depth, &text, None);
            }
            Node::Choice { site, arms } => {
                for (k, arm) in arms.iter().enumerate() {
                    let head = if k == 0 { "choice" } else { "or" };
                    self.line(depth, &format!("{head} #{site}:"), None);
                    self.nodes(arm, depth + 1);
                }
            }
            Node::Repeat { site, body } => {
                self.line(depth, &format!("repeat #{site}:"), None);
                self.nodes(body, depth + 1);
            }
            Node::Closure { dst, params, body, result } => {
                let params: Vec<String> = params.iter().map(|&p| self.dst(p)).collect();
                self.line(depth, &format!("{} = closure |{}|", self.dst(*dst), params.join(", ")), None);
                self.nodes(body, depth + 1);
                self.line(depth + 1, &format!("give {}", operand(*result)), None);
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                let params: Vec<String> = params.iter().map(|&p| self.dst(p)).collect();
                let text = format!(
                    "{} = {} {} |{}|",
                    self.dst(*dst),
                    transform(*kind),
                    operands(args),
                    params.join(", ")
                );
                self.line(depth, &text, Some(*at));
                self.nodes(body, depth + 1);
                self.line(depth + 1, &format!("give {}", operand(*result)), None);
            }
            Node::Return { value } => self.line(depth, &format!("return {}", operand(*value)), None),
            Node::Break(n) => self.line(depth, &leaving("break", *n), None),
            Node::Continue(n) => self.line(depth, &leaving("continue", *n), None),
        }
    }
}

/// The name of a transform, as users write it.
pub fn transform(kind: Transform) -> &'static str {
    match kind {
        Transform::Grad => "grad",
        Transform::ValueAndGrad => "value_and_grad",
        Transform::Vjp => "vjp",
        Transform::Jvp => "jvp",
        Transform::Vmap => "vmap",
        Transform::Scan => "scan",
        Transform::Checkpoint => "checkpoint",
        Transform::Autocast => "autocast",
    }
}

/// `break`, and how many loops out if not of the innermost.
fn leaving(word: &str, n: u8) -> String {
    if n == 0 { word.to_string() } else { format!("{word} {n} out") }
}
