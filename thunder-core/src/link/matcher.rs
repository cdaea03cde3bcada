//! The record of a body, verified as a path through its compile-time trace.
//!
//! Checked at every link: each operation's code, attributes and operands' definitions; each call's callee
//! and arguments; the extents of each result under the substitution of the dimension variables; the
//! structure of arms, iterations and transforms; and the results.

use super::dims::{Solved, guard};
use super::log::{Event, Leaves, PathStep};
use crate::error::Error;
use crate::item::{At, Callee, Item, Node, Operand, Step, Transform, Var};
use crate::op::{Attr, Lit, Op};
use crate::trace::{Kind, Loc, Trace, Value};
use crate::types::Elem;

/// Walks `log` along `root`.
///
/// # Errors
/// The first place where the record leaves the compile-time trace.
pub(crate) fn verify(root: &'static Item, log: &[Event], trace: &Trace) -> Result<(), Error> {
    let mut m = Matcher { log, at: 0, trace };
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
}

/// What is known of a var.
#[derive(Clone)]
enum Slot {
    Unset,
    /// The macro could not follow it.
    Any,
    Known(Leaves),
}

enum Flow {
    Next,
    Break,
    Continue,
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
        if (entered.name, entered.file, entered.line) != (item.name, item.file, item.line) {
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
        let mut frame = Frame { item, vars, dims, iterations: Vec::new() };
        let value = match self.nodes(&mut frame, item.nodes)? {
            Flow::Return(value) => value,
            _ => frame.operand(&item.output),
        };
        let Some(Event::Exit { result }) = self.log.get(self.at) else {
            return Err(self.refuse(item, None, format!("expected the end, recorded {}", self.describe())));
        };
        if matches!(value, Slot::Unset) || !fits(&value, result) {
            return Err(self.refuse(item, None, "the result is another value"));
        }
        self.at += 1;
        Ok(result.clone())
    }

    fn nodes(&mut self, f: &mut Frame, nodes: &'static [Node]) -> Result<Flow, Error> {
        for node in nodes {
            match self.node(f, node)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, f: &mut Frame, node: &'static Node) -> Result<Flow, Error> {
        match node {
            Node::Op { dst, op, args, at } => self.op(f, *dst, op, args, *at)?,
            Node::Call { dst, callee, args, at } => {
                let args: Vec<Slot> = args.iter().map(|a| f.operand(a)).collect();
                let item = match (callee, self.log.get(self.at)) {
                    (Callee::Fn(item), _) => item(),
                    (Callee::Method(name), Some(Event::Enter { item, .. }))
                        if item.name.rsplit("::").next() == Some(*name) =>
                    {
                        *item
                    }
                    (Callee::Method(name), _) => {
                        let what =
                            format!("expected a call of a method `{name}`, recorded {}", self.describe());
                        return Err(self.refuse(f.item, Some(*at), what));
                    }
                };
                let result = self.call(item, Some((f.item, *at, &args)))?;
                f.set(*dst, Slot::Known(result));
            }
            Node::Project { dst, base, step } => {
                let part = match &f.vars[*base as usize] {
                    Slot::Known(leaves) => match f.step(step) {
                        Some(step) => Slot::Known(leaves.under(step)),
                        None => Slot::Any,
                    },
                    other => other.clone(),
                };
                f.set(*dst, part);
            }
            Node::Pack { dst, parts } => {
                let named: Vec<PathStep> = parts.iter().filter_map(|(s, _)| f.step(s)).collect();
                let mut list = Vec::new();
                let mut any = false;
                for (step, value) in *parts {
                    match (f.step(step), f.operand(value)) {
                        (Some(step), Slot::Known(leaves)) => list.extend(leaves.within(step)),
                        // `Model { head, ..model }`: the fields that are not named.
                        (None, Slot::Known(rest)) if !named.is_empty() => {
                            let fits = |p: &[PathStep]| p.first().is_some_and(|s| !named.contains(s));
                            list.extend(rest.list.into_iter().filter(|(p, _)| fits(p)));
                        }
                        _ => any = true,
                    }
                }
                f.set(*dst, if any { Slot::Any } else { Slot::Known(Leaves { list, ..Leaves::default() }) });
            }
            Node::Assign { var, value } => {
                let value = f.operand(value);
                f.set(*var, value);
            }
            Node::Collect { dst, value } => {
                let value = f.operand(value);
                let list = match (std::mem::replace(&mut f.vars[*dst as usize], Slot::Any), value) {
                    (Slot::Unset, Slot::Known(leaves)) => leaves.within(PathStep::Index(0)).collect(),
                    (Slot::Known(mut so_far), Slot::Known(leaves)) => {
                        let n = so_far.list.iter().filter_map(|(p, _)| index(p)).max().map_or(0, |n| n + 1);
                        so_far.list.extend(leaves.within(PathStep::Index(n)));
                        so_far.list
                    }
                    _ => return Ok(Flow::Next),
                };
                f.set(*dst, Slot::Known(Leaves { list, ..Leaves::default() }));
            }
            Node::Choice { site, arms } => {
                let Some(Event::Arm(at, arm)) = self.log.get(self.at) else {
                    let what = format!("expected an arm of a static branch, recorded {}", self.describe());
                    return Err(self.refuse(f.item, None, what));
                };
                let (true, Some(nodes)) = (at == site, arms.get(*arm as usize)) else {
                    return Err(self.refuse(f.item, None, "another static branch was taken"));
                };
                self.at += 1;
                return self.nodes(f, nodes);
            }
            Node::Repeat { site, body } => {
                f.iterations.push((*site, 0));
                while matches!(self.log.get(self.at), Some(Event::Iter(at)) if at == site) {
                    self.at += 1;
                    match self.nodes(f, body)? {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                    }
                    if let Some((_, n)) = f.iterations.last_mut() {
                        *n += 1;
                    }
                }
                f.iterations.pop();
            }
            Node::Region { dst, kind: Transform::Scan, params, body, result, at, .. } => {
                while let Some(Event::Open { kind: Transform::Scan, params: fresh, .. }) =
                    self.log.get(self.at)
                {
                    for (param, leaves) in params.iter().zip(fresh) {
                        f.set(*param, Slot::Known(leaves.clone()));
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
                    return Err(self.refuse(f.item, Some(*at), what));
                };
                if opened != kind {
                    return Err(self.refuse(
                        f.item,
                        Some(*at),
                        format!("expected `{kind:?}`, recorded `{opened:?}`"),
                    ));
                }
                for (i, (want, got)) in args.iter().zip(given).enumerate() {
                    if !fits(&f.operand(want), got) {
                        return Err(self.refuse(
                            f.item,
                            Some(*at),
                            format!("operand {i} of `{kind:?}` is another value"),
                        ));
                    }
                }
                for (param, leaves) in params.iter().zip(fresh) {
                    f.set(*param, Slot::Known(leaves.clone()));
                }
                self.at += 1;
                self.nodes(f, body)?;
                self.close(f, *kind, result, *at)?;
                self.given(f, *kind, *dst, *at)?;
            }
            Node::Return { value } => return Ok(Flow::Return(f.operand(value))),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    /// Matches an operation, and the constants that its static operands became.
    fn op(&mut self, f: &mut Frame, dst: Var, op: &Op, args: &[Operand], at: At) -> Result<(), Error> {
        let refuse = |m: &Self, what: String| Err(m.refuse(f.item, Some(at), what));
        let mut wanted: Vec<Slot> = args.iter().map(|a| f.operand(a)).collect();
        let is_static = |s: &Slot| matches!(s, Slot::Known(leaves) if leaves.list.is_empty());
        if !args.is_empty() && wanted.iter().all(is_static) {
            f.set(dst, Slot::Known(Leaves::default()));
            return Ok(());
        }
        // A missing optional operand has no leaves either, and is no constant.
        let optional = matches!(op, Op::Linear { .. } | Op::LayerNorm { .. } | Op::RmsNorm { .. });
        for (slot, arg) in wanted.iter_mut().zip(args) {
            if optional || !(is_static(slot) || matches!(slot, Slot::Any)) {
                continue;
            }
            match (self.constant(op), arg) {
                (Some((value, v)), arg) => {
                    if let Operand::Static(want) = arg
                        && !want.allows(&value, &[])
                    {
                        return refuse(
                            self,
                            format!("a number beside `{}`: expected {want:?}, recorded {value:?}", op.name()),
                        );
                    }
                    *slot = Slot::Known(Leaves { list: vec![(Vec::new(), v)], ..Leaves::default() });
                    self.at += 1;
                }
                (None, Operand::Hole) => {}
                (None, _) if matches!(slot, Slot::Any) => {}
                (None, _) => {
                    let what =
                        format!("expected a number beside `{}`, recorded {}", op.name(), self.describe());
                    return refuse(self, what);
                }
            }
        }
        let Some(Event::Op(inst)) = self.log.get(self.at) else {
            return refuse(self, format!("expected `{}`, recorded {}", op.name(), self.describe()));
        };
        let data = self.trace.data(*inst);
        let Kind::Op(linked) = data.kind else {
            return refuse(self, format!("expected `{}`, recorded a transform", op.name()));
        };
        if op.code() != linked.code() {
            return refuse(self, format!("expected `{}`, recorded `{}`", op.name(), linked.name()));
        }
        if !op.allows(&linked, &f.dims.bindings()) {
            let (want, got) = (op.attrs(f.item.dims), linked.attrs(&[]));
            return refuse(
                self,
                format!("attributes of `{}`: expected {want:?}, recorded {got:?}", op.name()),
            );
        }
        let mut given = data.args.iter().copied();
        for (i, want) in wanted.iter().enumerate() {
            let expected: Vec<Option<Value>> = match want {
                // An optional operand that is not there has no leaves; a list has one an operand.
                Slot::Known(leaves) => leaves.list.iter().map(|(_, v)| Some(*v)).collect(),
                Slot::Any if given.len() == 0 => continue,
                Slot::Any => vec![None],
                Slot::Unset => return refuse(self, format!("operand {i} of `{}` is not there", op.name())),
            };
            for e in expected {
                let Some(got) = given.next() else {
                    return refuse(self, format!("`{}` has fewer operands", op.name()));
                };
                if e.is_some_and(|e| e != got) {
                    return refuse(self, format!("operand {i} of `{}` is another value ({got})", op.name()));
                }
            }
        }
        if given.next().is_some() {
            return refuse(self, format!("`{}` has more operands", op.name()));
        }
        let result = data.results[0];
        self.check_type(f, dst, result, at)?;
        f.set(dst, Slot::Known(Leaves { list: vec![(Vec::new(), result)], ..Leaves::default() }));
        self.at += 1;
        Ok(())
    }

    /// The scalar constant that was recorded next, before `op`.
    fn constant(&self, op: &Op) -> Option<(Lit, Value)> {
        let Some(Event::Op(inst)) = self.log.get(self.at) else { return None };
        let data = self.trace.data(*inst);
        match data.kind {
            Kind::Op(Op::Full { value, shape, .. })
                if shape.rank() == 0 && !matches!(op, Op::Full { .. }) =>
            {
                Some((value, data.results[0]))
            }
            _ => None,
        }
    }

    /// Matches the end of a transform's closure.
    fn close(&mut self, f: &Frame, kind: Transform, result: &Operand, at: At) -> Result<(), Error> {
        let Some(Event::Close { result: closed }) = self.log.get(self.at) else {
            let what = format!("expected the end of `{kind:?}`, recorded {}", self.describe());
            return Err(self.refuse(f.item, Some(at), what));
        };
        if !fits(&f.operand(result), closed) {
            return Err(self.refuse(f.item, Some(at), format!("the result of `{kind:?}` is another value")));
        }
        self.at += 1;
        Ok(())
    }

    /// Binds what a transform gave outside.
    fn given(&mut self, f: &mut Frame, kind: Transform, dst: Var, at: At) -> Result<(), Error> {
        let Some(Event::Given { result }) = self.log.get(self.at) else {
            return Err(self.refuse(f.item, Some(at), format!("`{kind:?}` gave nothing")));
        };
        f.set(dst, Slot::Known(result.clone()));
        self.at += 1;
        Ok(())
    }

    fn check_type(&self, f: &Frame, dst: Var, result: crate::trace::Value, at: At) -> Result<(), Error> {
        let Some(want) = f.item.types.get(dst as usize) else { return Ok(()) };
        let got = self.trace.ty(result);
        let elem = match want.elem {
            Elem::Known(d) => d == got.dtype(),
            Elem::Param(_) | Elem::Unknown => true,
        };
        let shape = want.shape.substitute(&f.dims.bindings());
        let skip = got.shape.rank().wrapping_sub(shape.rank());
        let extents = shape.is_unknown()
            || (shape.rank() <= got.shape.rank()
                && (shape.lead != 0 || skip == 0)
                && (0..shape.rank()).all(|i| !shape.at(i).differs(got.shape.at(skip + i))));
        if elem && extents {
            return Ok(());
        }
        let want = crate::types::Text::new().ty(want, f.item.dims, f.item.elems);
        Err(self.refuse(f.item, Some(at), format!("expected a result of type {want}, recorded {got}")))
    }
}

impl Frame {
    fn operand(&self, o: &Operand) -> Slot {
        match o {
            Operand::Var(v) => self.vars.get(*v as usize).cloned().unwrap_or(Slot::Unset),
            Operand::Static(_) => Slot::Known(Leaves::default()),
            Operand::Hole => Slot::Any,
        }
    }

    fn set(&mut self, v: Var, slot: Slot) {
        if v as usize >= self.vars.len() {
            self.vars.resize(v as usize + 1, Slot::Unset);
        }
        self.vars[v as usize] = slot;
    }

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
        Slot::Unset => got.list.is_empty(),
    }
}
