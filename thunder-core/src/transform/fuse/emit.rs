//! The trace with its groups as fused instructions.

use super::graph::{Node, Role};
use super::groups::{Groups, Id};
use crate::trace::{Body, Inst, InstData, Kind, Loc, Trace, Value};
use rustc_hash::FxHashMap;

/// The trace with its groups as fused instructions.
pub(super) fn emit(groups: &Groups) -> Trace {
    let (graph, n) = (groups.graph, groups.graph.insts().end);
    let mut out = Trace::new(graph.trace.name.clone());
    let mut map = vec![None; graph.trace.value_count()];
    for (&p, name) in graph.trace.body.params.iter().zip(&graph.trace.param_names) {
        map[p.index()] = Some(out.param(name.clone(), graph.trace.ty(p)));
    }
    // Each group stands where its last stored node stood.
    let mut here: Vec<Vec<Id>> = vec![Vec::new(); n];
    for (id, group) in groups.list.iter().enumerate() {
        if let Some(&last) = group.outputs.last() {
            here[last].push(id);
        }
    }
    let mut e = Emitter { groups, out, map, insts: Vec::new(), begun: vec![false; n + groups.list.len()] };
    for at in graph.insts() {
        here[at].iter().for_each(|&id| e.unit(n + id));
        if graph.role(at) == Role::Opaque {
            e.unit(at);
        }
    }
    for &r in &graph.trace.body.results {
        e.value(r);
    }
    let results = graph.trace.body.results.iter().filter_map(|r| e.map[r.index()]).collect();
    let (mut out, insts) = (e.out, e.insts);
    out.body.insts = insts;
    out.body.results = results;
    out
}

/// Builds the fused trace. A unit is a node that stays an instruction, or, after all nodes, a group.
struct Emitter<'a, 'g, 't> {
    groups: &'a Groups<'g, 't>,
    out: Trace,
    /// Values of the old trace in the new one.
    map: Vec<Option<Value>>,
    insts: Vec<Inst>,
    /// The units that are there, or under way.
    begun: Vec<bool>,
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

impl Emitter<'_, '_, '_> {
    /// The unit that gives a value.
    fn unit_of(&self, v: Value) -> usize {
        let graph = self.groups.graph;
        let Some(at) = graph.node_of(v) else { unreachable!("verification: defined before use") };
        match self.groups.home(at) {
            Some(id) if graph.is_inner(at) => graph.insts().end + id,
            _ => at,
        }
    }

    /// Appends what defines `v`, if it is not there yet.
    fn value(&mut self, v: Value) {
        if self.map[v.index()].is_none() {
            self.unit(self.unit_of(v));
        }
    }

    /// Appends a unit after what defines its operands.
    fn unit(&mut self, unit: usize) {
        let mut open: Vec<Draft> = self.draft(unit).into_iter().collect();
        while let Some(draft) = open.last_mut() {
            let there = draft.args[draft.there..].iter().take_while(|a| self.map[a.index()].is_some());
            draft.there += there.count();
            if let Some(&v) = draft.args.get(draft.there) {
                match self.draft(self.unit_of(v)) {
                    Some(before) => open.push(before),
                    None => unreachable!("a group that waits for itself"),
                }
            } else if let Some(draft) = open.pop() {
                self.append(draft);
            }
        }
    }

    fn append(&mut self, draft: Draft) {
        let args = draft.args.iter().filter_map(|a| self.map[a.index()]).collect();
        let trace = self.groups.graph.trace;
        let results: Vec<Value> = draft.results.iter().map(|&r| self.out.value(trace.ty(r))).collect();
        for (&old, &new) in draft.results.iter().zip(&results) {
            self.map[old.index()] = Some(new);
        }
        let data = InstData { kind: draft.kind, args, results, body: draft.body, loc: draft.loc };
        self.insts.push(self.out.inst(data));
    }

    /// A unit that is neither there nor under way.
    fn draft(&mut self, unit: usize) -> Option<Draft> {
        if std::mem::replace(&mut self.begun[unit], true) {
            return None;
        }
        let graph = self.groups.graph;
        if let Some(id) = unit.checked_sub(graph.insts().end) {
            return Some(self.fused(id));
        }
        let data = graph.data(unit);
        let (args, results) = (data.args.clone(), data.results.clone());
        Some(Draft { kind: data.kind, args, there: 0, results, body: None, loc: data.loc })
    }

    /// The kernel of a group.
    fn fused(&mut self, id: Id) -> Draft {
        let (graph, group) = (self.groups.graph, &self.groups.list[id]);
        let mut inner =
            Inner { args: Vec::new(), params: Vec::new(), map: FxHashMap::default(), insts: Vec::new() };
        let outputs: Vec<Value> = group.outputs.iter().map(|&o| graph.data(o).results[0]).collect();
        let results: Vec<Value> = outputs.iter().map(|&v| self.inner(id, v, &mut inner)).collect();
        Draft {
            kind: Kind::Fused(self.groups.walk(&group.members)),
            args: inner.args,
            there: 0,
            results: outputs,
            body: Some(Body { params: inner.params, insts: inner.insts, results }),
            loc: group.outputs.last().map_or(Loc::NONE, |&o| graph.data(o).loc),
        }
    }

    /// The node of `v`, if a group computes it inside: holds it, or what it is a view of.
    fn held(&self, id: Id, v: Value) -> Option<Node> {
        let graph = self.groups.graph;
        let source = graph.source_of(v)?;
        if self.groups.list[id].holds(source) { graph.node_of(v) } else { None }
    }

    /// The value of the body under construction that stands for `v`, after what it is computed from.
    fn inner(&mut self, id: Id, v: Value, body: &mut Inner) -> Value {
        let mut open = vec![v];
        while let Some(&v) = open.last() {
            if body.map.contains_key(&v) {
                open.pop();
                continue;
            }
            let ty = self.groups.graph.trace.ty(v);
            let new = if let Some(at) = self.held(id, v) {
                let data = self.groups.graph.data(at);
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
    map: FxHashMap<Value, Value>,
    insts: Vec<Inst>,
}
