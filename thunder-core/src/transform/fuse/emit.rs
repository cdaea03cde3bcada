//! The trace with its groups as fused instructions.

use super::{Fuser, Role};
use crate::trace::{Body, Inst, InstData, Kind, Loc, Trace, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

impl<'t> Fuser<'t> {
    pub fn emit(self) -> Trace {
        let mut out = Trace::new(self.trace.name.clone());
        let mut map = HashMap::new();
        for (&p, name) in self.trace.body.params.iter().zip(&self.trace.param_names) {
            map.insert(p, out.param(name.clone(), self.trace.ty(p)));
        }
        let mut e = Emitter { f: &self, out, map, insts: Vec::new(), done: HashSet::new() };
        for i in 0..self.insts.len() {
            let last = self.group[i].is_none_or(|g| self.members[g].last() == Some(&i));
            let live = match self.insts[i].kind {
                Kind::Op(op) => op.has_effect(),
                _ => true,
            } || self.role[i] == Role::Opaque
                || self.group[i].is_some();
            if last && live {
                e.inst(i);
            }
        }
        for &r in &self.trace.body.results {
            e.value(r);
        }
        let results = self.trace.body.results.iter().map(|r| e.map[r]).collect();
        let (mut out, insts) = (e.out, e.insts);
        out.body.insts = insts;
        out.body.results = results;
        out
    }
}

/// Builds the fused trace.
struct Emitter<'a, 't> {
    f: &'a Fuser<'t>,
    out: Trace,
    /// Values of the old trace in the new one.
    map: HashMap<Value, Value>,
    insts: Vec<Inst>,
    done: HashSet<usize>,
}

/// An instruction of the new trace whose operands may not be there yet.
struct Draft {
    kind: Kind,
    /// Its operands, in the old trace.
    args: Vec<Value>,
    /// How many of them are there.
    there: usize,
    /// Its results, in the old trace.
    results: Vec<Value>,
    body: Option<Body>,
    loc: Loc,
}

impl Emitter<'_, '_> {
    /// Appends what defines `v`, if it is not there yet.
    fn value(&mut self, v: Value) {
        if !self.map.contains_key(&v) {
            self.inst(self.f.def[&v]);
        }
    }

    /// Appends instruction `i`, or the group that it is in, after what defines the operands.
    fn inst(&mut self, i: usize) {
        let mut open: Vec<Draft> = self.draft(i).into_iter().collect();
        while let Some(draft) = open.last_mut() {
            let there = draft.args[draft.there..].iter().take_while(|a| self.map.contains_key(a));
            draft.there += there.count();
            if let Some(v) = draft.args.get(draft.there) {
                match self.draft(self.f.def[v]) {
                    Some(before) => open.push(before),
                    None => unreachable!("a group that waits for itself"),
                }
            } else if let Some(draft) = open.pop() {
                self.append(draft);
            }
        }
    }

    fn append(&mut self, draft: Draft) {
        let args = draft.args.iter().map(|a| self.map[a]).collect();
        let results: Vec<Value> = draft.results.iter().map(|&r| self.out.value(self.f.trace.ty(r))).collect();
        self.map.extend(draft.results.iter().copied().zip(results.iter().copied()));
        let data = InstData { kind: draft.kind, args, results, body: draft.body, loc: draft.loc };
        self.insts.push(self.out.inst(data));
    }

    /// Instruction `i`, or the group that it is in, where that is not there and not under way.
    fn draft(&mut self, i: usize) -> Option<Draft> {
        if !self.done.insert(i) {
            return None;
        }
        if let Some(g) = self.f.group[i] {
            let members = &self.f.members[g];
            self.done.extend(members);
            let outputs = self.f.outputs(members);
            // Nothing reads any of it: left out.
            return (!outputs.is_empty()).then(|| self.fused(members, outputs));
        }
        let data = self.f.insts[i];
        if self.f.role[i] == Role::Copied {
            // Needed outside, by a view that stays outside: a kernel of its own.
            return Some(self.fused(&BTreeSet::from([i]), data.results.clone()));
        }
        let (args, results) = (data.args.clone(), data.results.clone());
        Some(Draft { kind: data.kind, args, there: 0, results, body: None, loc: data.loc })
    }

    /// A kernel of the instructions `members` that gives `outputs`.
    fn fused(&mut self, members: &BTreeSet<usize>, outputs: Vec<Value>) -> Draft {
        let mut inner =
            Inner { args: Vec::new(), params: Vec::new(), map: HashMap::new(), insts: Vec::new() };
        let results: Vec<Value> = outputs.iter().map(|&v| self.inner(members, v, &mut inner)).collect();
        Draft {
            kind: Kind::Fused(self.f.schedule(members)),
            args: inner.args,
            there: 0,
            results: outputs,
            body: Some(Body { params: inner.params, insts: inner.insts, results }),
            loc: members.last().map_or(Loc::NONE, |&i| self.f.insts[i].loc),
        }
    }

    /// The value of the body under construction that stands for `v`, after what it is computed from.
    fn inner(&mut self, members: &BTreeSet<usize>, v: Value, body: &mut Inner) -> Value {
        let mut open = vec![v];
        while let Some(&v) = open.last() {
            if body.map.contains_key(&v) {
                open.pop();
                continue;
            }
            let ty = self.f.trace.ty(v);
            let new = if self.f.inside(members, v).is_some() {
                let data = self.f.insts[self.f.def[&v]];
                if let Some(&missing) = data.args.iter().find(|a| !body.map.contains_key(a)) {
                    open.push(missing);
                    continue;
                }
                let args = data.args.iter().map(|a| body.map[a]).collect();
                let new = self.out.value(ty);
                let inst = InstData { kind: data.kind, args, results: vec![new], body: None, loc: data.loc };
                body.insts.push(self.out.inst(inst));
                new
            } else {
                let new = self.out.value(ty);
                body.args.push(v);
                body.params.push(new);
                new
            };
            body.map.insert(v, new);
            open.pop();
        }
        body.map[&v]
    }
}

/// A fused body under construction.
struct Inner {
    /// Its operands, in the old trace.
    args: Vec<Value>,
    params: Vec<Value>,
    map: HashMap<Value, Value>,
    insts: Vec<Inst>,
}
