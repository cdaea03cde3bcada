//! Computing again what is cheaper to compute than to store: what rows and columns share.
//!
//! A value that feeds both a reduction of rows and one of columns (the normalised input of a norm's backward pass) is
//! stored for the columns, unless both end up in one loop nest, which is known only when fusing, and not where rows
//! are long or the sums many. Computing it again from a few values costs no more memory traffic than reading it, so
//! reductions of columns get copies of the cheap instructions before them.

use super::dce;
use crate::kernel::region;
use crate::op::Op;
use crate::trace::{Inst, InstData, Kind, Trace, Value, Walk};
use rustc_hash::{FxHashMap, FxHashSet};
use std::mem::take;

/// Reductions of fewer elements are left alone.
const LARGE: usize = 4096;
/// Copies that read more large values than these cost more than to store one and read it again: a residual stream is
/// the sum of every layer's.
const LEAVES: usize = 3;
/// The most values that are looked at for one reduction: the rest of a loop of thousands of steps is not copied.
const MOST: usize = 256;

/// `trace` with the elementwise instructions copied that reductions of rows and of columns share.
pub fn run(mut trace: Trace) -> Trace {
    let plans = plans(&trace);
    if plans.is_empty() {
        return trace;
    }
    let (mut list, mut plans) = (Vec::new(), plans.into_iter().peekable());
    for i in take(&mut trace.body.insts) {
        if let Some((_, copies)) = plans.next_if(|(reduction, _)| *reduction == i) {
            let mut map: FxHashMap<Value, Value> = FxHashMap::default();
            for old in copies {
                let mut copy = trace.data(old).clone();
                copy.args.iter_mut().for_each(|a| *a = map.get(a).copied().unwrap_or(*a));
                let fresh = trace.value(trace.ty(copy.results[0]));
                map.insert(copy.results[0], fresh);
                copy.results = vec![fresh];
                list.push(trace.inst(copy));
            }
            let arg = &mut trace.data_mut(i).args[0];
            *arg = map.get(arg).copied().unwrap_or(*arg);
        }
        list.push(i);
    }
    trace.body.insts = list;
    dce::run(trace)
}

/// The reductions of columns that get copies, in order, and the instructions to copy for each, operands first.
fn plans(trace: &Trace) -> Vec<(Inst, Vec<Inst>)> {
    let rows = feeding_rows(trace);
    let plan = |&i: &Inst| {
        let data = trace.data(i);
        let Walk::Columns { .. } = reduces(trace, data)? else { return None };
        let full = trace.ty(data.args[0]).count();
        let mut copier = Copier { trace, rows: &rows, full, plan: Vec::new(), done: FxHashMap::default() };
        let worth = copier.visit(data.args[0]) == Some(true) && copier.leaves() <= LEAVES;
        worth.then_some((i, copier.plan))
    };
    trace.body.insts.iter().filter_map(plan).collect()
}

/// The schedule of a large reduction.
fn reduces(trace: &Trace, data: &InstData) -> Option<Walk> {
    let Kind::Op(op) = &data.kind else { return None };
    let x = trace.ty(*data.args.first()?);
    (op.is_reduce() && x.count() >= LARGE).then(|| region::walk_of(op, &x.sizes()))
}

/// The values from which elementwise instructions lead to a reduction of rows.
fn feeding_rows(trace: &Trace) -> Vec<bool> {
    let mut found = vec![false; trace.value_count()];
    for data in trace.insts(&trace.body).rev() {
        let Kind::Op(op) = &data.kind else { continue };
        let rows = matches!(reduces(trace, data), Some(Walk::Rows { .. }));
        let passes = op.is_elementwise() || op.is_view();
        if rows || (passes && found[data.results[0].index()]) {
            data.args.iter().for_each(|a| found[a.index()] = true);
        }
    }
    found
}

/// Finds the instructions to copy for one reduction.
struct Copier<'a> {
    trace: &'a Trace,
    rows: &'a [bool],
    /// Elements of what is reduced.
    full: usize,
    /// What to copy, operands first.
    plan: Vec<Inst>,
    done: FxHashMap<Value, bool>,
}

impl<'a> Copier<'a> {
    /// How many large values the copies read.
    fn leaves(&self) -> usize {
        let made: FxHashSet<Value> =
            self.plan.iter().flat_map(|&i| self.trace.data(i).results.iter().copied()).collect();
        let read = self.plan.iter().flat_map(|&i| self.trace.data(i).args.iter().copied());
        let large = |v: &Value| !made.contains(v) && self.trace.ty(*v).count() * 16 > self.full;
        read.filter(large).collect::<FxHashSet<Value>>().len()
    }

    /// Whether `root` is to be copied; `None` if something before it is too expensive to compute twice, or all of it
    /// is too much.
    fn visit(&mut self, root: Value) -> Option<bool> {
        // Values whose operands are being decided on, with the next of them.
        let mut open = vec![(root, 0)];
        while let Some((v, next)) = open.last_mut() {
            let v = *v;
            let operand = match self.passes(v)? {
                Some(args) => args.get(*next).copied(),
                None => {
                    self.done.insert(v, false);
                    open.pop();
                    continue;
                }
            };
            *next += 1;
            match operand {
                Some(a) if self.done.contains_key(&a) => {}
                Some(a) => open.push((a, 0)),
                None => {
                    let (i, op, args) = self.elementwise(v)?;
                    let own = self.rows[v.index()] && !matches!(op, Op::Barrier);
                    let any = own || args.iter().any(|a| self.done.get(a) == Some(&true));
                    if any {
                        self.plan.push(i);
                    }
                    self.done.insert(v, any);
                    open.pop();
                }
            }
            if self.done.len() + open.len() > MOST {
                return None;
            }
        }
        self.done.get(&root).copied()
    }

    /// The operands of `v` if copies may lead through it; `None` within if it is read from memory, without if it is too
    /// expensive.
    fn passes(&self, v: Value) -> Option<Option<&'a [Value]>> {
        // What is small is cheap to store.
        if self.trace.ty(v).count() * 16 <= self.full {
            return Some(None);
        }
        match self.elementwise(v) {
            Some((_, op, _)) if op.is_costly() => {
                if self.rows[v.index()] {
                    None
                } else {
                    Some(None)
                }
            }
            Some((_, _, args)) => Some(Some(args)),
            None => Some(None),
        }
    }

    /// The elementwise instruction or view that defines `v`.
    fn elementwise(&self, v: Value) -> Option<(Inst, Op, &'a [Value])> {
        let i = self.trace.def_inst(v)?;
        let data = self.trace.data(i);
        match data.kind {
            Kind::Op(op) if op.is_elementwise() || op.is_view() => Some((i, op, &data.args)),
            _ => None,
        }
    }
}
