//! The record of a body, verified as a path through its compile-time trace.
//!
//! Checked at every link: each operation's code, attributes and operands' definitions; each call's callee
//! and arguments; the extents of each result under the substitution of the dimension variables; the
//! structure of arms, iterations and transforms; and the results.

mod operation;

use super::dims::{Solved, guard, spec};
use super::log::{Event, Leaves, PathStep};
use crate::error::Error;
use crate::item::{At, Callee, Item, Node, Operand, Param, Spec, Step, Transform, Var};
use crate::trace::{Kind, Loc, Trace};

/// Walks `log` along `root`.
///
/// # Errors
/// The first place where the record leaves the compile-time trace.
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
    /// The items being matched, outermost first: a closure is matched in the frame that it stands in.
    frames: Vec<Frame>,
}

/// What is known of a var.
#[derive(Clone)]
enum Slot {
    Unset,
    /// The macro could not follow it.
    Any,
    Known(Leaves),
    /// A closure of this frame.
    Closure(usize, &'static Node),
}

enum Flow {
    Next,
    /// Leaves, or goes on with, the loop this many out.
    Break(u8),
    Continue(u8),
    Return(Slot),
}

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

    /// Matches one call, from its entry to its exit; gives its result.
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
        self.declared(f, result)?;
        self.frames.truncate(f);
        self.at += 1;
        Ok(result.clone())
    }

    /// The types of recorded values, by their places.
    fn typed(&self, leaves: &Leaves) -> Leaves {
        let types = leaves.list.iter().map(|(path, v)| (path.clone(), self.trace.ty(*v))).collect();
        Leaves { types, ..Leaves::default() }
    }

    /// Holds a call's result against what its signature says: one name is one extent there too.
    fn declared(&mut self, f: usize, result: &Leaves) -> Result<(), Error> {
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
                self.gives(f, *var, &value, *at)?;
                self.check_slot(f, *dst, &value, Some(*at))?;
                self.set(f, *dst, value);
            }
            Node::Closure { dst, .. } => self.set(f, *dst, Slot::Closure(f, node)),
            Node::Call { dst, callee, args, at } => {
                let args: Vec<Slot> = args.iter().map(|a| self.operand(f, a)).collect();
                if self.is_untraced(callee, &args) {
                    self.set(f, *dst, Slot::Known(Leaves::default()));
                    return Ok(Flow::Next);
                }
                let item = match (callee, self.log.get(self.at)) {
                    (Callee::Fn(item), _) => item(),
                    (Callee::Method(name) | Callee::Either(name), Some(Event::Enter { item, .. }))
                        if item.name.rsplit("::").next() == Some(*name) =>
                    {
                        *item
                    }
                    (callee, _) => {
                        let what = format!(
                            "expected a call of `{callee:?}`, recorded {}; an `impl` without `#[thunder]` is not traced",
                            self.describe()
                        );
                        return Err(self.refuse(self.item(f), Some(*at), what));
                    }
                };
                let result = self.call(item, Some((self.item(f), *at, &args)))?;
                self.set(f, *dst, Slot::Known(result));
            }
            Node::Project { dst, base, step } => {
                let part = match (self.operand(f, &Operand::Var(*base)), self.frames[f].step(step)) {
                    (Slot::Known(leaves), Some(at)) => Slot::Known(part(leaves, step, at)),
                    // No part of what holds no tensors holds one.
                    (Slot::Known(leaves), None) if leaves.list.is_empty() => Slot::Known(leaves),
                    (Slot::Known(_), None) => Slot::Any,
                    (other, _) => other,
                };
                self.check_slot(f, *dst, &part, None)?;
                self.set(f, *dst, part);
            }
            Node::Pack { dst, parts } => {
                let named: Vec<PathStep> = parts.iter().filter_map(|(s, _)| self.frames[f].step(s)).collect();
                let mut list = Vec::new();
                let mut any = false;
                for (step, value) in *parts {
                    match (self.frames[f].step(step), self.operand(f, value)) {
                        (Some(step), Slot::Known(leaves)) => list.extend(leaves.within(step)),
                        // `Model { head, ..model }`: the fields that are not named.
                        (None, Slot::Known(rest)) if !named.is_empty() => {
                            let fits = |p: &[PathStep]| p.first().is_some_and(|s| !named.contains(s));
                            list.extend(rest.list.into_iter().filter(|(p, _)| fits(p)));
                        }
                        _ => any = true,
                    }
                }
                self.set(
                    f,
                    *dst,
                    if any { Slot::Any } else { Slot::Known(Leaves { list, ..Leaves::default() }) },
                );
            }
            Node::Assign { var, value } => {
                let value = self.operand(f, value);
                self.set(f, *var, value);
            }
            Node::Collect { dst, value } => {
                let value = self.operand(f, value);
                let list =
                    match (std::mem::replace(&mut self.frames[f].vars[*dst as usize], Slot::Any), value) {
                        (Slot::Unset, Slot::Known(leaves)) => leaves.within(PathStep::Index(0)).collect(),
                        (Slot::Known(mut so_far), Slot::Known(leaves)) => {
                            let n =
                                so_far.list.iter().filter_map(|(p, _)| index(p)).max().map_or(0, |n| n + 1);
                            so_far.list.extend(leaves.within(PathStep::Index(n)));
                            so_far.list
                        }
                        _ => return Ok(Flow::Next),
                    };
                self.set(f, *dst, Slot::Known(Leaves { list, ..Leaves::default() }));
            }
            Node::Choice { site, arms } => {
                let Some(Event::Arm(at, arm)) = self.log.get(self.at) else {
                    let what = format!("expected an arm of a static branch, recorded {}", self.describe());
                    return Err(self.refuse(self.item(f), None, what));
                };
                let (true, Some(nodes)) = (at == site, arms.get(*arm as usize)) else {
                    return Err(self.refuse(self.item(f), None, "another static branch was taken"));
                };
                self.at += 1;
                return self.nodes(f, nodes);
            }
            Node::Repeat { site, body } => {
                self.frames[f].iterations.push((*site, 0));
                while matches!(self.log.get(self.at), Some(Event::Iter(at)) if at == site) {
                    self.at += 1;
                    match self.nodes(f, body)? {
                        Flow::Next | Flow::Continue(0) => {}
                        Flow::Break(0) => break,
                        outer => {
                            self.frames[f].iterations.pop();
                            return Ok(match outer {
                                Flow::Break(n) => Flow::Break(n - 1),
                                Flow::Continue(n) => Flow::Continue(n - 1),
                                other => other,
                            });
                        }
                    }
                    if let Some((_, n)) = self.frames[f].iterations.last_mut() {
                        *n += 1;
                    }
                }
                self.frames[f].iterations.pop();
            }
            Node::Region { dst, kind: Transform::Scan, params, body, result, at, .. } => {
                while let Some(Event::Open { kind: Transform::Scan, params: fresh, .. }) =
                    self.log.get(self.at)
                {
                    for (param, leaves) in params.iter().zip(fresh) {
                        self.set(f, *param, Slot::Known(leaves.clone()));
                    }
                    self.at += 1;
                    self.nodes(f, body)?;
                    self.close(f, Transform::Scan, result, *at)?;
                }
                self.given(f, Transform::Scan, *dst, *at)?;
            }
            Node::Region { dst, kind, args, params, body, result, at } => {
                let Some(Event::Open { kind: opened, args: given, params: fresh }) = self.log.get(self.at)
                else {
                    let what = format!("expected `{kind:?}`, recorded {}", self.describe());
                    return Err(self.refuse(self.item(f), Some(*at), what));
                };
                if opened != kind {
                    return Err(self.refuse(
                        self.item(f),
                        Some(*at),
                        format!("expected `{kind:?}`, recorded `{opened:?}`"),
                    ));
                }
                for (i, (want, got)) in args.iter().zip(given).enumerate() {
                    if !fits(&self.operand(f, want), got) {
                        return Err(self.refuse(
                            self.item(f),
                            Some(*at),
                            format!("operand {i} of `{kind:?}` is another value"),
                        ));
                    }
                }
                for (param, leaves) in params.iter().zip(fresh) {
                    self.set(f, *param, Slot::Known(leaves.clone()));
                }
                self.at += 1;
                self.nodes(f, body)?;
                self.close(f, *kind, result, *at)?;
                self.given(f, *kind, *dst, *at)?;
            }
            Node::Return { value } => return Ok(Flow::Return(self.operand(f, value))),
            Node::Break(n) => return Ok(Flow::Break(*n)),
            Node::Continue(n) => return Ok(Flow::Continue(*n)),
        }
        Ok(Flow::Next)
    }

    /// Matches what a closure that the item was given does, where it stands; gives its result.
    fn closure(&mut self, f: usize, var: Var, args: &[Operand], at: At) -> Result<Slot, Error> {
        let Slot::Closure(home, Node::Closure { params, body, result, .. }) =
            self.operand(f, &Operand::Var(var))
        else {
            return Err(self.refuse(self.item(f), Some(at), "what is called is no closure of the trace"));
        };
        for (param, arg) in params.iter().zip(args) {
            let arg = self.operand(f, arg);
            self.check_slot(home, *param, &arg, None)?;
            self.set(home, *param, arg);
        }
        self.nodes(home, body)?;
        Ok(self.operand(home, result))
    }

    /// Compares what a closure gave with what its type says, which is the item's word and not yet the caller's.
    fn gives(&mut self, f: usize, var: Var, value: &Slot, at: At) -> Result<(), Error> {
        let item = self.item(f);
        let (Slot::Known(leaves), Some(Param { name, ty: Spec::Closure(said), .. })) =
            (value, item.params.get(var as usize))
        else {
            return Ok(());
        };
        let found = self.typed(leaves);
        spec(&mut self.frames[f].dims, said, &found, &[]).map_err(|(expected, found)| {
            self.refuse(item, Some(at), format!("`{name}` gives {found}, and its type says {expected}"))
        })
    }

    /// Matches the end of a transform's closure.
    fn close(&mut self, f: usize, kind: Transform, result: &Operand, at: At) -> Result<(), Error> {
        let Some(Event::Close { result: closed }) = self.log.get(self.at) else {
            let what = format!("expected the end of `{kind:?}`, recorded {}", self.describe());
            return Err(self.refuse(self.item(f), Some(at), what));
        };
        if !fits(&self.operand(f, result), closed) {
            return Err(self.refuse(
                self.item(f),
                Some(at),
                format!("the result of `{kind:?}` is another value"),
            ));
        }
        self.at += 1;
        Ok(())
    }

    /// Binds what a transform gave outside.
    fn given(&mut self, f: usize, kind: Transform, dst: Var, at: At) -> Result<(), Error> {
        let Some(Event::Given { result }) = self.log.get(self.at) else {
            return Err(self.refuse(self.item(f), Some(at), format!("`{kind:?}` gave nothing")));
        };
        self.set(f, dst, Slot::Known(result.clone()));
        self.at += 1;
        Ok(())
    }
}

impl Matcher<'_> {
    /// Whether a call reached what is std's, or derived, and pure. It was given no tensors, and nothing of it was recorded.
    fn is_untraced(&self, callee: &Callee, args: &[Slot]) -> bool {
        let Callee::Either(name) = callee else { return false };
        let plain = |s: &Slot| match s {
            Slot::Known(leaves) => leaves.list.is_empty(),
            Slot::Any => true,
            Slot::Unset | Slot::Closure(..) => false,
        };
        let entered = matches!(self.log.get(self.at), Some(Event::Enter { item, .. })
            if item.name.rsplit("::").next() == Some(*name));
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

impl Frame {
    fn step(&self, step: &Step) -> Option<PathStep> {
        match step {
            Step::Field(name) => Some(PathStep::Field(name)),
            Step::Index(i) => Some(PathStep::Index(*i)),
            Step::Iter(site) => {
                self.iterations.iter().rev().find(|(s, _)| s == site).map(|(_, n)| PathStep::Index(*n))
            }
            Step::Any => None,
        }
    }
}

/// The part of `whole` at `step`. `map` of an `Option` is an iteration too, over what it holds in its own place.
fn part(whole: Leaves, step: &Step, at: PathStep) -> Leaves {
    let is_list = || whole.list.iter().any(|(path, _)| index(path).is_some());
    if matches!(step, Step::Iter(_)) && !is_list() { whole } else { whole.under(at) }
}

fn index(path: &[PathStep]) -> Option<u32> {
    match path.first() {
        Some(PathStep::Index(i)) => Some(*i),
        _ => None,
    }
}

fn fits(want: &Slot, got: &Leaves) -> bool {
    match want {
        Slot::Any => true,
        Slot::Known(leaves) => leaves.same(got),
        Slot::Unset | Slot::Closure(..) => got.list.is_empty(),
    }
}
