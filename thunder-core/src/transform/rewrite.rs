//! Rewriting a trace in place: instructions are replaced or left out where they stand, and nothing is copied.

use crate::trace::{Builder, Inst, Kind, Trace, Value};
use std::mem::take;

/// What values stand for after a rewrite: a table by the value's index. A value that is not in it stands for itself.
#[derive(Default)]
pub(super) struct Subst {
    table: Vec<Option<Value>>,
}

impl Subst {
    /// What `v` stands for.
    pub(super) fn get(&self, v: Value) -> Value {
        self.table.get(v.index()).copied().flatten().unwrap_or(v)
    }

    /// What each of `list` stands for.
    pub(super) fn all(&self, list: &[Value]) -> Vec<Value> {
        list.iter().map(|&v| self.get(v)).collect()
    }

    /// Lets `from` stand for `to`.
    pub(super) fn insert(&mut self, from: Value, to: Value) {
        if self.table.len() <= from.index() {
            // Rewrites go from the first value to the last: room for twice as many is used soon.
            self.table.resize((from.index() + 1).next_power_of_two(), None);
        }
        self.table[from.index()] = Some(to);
    }

    /// Lets each of `from` stand for its peer in `to`.
    pub(super) fn bind(&mut self, from: &[Value], to: &[Value]) {
        from.iter().zip(to).for_each(|(&from, &to)| self.insert(from, to));
    }

    /// Replaces the operands of an instruction; a nested body is left as it is.
    pub(super) fn operands(&self, trace: &mut Trace, i: Inst) {
        if !self.table.is_empty() {
            trace.data_mut(i).args.iter_mut().for_each(|a| *a = self.get(*a));
        }
    }

    /// Replaces all that an instruction reads, in its nested body too.
    pub(super) fn reads(&self, trace: &mut Trace, i: Inst) {
        if self.table.is_empty() {
            return;
        }
        let mut next = vec![i];
        while let Some(i) = next.pop() {
            self.operands(trace, i);
            if let Some(body) = &mut trace.data_mut(i).body {
                body.results.iter_mut().for_each(|r| *r = self.get(*r));
                next.extend(&body.insts);
            }
        }
    }
}

/// Rewrites the operations of the trace's own body, in order. `rule` gets each with its operands already rewritten. The
/// value that it gives takes the place of the operation's result; the operation is left out then, and what the rule
/// appended stands in its place.
pub(super) fn trace(mut trace: Trace, mut rule: impl FnMut(&mut Builder, Inst) -> Option<Value>) -> Trace {
    let insts = take(&mut trace.body.insts);
    let mut subst = Subst::default();
    let mut b = Builder::new(&mut trace);
    for i in insts {
        subst.reads(b.trace, i);
        let data = b.trace.data(i);
        if matches!(data.kind, Kind::Op(_)) {
            b.loc = data.loc;
            let result = data.results[0];
            if let Some(v) = rule(&mut b, i) {
                subst.insert(result, v);
                continue;
            }
        }
        b.append(i);
    }
    trace.body.insts = b.finish();
    trace.body.results = subst.all(&trace.body.results);
    trace
}
