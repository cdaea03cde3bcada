//! The text of a compile-time trace, as `println!("{}", rms_norm::TRACE)` and the documentation show it.
//!
//! [`Lines`] writes the lines. Two walks use it: the walk over an [`Item`] in this file, and the macro's walk over its own
//! form of the trace.

use super::{Callee, Item, Node, Operand, Spec, Step, Transform, Var};
use crate::op::{Attr, Op};
use crate::types::{Text, Ty};
use std::fmt::{self, Display, Write};

/// The lines of a trace as they are written.
pub struct Lines<'a> {
    params: Vec<String>,
    types: &'a [Ty],
    dims: Vec<&'a str>,
    elems: Vec<&'a str>,
    out: String,
}

impl<'a> Lines<'a> {
    /// An empty text, for a trace whose first variables have the names `params`.
    pub fn new(
        params: impl IntoIterator<Item = &'a str>,
        types: &'a [Ty],
        dims: Vec<&'a str>,
        elems: Vec<&'a str>,
    ) -> Lines<'a> {
        // A parameter that is a pattern has no name in the user's source.
        let shown = |(i, name): (usize, &str)| {
            if name.starts_with("__") { format!("v{i}") } else { name.to_string() }
        };
        let params = params.into_iter().enumerate().map(shown).collect();
        Lines { params, types, dims, elems, out: String::new() }
    }

    /// The lines so far.
    pub fn finish(self) -> String {
        self.out
    }

    /// The text of a type, with the names of the trace.
    pub fn ty(&self, ty: &Ty) -> String {
        Text::new().ty(ty, &self.dims, &self.elems).as_str().to_string()
    }

    /// The first line: the parameters as the signature declares them, and the location of the function.
    pub fn head(&mut self, name: &str, params: &[String], result: &str, place: Option<(&str, u32)>) {
        let declared = self.params.iter().zip(params);
        let declared = declared.map(|(name, ty)| {
            if let ("self", by) = (name.as_str(), ty) { format!("{by}self") } else { format!("{name}: {ty}") }
        });
        let declared: Vec<String> = declared.collect();
        let line = format!("trace {name}({}) -> {result}", declared.join(", "));
        let _ = match place {
            Some((file, at)) => writeln!(self.out, "{line}   # lowered from {file}:{at}"),
            None => writeln!(self.out, "{line}"),
        };
    }

    /// A line indented by `depth` levels, with the source line that it came from.
    pub fn line(&mut self, depth: usize, text: &str, at: Option<u32>) {
        let line = format!("{}{}", "  ".repeat(depth), text.trim_end());
        let _ = match at {
            Some(at) => writeln!(self.out, "{line:<56} # :{at}"),
            None => writeln!(self.out, "{line}"),
        };
    }

    /// The last line, if the trace has holes.
    pub fn holes(&mut self, holes: u32) {
        if holes > 0 {
            let s = if holes == 1 { "" } else { "s" };
            self.line(1, &format!("# {holes} hole{s}: `?` stands for what only linking knows"), None);
        }
    }

    /// A use of a variable.
    pub fn var(&self, v: Var) -> String {
        self.params.get(usize::from(v)).cloned().unwrap_or_else(|| format!("v{v}"))
    }

    /// A variable at its definition.
    pub fn dst(&self, v: Var) -> String {
        match self.types.get(usize::from(v)) {
            Some(ty) if *ty != Ty::UNKNOWN => format!("{}: {}", self.var(v), self.ty(ty)),
            _ => self.var(v),
        }
    }

    /// Variables at their definition, as a closure's parameters.
    pub fn bound(&self, list: &[Var]) -> String {
        let list: Vec<String> = list.iter().map(|&v| self.dst(v)).collect();
        format!("|{}|", list.join(", "))
    }

    /// A use of a value.
    pub fn operand(&self, o: Operand) -> String {
        match o {
            Operand::Var(v) => self.var(v),
            Operand::Hole => "?".into(),
            Operand::Static(lit) => {
                let mut text = String::new();
                lit.print(&[], &mut text);
                text
            }
        }
    }

    /// Uses of values, in order.
    pub fn operands(&self, list: &[Operand]) -> String {
        list.iter().map(|&o| self.operand(o)).collect::<Vec<_>>().join(", ")
    }

    /// An operation.
    pub fn op(&mut self, depth: usize, dst: Var, op: &Op, args: &[Operand], at: u32) {
        let mut parts: Vec<String> = args.iter().map(|&a| self.operand(a)).collect();
        parts.extend(op.attrs(&self.dims).into_iter().map(|(name, value)| format!("{name}={value}")));
        let text = format!("{} = {} {}", self.dst(dst), op.name(), parts.join(", "));
        self.line(depth, &text, Some(at));
    }

    /// A call of `name`.
    pub fn call(&mut self, depth: usize, dst: Var, name: &str, args: &[Operand], at: u32) {
        let text = format!("{} = {name}({})", self.dst(dst), self.operands(args));
        self.line(depth, &text, Some(at));
    }

    /// A part of a structure.
    pub fn project(&mut self, depth: usize, dst: Var, base: Var, step: &dyn Display) {
        let text = format!("{} = {}{step}", self.dst(dst), self.var(base));
        self.line(depth, &text, None);
    }

    /// A structure of parts.
    pub fn pack<'s>(
        &mut self,
        depth: usize,
        dst: Var,
        parts: impl Iterator<Item = (&'s dyn Display, Operand)>,
    ) {
        let parts: Vec<String> = parts.map(|(s, o)| format!("{s}: {}", self.operand(o))).collect();
        let text = format!("{} = {{{}}}", self.dst(dst), parts.join(", "));
        self.line(depth, &text, None);
    }

    /// A rebinding.
    pub fn assign(&mut self, depth: usize, var: Var, value: Operand) {
        let text = format!("{} := {}", self.dst(var), self.operand(value));
        self.line(depth, &text, None);
    }

    /// An element that is appended.
    pub fn collect(&mut self, depth: usize, dst: Var, value: Operand) {
        let text = format!("{}[+] = {}", self.var(dst), self.operand(value));
        self.line(depth, &text, None);
    }

    /// The result of an item or a closure.
    pub fn gives(&mut self, depth: usize, word: &str, value: Operand) {
        let text = format!("{word} {}", self.operand(value));
        self.line(depth, &text, None);
    }

    /// The head of a closure.
    pub fn closure(&mut self, depth: usize, dst: Var, params: &[Var]) {
        let text = format!("{} = closure {}", self.dst(dst), self.bound(params));
        self.line(depth, &text, None);
    }

    /// The head of a transform.
    pub fn region(
        &mut self,
        depth: usize,
        dst: Var,
        kind: Transform,
        args: &[Operand],
        params: &[Var],
        at: u32,
    ) {
        let text =
            format!("{} = {} {} {}", self.dst(dst), kind.name(), self.operands(args), self.bound(params));
        self.line(depth, &text, Some(at));
    }

    /// The head of arm `k` of a choice.
    pub fn arm(&mut self, depth: usize, site: u16, k: usize) {
        self.line(depth, &format!("{} #{site}:", if k == 0 { "choice" } else { "or" }), None);
    }

    /// The head of a loop.
    pub fn repeat(&mut self, depth: usize, site: u16) {
        self.line(depth, &format!("repeat #{site}:"), None);
    }

    /// `break` or `continue`, with the number of loops between if it is not the innermost loop.
    pub fn leaves(&mut self, depth: usize, word: &str, n: u8) {
        self.line(depth, &if n == 0 { word.to_string() } else { format!("{word} {n} out") }, None);
    }

    fn spec(&self, spec: &Spec) -> String {
        match spec {
            Spec::Tensor(ty) => self.ty(ty),
            Spec::Key => "key".into(),
            Spec::Static(name) | Spec::Opaque(name) => (*name).into(),
            Spec::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|p| self.spec(p)).collect();
                format!("({})", parts.join(", "))
            }
            Spec::List(inner) => format!("[{}]", self.spec(inner)),
            Spec::Option(inner) => format!("{}?", self.spec(inner)),
            Spec::Closure(_) => "closure".into(),
        }
    }
}

impl Transform {
    /// The name in the user's source.
    pub fn name(self) -> &'static str {
        match self {
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
}

impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Index(i) => write!(f, ".{i}"),
            Step::Iter(site) => write!(f, "[#{site}]"),
            Step::Any => f.write_str("[_]"),
        }
    }
}

/// A walk over an item and, if wanted, over the items that it calls.
struct Walk<'a> {
    lines: Lines<'a>,
    /// The enclosing items, outermost first; `None` if calls are not expanded.
    around: Option<Vec<&'a Item>>,
}

impl Walk<'_> {
    fn nodes(&mut self, list: &[Node], depth: usize) {
        for n in list {
            self.node(n, depth);
        }
    }

    fn node(&mut self, n: &Node, depth: usize) {
        let l = &mut self.lines;
        match n {
            Node::Op { dst, op, args, at } => l.op(depth, *dst, op, args, at.line),
            Node::Call { dst, callee, args, at } => {
                let name = match callee {
                    Callee::Fn(item) => item().name.to_string(),
                    Callee::Method(name) | Callee::Either(name) => format!("_::{name}"),
                    Callee::Closure(var) => l.var(*var),
                };
                l.call(depth, *dst, &name, args, at.line);
                if let (Callee::Fn(item), Some(around)) = (callee, &self.around)
                    && !around.iter().any(|outer| outer.is(item()))
                {
                    for line in item().text(Some(around.clone())).lines() {
                        l.line(depth + 1, line, None);
                    }
                }
            }
            Node::Project { dst, base, step } => l.project(depth, *dst, *base, step),
            Node::Pack { dst, parts } => {
                l.pack(depth, *dst, parts.iter().map(|(s, o)| (s as &dyn Display, *o)));
            }
            Node::Assign { var, value } => l.assign(depth, *var, *value),
            Node::Collect { dst, value } => l.collect(depth, *dst, *value),
            Node::Choice { site, arms } => {
                for (k, arm) in arms.iter().enumerate() {
                    self.lines.arm(depth, *site, k);
                    self.nodes(arm, depth + 1);
                }
            }
            Node::Repeat { site, body } => {
                l.repeat(depth, *site);
                self.nodes(body, depth + 1);
            }
            Node::Closure { dst, params, body, result } => {
                l.closure(depth, *dst, params);
                self.nodes(body, depth + 1);
                self.lines.gives(depth + 1, "give", *result);
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                l.region(depth, *dst, *kind, args, params, at.line);
                self.nodes(body, depth + 1);
                self.lines.gives(depth + 1, "give", *result);
            }
            Node::Return { value } => l.gives(depth, "return", *value),
            Node::Break(n) => l.leaves(depth, "break", *n),
            Node::Continue(n) => l.leaves(depth, "continue", *n),
        }
    }
}

impl Item {
    fn text<'a>(&'a self, mut around: Option<Vec<&'a Item>>) -> String {
        if let Some(around) = &mut around {
            around.push(self);
        }
        let names = self.params.iter().map(|p| p.name);
        let mut lines = Lines::new(names, self.types, self.dims.to_vec(), self.elems.to_vec());
        let params: Vec<String> = self
            .params
            .iter()
            .map(|p| match p.name {
                "self" => if p.by_ref { "&" } else { "" }.into(),
                _ => lines.spec(&p.ty),
            })
            .collect();
        let result = lines.spec(&self.result);
        lines.head(self.name, &params, &result, Some((self.file, self.line)));
        let mut walk = Walk { lines, around };
        walk.nodes(self.nodes, 1);
        walk.lines.gives(1, "return", self.output);
        walk.lines.holes(self.holes);
        walk.lines.finish()
    }
}

/// The trace as text: each instruction with its type and its source line. `{:#}` also shows the trace of each called
/// function under the call.
impl Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(f.alternate().then(Vec::new)))
    }
}
