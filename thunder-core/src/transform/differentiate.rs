//! Eliminates `grad`, `vjp`, `jvp`, `checkpoint` and `stop_gradient`.
//!
//! Innermost first, so derivatives nest. Forward mode appends the tangents beside the primals. Reverse mode does
//! the same, but takes the linear instructions (those on the way of a tangent) onto a `Tape`, and then walks the
//! tape backwards, transposing each.
//!
//! A checkpointed body leaves one step on the tape: its values are inlined, and for the backward pass the whole
//! body is linearised again, on its inputs behind barriers, so that nothing merges the two.

mod cotangents;

use super::copy::{self, Map};
use super::rewrite::Subst;
use super::{autocast, batch};
use crate::error::Error;
use crate::op::{Flag, Op};
use crate::rules;
use crate::trace::{Body, Builder, InstData, Kind, Loc, Trace, Value};
use cotangents::Cotangents;
use rustc_hash::{FxHashMap, FxHashSet};
use std::mem::take;

/// `trace` without derivatives, and without what only they read.
///
/// # Errors
/// - [`Error::NoDerivative`]: a gradient flows through an operation that has none.
/// - [`Error::Type`]: the closure of a `grad` does not return a float scalar.
pub fn run(mut trace: Trace) -> Result<Trace, Error> {
    for eliminate in [derivatives, marks] {
        let body = take(&mut trace.body);
        trace.body = eliminate(&mut trace, body, &mut Subst::default(), false)?;
    }
    Ok(trace)
}

/// `body` without derivatives. `inside` one, `vmap` and `autocast` are eliminated too.
fn derivatives(trace: &mut Trace, body: Body, subst: &mut Subst, inside: bool) -> Result<Body, Error> {
    let mut b = Builder::new(trace);
    for i in body.insts {
        subst.operands(b.trace, i);
        let Some(inner) = b.trace.data_mut(i).body.take() else {
            b.append(i);
            continue;
        };
        let kind = b.trace.data(i).kind;
        let is_derivative = matches!(kind, Kind::Grad | Kind::Vjp { .. } | Kind::Jvp { .. });
        let inner = derivatives(b.trace, inner, subst, inside || is_derivative)?;
        let inst = b.trace.data(i).clone();
        b.loc = inst.loc;
        let results = match kind {
            _ if is_derivative => derivative(&mut b, &inst, &inner)?,
            Kind::Vmap { size } if inside => batch::inline(&mut b, size as usize, &inst.args, &inner)?,
            Kind::Autocast(dtype) if inside => autocast::inline(&mut b, &inner, dtype)?,
            _ => {
                b.trace.data_mut(i).body = Some(inner);
                b.append(i);
                continue;
            }
        };
        subst.bind(&inst.results, &results);
    }
    Ok(Body { params: body.params, insts: b.finish(), results: subst.all(&body.results) })
}

/// `body` with the bodies of its checkpoints in place and without `stop_gradient`: no derivative is left that reads
/// them.
fn marks(trace: &mut Trace, body: Body, subst: &mut Subst, _: bool) -> Result<Body, Error> {
    let mut b = Builder::new(trace);
    for i in body.insts {
        subst.operands(b.trace, i);
        let inst = b.trace.data_mut(i);
        if matches!(inst.kind, Kind::Op(Op::StopGradient)) {
            subst.insert(inst.results[0], inst.args[0]);
            continue;
        }
        if let Some(inner) = inst.body.take() {
            let inner = marks(b.trace, inner, subst, false)?;
            let inst = b.trace.data_mut(i);
            if inst.kind == Kind::Checkpoint {
                inner.insts.into_iter().for_each(|i| b.append(i));
                subst.bind(&b.trace.data(i).results, &inner.results);
                continue;
            }
            inst.body = Some(inner);
        }
        b.append(i);
    }
    Ok(Body { params: body.params, insts: b.finish(), results: subst.all(&body.results) })
}

fn internal(what: &str) -> Error {
    Error::Internal { pass: "differentiate".into(), what: what.into() }
}

/// Appends what the derivative instruction `inst` of `body` stands for, and gives its results.
fn derivative(b: &mut Builder, inst: &InstData, body: &Body) -> Result<Vec<Value>, Error> {
    let args = &inst.args;
    match inst.kind {
        Kind::Grad => {
            let [loss] = body.results[..] else {
                return Err(not_scalar("its closure returns more than that", inst.loc));
            };
            let ty = b.ty(loss);
            if ty.shape.rank() != 0 || !ty.dtype().is_float() {
                return Err(not_scalar(&format!("its closure returns {ty}"), inst.loc));
            }
            reverse(b, body, args, &|b, _| {
                b.loc = inst.loc;
                vec![b.scalar(ty.dtype(), 1.0)]
            })
        }
        Kind::Vjp { inputs } => {
            let (leaves, cotangents) = args.split_at(inputs as usize);
            reverse(b, body, leaves, &|_, _| cotangents.to_vec())
        }
        Kind::Jvp { inputs } => {
            let (leaves, tangents) = args.split_at(inputs as usize);
            forward(b, body, leaves, tangents)
        }
        _ => Err(internal("no derivative")),
    }
}

fn not_scalar(found: &str, loc: Loc) -> Error {
    let text = format!(
        "`grad` differentiates a scalar of a float type; {found}\n\n       help: reduce it: `.mean()`, or use `vjp`"
    );
    Error::Type { text, loc }
}

/// Forward mode: the results of `body` on `leaves`, then their tangents.
fn forward(
    b: &mut Builder,
    body: &Body,
    leaves: &[Value],
    directions: &[Value],
) -> Result<Vec<Value>, Error> {
    let (mut map, mut tangents) = (Map::default(), Tangents::default());
    map.bind(&body.params, leaves);
    for (&p, &t) in body.params.iter().zip(directions) {
        if b.dtype(p).is_float() {
            tangents.insert(p, t);
        }
    }
    let start = b.len();
    linearise(b, body, &mut map, &mut tangents, None, false)?;
    for i in start..b.len() {
        let inst = b.trace.data(b.at(i));
        if let Kind::Op(Op::Custom { op, tangent: Flag::Yes, .. }) = inst.kind {
            return Err(rules::custom::forward_only_backward(op, inst.loc));
        }
    }
    let mut results = map.all(&body.results);
    for r in &body.results {
        let t = tangents.get(r).copied();
        results.push(t.unwrap_or_else(|| b.zeros_like(*r)));
    }
    Ok(results)
}

/// Reverse mode: the results of `body` on `leaves`, then one gradient a leaf, for the cotangents that `seeds` gives.
fn reverse(
    b: &mut Builder,
    body: &Body,
    leaves: &[Value],
    seeds: &dyn Fn(&mut Builder, &[Value]) -> Vec<Value>,
) -> Result<Vec<Value>, Error> {
    let (mut map, mut tangents, mut tape) = (Map::default(), Tangents::default(), Tape::default());
    map.bind(&body.params, leaves);
    for &p in &body.params {
        if b.dtype(p).is_float() {
            tangents.insert(p, tape.fresh(p, b));
        }
    }
    linearise(b, body, &mut map, &mut tangents, Some(&mut tape), false)?;
    let mut results = map.all(&body.results);
    let seeds = seeds(b, &results);
    let mut cotangents = Cotangents::default();
    for (r, seed) in body.results.iter().zip(seeds) {
        if let Some(&t) = tangents.get(r) {
            cotangents.add(t, seed, b);
        }
    }
    tape.transpose(b, &mut cotangents)?;
    for p in &body.params {
        let ct = tangents.get(p).and_then(|t| cotangents.take(*t, b));
        results.push(ct.unwrap_or_else(|| b.zeros_like(*p)));
    }
    Ok(results)
}

/// The tangent of each value of the body that is differentiated (by its name there: one outer value may be a leaf
/// and also be captured, as a constant).
type Tangents = FxHashMap<Value, Value>;

/// Appends the primals of `body`, and the tangents of what its results need: onto the tape if there is one.
///
/// `again` is the second run of a checkpointed body, where effects are left out.
fn linearise(
    b: &mut Builder,
    body: &Body,
    map: &mut Map,
    tangents: &mut Tangents,
    mut tape: Option<&mut Tape>,
    again: bool,
) -> Result<(), Error> {
    let needed = needed(b.trace, body);
    for &i in &body.insts {
        let inst = b.trace.data(i);
        b.loc = inst.loc;
        if let Kind::Op(op) = inst.kind {
            let (args, result) = (map.all(&inst.args), inst.results[0]);
            let ts: Vec<Option<Value>> = inst.args.iter().map(|a| tangents.get(a).copied()).collect();
            let out = if again && op.has_effect() {
                args[0]
            } else {
                let ty = b.ty(result);
                b.push(Kind::Op(op), args.clone(), &[ty], None)[0]
            };
            map.insert(result, out);
            if !needed.contains(&result) {
                continue;
            }
            let start = b.len();
            let t = rules::jvp(&op, &args, &ts, out, b)?;
            if let Some(tape) = &mut tape {
                tape.record(start, b);
            }
            if let Some(t) = t {
                tangents.insert(result, t);
            }
            continue;
        }
        let inst = inst.clone();
        match (inst.kind, &inst.body) {
            (Kind::Checkpoint, Some(inner)) => match &mut tape {
                None => {
                    linearise(b, inner, map, tangents, None, again)?;
                    for (&r, &inner) in inst.results.iter().zip(&inner.results) {
                        map.insert(r, map.get(inner));
                        if let Some(&t) = tangents.get(&inner) {
                            tangents.insert(r, t);
                        }
                    }
                }
                Some(tape) => checkpoint(b, &inst, inner, map, tangents, tape, again)?,
            },
            _ => return Err(internal("a transform is left inside a derivative")),
        }
    }
    Ok(())
}

/// Inlines a checkpointed body and leaves one step on the tape for all of it.
fn checkpoint(
    b: &mut Builder,
    inst: &InstData,
    body: &Body,
    map: &mut Map,
    tangents: &mut Tangents,
    tape: &mut Tape,
    again: bool,
) -> Result<(), Error> {
    let reads = copy::reads(b.trace, body)
        .into_iter()
        .map(|v| Read { value: v, primal: map.get(v), tangent: tangents.get(&v).copied() })
        .collect();
    // This run gives the primals, and says which results have a tangent; its steps are dropped.
    let mark = tape.steps.len();
    linearise(b, body, map, tangents, Some(tape), again)?;
    tape.steps.truncate(mark);
    let mut outs = Vec::new();
    for (&r, &inner) in inst.results.iter().zip(&body.results) {
        map.insert(r, map.get(inner));
        if tangents.contains_key(&inner) {
            let t = tape.fresh(r, b);
            tangents.insert(r, t);
            outs.push((inner, t));
        }
    }
    tape.steps.push(Step::Checkpoint { body: body.clone(), reads, outs });
    Ok(())
}

/// The values of `body` that its results depend on: only through these need a derivative flow.
fn needed(trace: &Trace, body: &Body) -> FxHashSet<Value> {
    let mut set: FxHashSet<Value> = body.results.iter().copied().collect();
    for &i in body.insts.iter().rev() {
        let inst = trace.data(i);
        if inst.results.iter().any(|r| set.contains(r)) {
            set.extend(&inst.args);
            if let Some(inner) = &inst.body {
                set.extend(copy::reads(trace, inner));
            }
        }
    }
    set
}

/// The linear part of a program, in the order it was computed.
#[derive(Default)]
struct Tape {
    steps: Vec<Step>,
    /// The tangents: what is linear in the leaves.
    linear: FxHashSet<Value>,
}

#[allow(clippy::large_enum_variant, reason = "nearly every step is an operation")]
enum Step {
    /// `out = op(args)`, linear in those of `args` that are tangents.
    Op { op: Op, args: Vec<Value>, out: Value, loc: Loc },
    /// A body to linearise again, and the tangents that stand for those of its results.
    Checkpoint { body: Body, reads: Vec<Read>, outs: Vec<(Value, Value)> },
}

/// What a checkpointed body reads from outside.
struct Read {
    value: Value,
    primal: Value,
    tangent: Option<Value>,
}

impl Tape {
    /// A new tangent for a value.
    fn fresh(&mut self, of: Value, b: &mut Builder) -> Value {
        let ty = b.ty(of);
        let t = b.trace.value(ty);
        self.linear.insert(t);
        t
    }

    /// Takes the linear instructions among those appended since `start`.
    fn record(&mut self, start: usize, b: &mut Builder) {
        for i in b.split_off(start) {
            let inst = b.trace.data(i);
            match inst.kind {
                Kind::Op(op) if inst.args.iter().any(|a| self.linear.contains(a)) => {
                    let (args, out, loc) = (inst.args.clone(), inst.results[0], inst.loc);
                    self.linear.insert(out);
                    self.steps.push(Step::Op { op, args, out, loc });
                }
                _ => b.append(i),
            }
        }
    }

    /// Carries the cotangents of the tape's results back to its leaves.
    fn transpose(self, b: &mut Builder, cotangents: &mut Cotangents) -> Result<(), Error> {
        for step in self.steps.into_iter().rev() {
            match step {
                Step::Op { op, args, out, loc } => {
                    let Some(ct) = cotangents.take(out, b) else { continue };
                    b.loc = loc;
                    let linear: Vec<bool> = args.iter().map(|a| self.linear.contains(a)).collect();
                    let list = rules::transpose(&op, &args, &linear, ct, b)?;
                    for ((a, linear), ct) in args.into_iter().zip(linear).zip(list) {
                        if let (true, Some(ct)) = (linear, ct) {
                            cotangents.add(a, ct, b);
                        }
                    }
                }
                Step::Checkpoint { body, reads, outs } => again(b, &body, &reads, &outs, cotangents)?,
            }
        }
        Ok(())
    }
}

/// Linearises a checkpointed body a second time, behind barriers, and transposes it.
fn again(
    b: &mut Builder,
    body: &Body,
    reads: &[Read],
    outs: &[(Value, Value)],
    cotangents: &mut Cotangents,
) -> Result<(), Error> {
    let seeds: Vec<(Value, Value)> =
        outs.iter().filter_map(|&(inner, t)| Some((inner, cotangents.take(t, b)?))).collect();
    if seeds.is_empty() {
        return Ok(());
    }
    let (mut map, mut tangents, mut tape) = (Map::default(), Tangents::default(), Tape::default());
    for read in reads {
        let barrier = b.op(Op::Barrier, &[read.primal]);
        map.insert(read.value, barrier);
        if read.tangent.is_some() {
            tangents.insert(read.value, tape.fresh(read.value, b));
        }
    }
    linearise(b, body, &mut map, &mut tangents, Some(&mut tape), true)?;
    let mut inner = Cotangents::default();
    for (value, ct) in seeds {
        if let Some(&t) = tangents.get(&value) {
            inner.add(t, ct, b);
        }
    }
    tape.transpose(b, &mut inner)?;
    for read in reads {
        if let (Some(outer), Some(&t)) = (read.tangent, tangents.get(&read.value))
            && let Some(ct) = inner.take(t, b)
        {
            cotangents.add(outer, ct, b);
        }
    }
    Ok(())
}
