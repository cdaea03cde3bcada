//! Verifies the record of a body as a path through its compile-time trace.
//!
//! Every link checks the code, the attributes and the operands' definitions of each operation; the callee and the
//! arguments of each call; the extents of each result, with the dimension variables substituted; the structure of arms,
//! iterations and transforms; and the results.

mod flow;
mod operation;
mod structure;
mod transform;

use super::dims::{Solved, guard, spec};
use crate::error::Error;
use crate::item::{At, Callee, Item, Node, Operand, Transform, Var};
use crate::recorder::{Event, Leaves};
use crate::trace::{Kind, Loc, Trace};

/// Verifies that `log` is a path through the trace of `root`.
///
/// # Errors
/// The first place where the record departs from the compile-time trace.
pub(crate) fn verify(root: &'static Item, log: &[Event], trace: &Trace) -> Result<(), Error> {
    let mut m = Matcher { log, at: 0, trace, frames: Vec::new() };
    m.call(root, None)?;
    if m.at != log.len() {
        return Err(m.refuse(root, None, format!("{} more steps than the trace has", log.len() - m.at)));
    }
    Ok(())
}

struct Matcher<'a> {
    log: &'a [Event],
    at: usize,
    trace: &'a Trace,
    /// The items being matched, outermost first. A closure is matched in the frame where it is written.
    frames: Vec<Frame>,
}

/// What is known about a variable.
#[derive(Clone)]
enum Slot {
    Unset,
    /// The macro could not tell which value it is.
    Any,
    Known(Leaves),
    /// A closure, and the frame where it is written.
    Closure(usize, &'static Node),
}

/// What follows a node.
enum Flow {
    Next,
    /// Leaves a loop: 0 is the innermost one, 1 the loop around it, and so on.
    Break(u8),
    /// Continues with the next iteration of a loop, counted likewise.
    Continue(u8),
    Return(Slot),
}

/// An item being matched.
struct Frame {
    item: &'static Item,
    vars: Vec<Slot>,
    dims: Solved,
    /// The current iteration of each loop.
    iterations: Vec<(u16, u32)>,
}

impl<'a> Matcher<'a> {
    fn refuse(&self, item: &Item, at: Option<At>, what: impl Into<String>) -> Error {
        let loc = match (at, self.log.get(self.at)) {
            (Some(at), _) => Loc { file: item.file, line: at.line, column: at.column },
            (None, Some(Event::Op(inst))) => self.trace.data(*inst).loc,
            _ => Loc { file: item.file, line: item.line, column: 1 },
        };
        Error::Link { function: item.name.into(), what: what.into(), loc }
    }

    fn describe(&self) -> String {
        match self.log.get(self.at) {
            None => "the end".into(),
            Some(Event::Op(i)) => match self.trace.data(*i).kind {
                Kind::Op(op) => format!("`{}`", op.name()),
                _ => "a transform".into(),
            },
            Some(Event::Enter { item, .. }) => format!("a call of `{}`", item.name),
            Some(Event::Exit { .. }) => "the function's end".into(),
            Some(Event::Arm(..)) => "an arm".into(),
            Some(Event::Iter(_)) => "an iteration".into(),
            Some(Event::Open { kind, .. }) => format!("`{kind:?}`"),
            Some(Event::Close { .. } | Event::Given { .. }) => "the end of a transform".into(),
        }
    }

    /// Matches one call from its entry to its exit, and returns its result.
    fn call(
        &mut self,
        item: &'static Item,
        caller: Option<(&'static Item, At, &[Slot])>,
    ) -> Result<Leaves, Error> {
        let blame = caller.map_or(item, |(i, _, _)| i);
        let at = caller.map(|(_, at, _)| at);
        let Some(Event::Enter { item: entered, args }) = self.log.get(self.at) else {
            return Err(self.refuse(
                blame,
                at,
                format!("expected a call of `{}`, recorded {}", item.name, self.describe()),
            ));
        };
        if !entered.is(item) {
            return Err(self.refuse(
                blame,
                at,
                format!("expected a call of `{}`, recorded one of `{}`", item.name, entered.name),
            ));
        }
        if let Some((_, _, expected)) = caller {
            for (i, (want, got)) in expected.iter().zip(args).enumerate() {
                if !fits(want, got) {
                    let name = item.params.get(i).map_or("?", |p| p.name);
                    return Err(self.refuse(
                        blame,
                        at,
                        format!("argument `{name}` of `{}` is another value", item.name),
                    ));
                }
            }
        }
        let dims = guard(item, args)?;
        self.at += 1;
        let mut vars = vec![Slot::Unset; item.types.len().max(args.len())];
        for (slot, leaves) in vars.iter_mut().zip(args) {
            *slot = Slot::Known(leaves.clone());
        }
        for (slot, arg) in vars.iter_mut().zip(caller.iter().flat_map(|(_, _, args)| *args)) {
            if let Slot::Closure(..) = arg {
                *slot = arg.clone();
            }
        }
        let f = self.frames.len();
        self.frames.push(Frame { item, vars, dims, iterations: Vec::new() });
        let value = match self.nodes(f, item.nodes)? {
            Flow::Return(value) => value,
            _ => self.operand(f, &item.output),
        };
        let Some(Event::Exit { result }) = self.log.get(self.at) else {
            return Err(self.refuse(item, None, format!("expected the end, recorded {}", self.describe())));
        };
        if matches!(value, Slot::Unset) || !fits(&value, result) {
            return Err(self.refuse(item, None, "the result is another value"));
        }
        self.check_result(f, result)?;
        self.frames.truncate(f);
        self.at += 1;
        Ok(result.clone())
    }

    /// Leaves with the types of recorded values.
    fn typed(&self, leaves: &Leaves) -> Leaves {
        let types = leaves.list.iter().map(|(path, v)| (path.clone(), self.trace.ty(*v))).collect();
        Leaves { types, ..Leaves::default() }
    }

    /// Checks a call's result against its signature, where each name stands for one extent too.
    fn check_result(&mut self, f: usize, result: &Leaves) -> Result<(), Error> {
        let item = self.item(f);
        let found = self.typed(result);
        let dims = &mut self.frames[f].dims;
        spec(dims, &item.result, &found, &[]).map_err(|(expected, found)| Error::Type {
            text: format!(
                "`{}`: its result is declared {expected}, and has shape {found}\n\n       \
                 help: name each extent for what it is, or leave it open: `_`",
                item.name
            ),
            loc: Loc { file: item.file, line: item.line, column: 1 },
        })
    }

    fn nodes(&mut self, f: usize, nodes: &'static [Node]) -> Result<Flow, Error> {
        for node in nodes {
            match self.node(f, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, f: usize, node: &'static Node) -> Result<Flow, Error> {
        match node {
            Node::Op { dst, op, args, at } => self.op(f, *dst, op, args, *at)?,
            Node::Call { dst, callee: Callee::Closure(var), args, at } => {
                let value = self.closure(f, *var, args, *at)?;
                self.check_closure_result(f, *var, &value, *at)?;
                self.check_slot(f, *dst, &value, Some(*at))?;
                self.set(f, *dst, value);
            }
            Node::Call { dst, callee, args, at } => self.callee(f, *dst, callee, args, *at)?,
            Node::Closure { dst, .. } => self.set(f, *dst, Slot::Closure(f, node)),
            Node::Project { dst, base, step } => self.project(f, *dst, *base, step)?,
            Node::Pack { dst, parts } => self.pack(f, *dst, parts),
            Node::Assign { var, value } => {
                let value = self.operand(f, value);
                self.set(f, *var, value);
            }
            Node::Collect { dst, value } => self.collect(f, *dst, value),
            Node::Choice { site, arms } => return self.choice(f, *site, arms),
            Node::Repeat { site, body } => return self.repeat(f, *site, body),
            Node::Region { dst, kind: Transform::Scan, params, body, result, at, .. } => {
                self.scan(f, params, body, result, *at)?;
                self.transform_result(f, Transform::Scan, *dst, *at)?;
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                self.open(f, *kind, args, params, *at)?;
                self.nodes(f, body)?;
                self.close(f, *kind, result, *at)?;
                self.transform_result(f, *kind, *dst, *at)?;
            }
            Node::Return { value } => return Ok(Flow::Return(self.operand(f, value))),
            Node::Break(n) => return Ok(Flow::Break(*n)),
            Node::Continue(n) => return Ok(Flow::Continue(*n)),
        }
        Ok(Flow::Next)
    }

    /// Matches a call of a function or a method: finds the item that it reached, and matches that item's trace.
    fn callee(&mut self, f: usize, dst: Var, callee: &Callee, args: &[Operand], at: At) -> Result<(), Error> {
        let args: Vec<Slot> = args.iter().map(|a| self.operand(f, a)).collect();
        if self.is_untraced(callee, &args) {
            self.set(f, dst, Slot::Known(Leaves::default()));
            return Ok(());
        }
        let item = match (callee, self.log.get(self.at)) {
            (Callee::Fn(item), _) => item(),
            (Callee::Method(name) | Callee::Either(name), Some(Event::Enter { item, .. }))
                if is_named(item, name) =>
            {
                *item
            }
            (callee, _) => {
                let what = format!(
                    "expected a call of `{callee:?}`, recorded {}; an `impl` without `#[thunder]` is not traced",
                    self.describe()
                );
                return Err(self.refuse(self.item(f), Some(at), what));
            }
        };
        let result = self.call(item, Some((self.item(f), at, &args)))?;
        self.set(f, dst, Slot::Known(result));
        Ok(())
    }
}

impl Matcher<'_> {
    /// Whether a call reached a pure method of std, or a derived one, which records nothing. Such a call gets no tensors.
    fn is_untraced(&self, callee: &Callee, args: &[Slot]) -> bool {
        let Callee::Either(name) = callee else { return false };
        let plain = |s: &Slot| match s {
            Slot::Known(leaves) => leaves.list.is_empty(),
            Slot::Any => true,
            Slot::Unset | Slot::Closure(..) => false,
        };
        let entered =
            matches!(self.log.get(self.at), Some(Event::Enter { item, .. }) if is_named(item, name));
        !entered && args.iter().all(plain)
    }

    fn item(&self, f: usize) -> &'static Item {
        self.frames[f].item
    }

    fn operand(&self, f: usize, o: &Operand) -> Slot {
        match o {
            Operand::Var(v) => self.frames[f].vars.get(*v as usize).cloned().unwrap_or(Slot::Unset),
            Operand::Static(_) => Slot::Known(Leaves::default()),
            Operand::Hole => Slot::Any,
        }
    }

    fn set(&mut self, f: usize, v: Var, slot: Slot) {
        let vars = &mut self.frames[f].vars;
        if v as usize >= vars.len() {
            vars.resize(v as usize + 1, Slot::Unset);
        }
        vars[v as usize] = slot;
    }
}

/// Whether `item` is a function or a method of this name; an item's own name has its type before it.
fn is_named(item: &Item, name: &str) -> bool {
    item.name.rsplit("::").next() == Some(name)
}

/// Whether recorded leaves are the value that a slot holds.
fn fits(want: &Slot, got: &Leaves) -> bool {
    match want {
        Slot::Any => true,
        Slot::Known(leaves) => leaves.same(got),
        Slot::Unset | Slot::Closure(..) => got.list.is_empty(),
    }
}
