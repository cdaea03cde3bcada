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

impl Emitter<'_, '_> {
    fn value(&mut self, v: Value) -> Value {
        if !self.map.contains_key(&v) {
            self.inst(self.f.def[&v]);
        }
        self.map[&v]
    }

    fn inst(&mut self, i: usize) {
        if !self.done.insert(i) {
            return;
        }
        if let Some(g) = self.f.group[i] {
            self.done.extend(&self.f.members[g]);
            return self.fused(g);
        }
        let data = self.f.insts[i];
        if self.f.role[i] == Role::Copied {
            // Needed outside, by a view that stays outside: a kernel of its own.
            return self.group_of(&BTreeSet::from([i]), &data.results.clone());
        }
        let args: Vec<Value> = data.args.iter().map(|&a| self.value(a)).collect();
        let results: Vec<Value> = data.results.iter().map(|&r| self.out.value(self.f.trace.ty(r))).collect();
        for (old, new) in data.results.iter().zip(&results) {
            self.map.insert(*old, *new);
        }
        let inst = self.out.inst(InstData { kind: data.kind, args, results, body: None, loc: data.loc });
        self.insts.push(inst);
    }

    fn fused(&mut self, g: usize) {
        let members = &self.f.members[g];
        let outputs = self.f.outputs(members);
        // Nothing reads any of it: left out.
        if !outputs.is_empty() {
            self.group_of(members, &outputs);
        }
    }

    fn group_of(&mut self, members: &BTreeSet<usize>, outputs: &[Value]) {
        let schedule = self.f.schedule(members);
        let mut inner =
            Inner { args: Vec::new(), params: Vec::new(), map: HashMap::new(), insts: Vec::new() };
        let results: Vec<Value> = outputs.iter().map(|&v| self.inner(members, v, &mut inner)).collect();
        let types: Vec<_> = outputs.iter().map(|&v| self.f.trace.ty(v)).collect();
        let new: Vec<Value> = types.iter().map(|&t| self.out.value(t)).collect();
        for (&old, &new) in outputs.iter().zip(&new) {
            self.map.insert(old, new);
        }
        let loc = members.last().map_or(Loc::NONE, |&i| self.f.insts[i].loc);
        let body = Body { params: inner.params, insts: inner.insts, results };
        let data =
            InstData { kind: Kind::Fused(schedule), args: inner.args, results: new, body: Some(body), loc };
        let inst = self.out.inst(data);
        self.insts.push(inst);
    }

    /// The value of the body under construction that stands for `v`.
    fn inner(&mut self, members: &BTreeSet<usize>, v: Value, body: &mut Inner) -> Value {
        if let Some(&known) = body.map.get(&v) {
            return known;
        }
        let ty = self.f.trace.ty(v);
        let new = if self.f.inside(members, v).is_some() {
            let data = self.f.insts[self.f.def[&v]];
            let args = data.args.iter().map(|&a| self.inner(members, a, body)).collect();
            let new = self.out.value(ty);
            let inst = InstData { kind: data.kind, args, results: vec![new], body: None, loc: data.loc };
            body.insts.push(self.out.inst(inst));
            new
        } else {
            let arg = self.value(v);
            let new = self.out.value(ty);
            body.args.push(arg);
            body.params.push(new);
            new
        };
        body.map.insert(v, new);
        new
    }
}

/// A fused body under construction.
struct Inner {
    args: Vec<Value>,
    params: Vec<Value>,
    map: HashMap<Value, Value>,
    insts: Vec<Inst>,
}
