//! Fusing: groups instructions by data flow into the bodies of [`Kind::Fused`] instructions.
//!
//! Every computing instruction starts as a group of its own. Groups are merged along data flow wherever one
//! loop nest can compute both ([`region::analyze`] decides), no path leaves the merged group and comes back,
//! and merging repeats no expensive work. Constants, iotas, views between members and cheap producers such as
//! masks are copied into every group that reads them; views of operands stay outside, where they cost nothing.

use super::region::{self, Region};
use crate::op::{Op, Opcode};
use crate::trace::{Body, Inst, InstData, Kind, Loc, Schedule, Trace, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Two neighbours that were not fused, and why.
#[derive(Clone, Debug)]
pub struct Note {
    /// The value that goes through memory, in the trace before the pass.
    pub value: Value,
    /// What computes it.
    pub producer: String,
    /// Where.
    pub producer_loc: Loc,
    /// What reads it.
    pub consumer: String,
    /// Where.
    pub consumer_loc: Loc,
    /// Why they are two kernels.
    pub why: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Note { value, producer, consumer, why, .. } = self;
        write!(
            f,
            "`{consumer}` ({}) reads {value} of `{producer}` ({}): {why}",
            self.consumer_loc, self.producer_loc
        )
    }
}

/// The most instructions of one group.
const MAX_MEMBERS: usize = 96;
/// The most operands and results of one group.
const MAX_OPERANDS: usize = 48;

/// Reductions of fewer elements are small.
const LARGE: usize = 4096;

/// Fuses a trace of primitive operations.
pub fn run(trace: &Trace) -> (Trace, Vec<Note>) {
    let mut fuser = Fuser::new(trace);
    fuser.merge_along_data_flow();
    fuser.merge_siblings();
    fuser.merge_columns_into_rows();
    let notes = fuser.notes();
    (fuser.emit(), notes)
}

struct Fuser<'t> {
    trace: &'t Trace,
    /// The top-level instructions; everything below counts them from 0.
    insts: Vec<&'t InstData>,
    /// The instruction that defines each value.
    def: HashMap<Value, usize>,
    ids: Vec<Inst>,
    /// The computing instructions that read each instruction's results, through views and copied producers.
    readers: Vec<Vec<usize>>,
    /// Whether it is a result of the trace, or a view of it is.
    escapes: Vec<bool>,
    role: Vec<Role>,
    /// The group of each instruction that has one.
    group: Vec<Option<usize>>,
    members: Vec<BTreeSet<usize>>,
    /// Whether only reductions of columns read it, directly or through elementwise instructions.
    for_columns: Vec<bool>,
    refused: HashMap<(usize, usize), String>,
}

/// What the fuser may do with an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// Belongs to one group.
    Member,
    /// A constant, or cheap to compute from little: copied into each group that reads it.
    Copied,
    /// A view: inside a group if what it views is, else outside.
    View,
    /// Has a kernel of its own.
    Opaque,
}

impl<'t> Fuser<'t> {
    fn new(trace: &'t Trace) -> Fuser<'t> {
        let ids = trace.body.insts.clone();
        let insts: Vec<&InstData> = ids.iter().map(|&i| trace.data(i)).collect();
        let mut def = HashMap::new();
        for (i, inst) in insts.iter().enumerate() {
            for &r in &inst.results {
                def.insert(r, i);
            }
        }
        let n = insts.len();
        let mut fuser = Fuser {
            trace,
            insts,
            def,
            ids,
            readers: vec![Vec::new(); n],
            escapes: vec![false; n],
            role: vec![Role::Opaque; n],
            group: vec![None; n],
            members: Vec::new(),
            for_columns: vec![false; n],
            refused: HashMap::new(),
        };
        for i in 0..n {
            fuser.role[i] = fuser.role_of(i);
        }
        for i in 0..n {
            fuser.keep_apart(i);
        }
        for &r in &trace.body.results {
            fuser.mark_escape(r);
        }
        for i in 0..n {
            if fuser.role[i] == Role::Member || fuser.role[i] == Role::Opaque {
                for &a in &fuser.insts[i].args.clone() {
                    fuser.add_reader(a, i);
                }
            }
        }
        for i in (0..n).rev() {
            fuser.for_columns[i] = fuser.is_for_columns(i);
        }
        for i in 0..n {
            // A copied producer gets a kernel only where something outside the groups needs it.
            let outside = fuser.escapes[i] || fuser.readers[i].iter().any(|&r| fuser.role[r] == Role::Opaque);
            if fuser.role[i] == Role::Member || (fuser.role[i] == Role::Copied && outside) {
                fuser.group[i] = Some(fuser.members.len());
                fuser.members.push(BTreeSet::from([i]));
                if fuser.role[i] == Role::Copied {
                    for &a in &fuser.insts[i].args.clone() {
                        fuser.add_reader(a, i);
                    }
                }
            }
        }
        fuser
    }

    fn role_of(&self, i: usize) -> Role {
        let Kind::Op(op) = &self.insts[i].kind else { return Role::Opaque };
        let count = self.trace.ty(self.insts[i].results[0]).count();
        if region::is_view(op) {
            return Role::View;
        }
        if region::is_creation(op) {
            return Role::Copied;
        }
        let little = |v: &Value| {
            let from = self.source(*v);
            from.is_some_and(|s| self.role[s] == Role::Copied) || self.trace.ty(*v).count() * 16 <= count
        };
        if op.is_elementwise() && !is_costly(op) && self.insts[i].args.iter().all(little) {
            return Role::Copied;
        }
        if region::can_be_inside(op) { Role::Member } else { Role::Opaque }
    }

    /// Gives copied producers of instruction `i` kernels of their own where no loop nest holds `i` with them: where it
    /// reads them at computed indices, or through views that split their dimensions otherwise.
    fn keep_apart(&mut self, i: usize) {
        let Kind::Op(op) = &self.insts[i].kind else { return };
        if !matches!(self.role[i], Role::Member | Role::Copied) {
            return;
        }
        let mut copied = Vec::new();
        for &a in &self.insts[i].args {
            copied.extend(self.source(a).filter(|&s| self.role[s] == Role::Copied));
        }
        let schedule = match region::is_reduce(op) {
            true => region::schedule_of(op, &self.trace.ty(self.insts[i].args[0]).sizes()),
            false => Schedule::Pointwise,
        };
        let alone = BTreeSet::from([i]);
        let inside = |v| self.inside(&alone, v);
        if copied.is_empty() || region::analyze(self.trace, schedule, &self.insts[i].results, &inside).is_ok()
        {
            return;
        }
        for s in copied {
            self.role[s] = Role::Member;
            self.keep_apart(s);
        }
    }

    fn is_for_columns(&self, i: usize) -> bool {
        let Kind::Op(op) = &self.insts[i].kind else { return false };
        let reduces = |r: usize| {
            let Kind::Op(op) = &self.insts[r].kind else { return false };
            let x = self.trace.ty(self.insts[r].args[0]);
            region::is_reduce(op)
                && x.count() >= LARGE
                && matches!(region::schedule_of(op, &x.sizes()), Schedule::Columns { .. })
        };
        op.is_elementwise()
            && self.role[i] == Role::Member
            && !self.escapes[i]
            && !self.readers[i].is_empty()
            && self.readers[i].iter().all(|&r| reduces(r) || self.for_columns[r])
    }

    /// The instruction whose elements `v` is, views looked through.
    fn source(&self, v: Value) -> Option<usize> {
        let &i = self.def.get(&v)?;
        match self.role[i] {
            Role::View => self.source(self.insts[i].args[0]),
            _ => Some(i),
        }
    }

    fn mark_escape(&mut self, v: Value) {
        let Some(&i) = self.def.get(&v) else { return };
        if !std::mem::replace(&mut self.escapes[i], true) && self.role[i] == Role::View {
            self.mark_escape(self.insts[i].args[0]);
        }
    }

    fn add_reader(&mut self, v: Value, reader: usize) {
        let Some(&i) = self.def.get(&v) else { return };
        if self.readers[i].last() == Some(&reader) {
            return;
        }
        self.readers[i].push(reader);
        let looked_through = match self.role[i] {
            Role::View => true,
            Role::Copied => self.role[reader] != Role::Opaque,
            _ => false,
        };
        if looked_through {
            for &a in &self.insts[i].args.clone() {
                self.add_reader(a, reader);
            }
        }
    }

    /// The defining instruction of `v`, if a group with these members computes `v` inside.
    fn inside(&self, members: &BTreeSet<usize>, v: Value) -> Option<Inst> {
        let &i = self.def.get(&v)?;
        let yes = match self.role[i] {
            Role::Member => members.contains(&i),
            Role::Copied => true,
            Role::View => self.inside(members, self.insts[i].args[0]).is_some(),
            Role::Opaque => false,
        };
        yes.then(|| self.ids[i])
    }

    /// The values that a group must store.
    fn outputs(&self, members: &BTreeSet<usize>) -> Vec<Value> {
        let stored = |i: &usize| {
            self.escapes[*i]
                || self.role[*i] == Role::Copied
                || self.readers[*i].iter().any(|r| !members.contains(r))
        };
        members.iter().filter(|i| stored(i)).map(|&i| self.insts[i].results[0]).collect()
    }

    fn schedule(&self, members: &BTreeSet<usize>) -> Schedule {
        let mut found = Schedule::Pointwise;
        for &i in members {
            let Kind::Op(op) = &self.insts[i].kind else { continue };
            if !region::is_reduce(op) {
                continue;
            }
            let new = region::schedule_of(op, &self.trace.ty(self.insts[i].args[0]).sizes());
            // Of both kinds, rows: what is summed over them is accumulated on the way.
            if found == Schedule::Pointwise || matches!(new, Schedule::Rows { .. }) {
                found = new;
            }
        }
        found
    }

    /// The loop nest of a group with these members, if there is one worth having.
    fn region(&self, members: &BTreeSet<usize>) -> Result<Region, String> {
        if members.len() > MAX_MEMBERS {
            return Err(format!("a kernel of more than {MAX_MEMBERS} instructions"));
        }
        let schedule = self.schedule(members);
        let outputs = self.outputs(members);
        if outputs.is_empty() {
            return Err("nothing reads it".into());
        }
        let region = region::analyze(self.trace, schedule, &outputs, &|v| self.inside(members, v))?;
        let loads = region.nodes.iter().filter(|n| matches!(n.kind, region::NodeKind::Load(_))).count();
        if loads + outputs.len() > MAX_OPERANDS {
            return Err(format!("a kernel of more than {MAX_OPERANDS} operands"));
        }
        self.repeats_no_work(&region)?;
        Ok(region)
    }

    /// Refuses loop nests that compute something expensive at more points than it has elements.
    fn repeats_no_work(&self, region: &Region) -> Result<(), String> {
        let mut points: HashMap<Value, usize> = HashMap::new();
        for node in &region.nodes {
            let costly = match &node.kind {
                region::NodeKind::Op(op) => is_costly(op),
                region::NodeKind::Random { .. }
                | region::NodeKind::Reduce(_)
                | region::NodeKind::Accumulate(_) => true,
                _ => false,
            };
            if costly {
                *points.entry(node.value).or_default() += region.points(node);
            }
        }
        for (v, n) in points {
            if n > self.trace.ty(v).count().max(1) {
                return Err("it would be computed several times".into());
            }
        }
        Ok(())
    }

    fn merge_along_data_flow(&mut self) {
        for i in 0..self.insts.len() {
            if self.group[i].is_none() || self.role[i] != Role::Member {
                continue;
            }
            let mut sources: Vec<usize> = Vec::new();
            self.collect_sources(i, &mut sources);
            sources.sort_by_key(|&s| std::cmp::Reverse(self.trace.ty(self.insts[s].results[0]).bytes()));
            for s in sources {
                let (Some(a), Some(b)) = (self.group[s], self.group[i]) else { continue };
                if a == b || self.role[s] != Role::Member {
                    continue;
                }
                let rows = matches!(self.schedule(&self.members[a]), Schedule::Rows { .. });
                let merged = match (self.for_columns[i] && rows, self.mixes(a, b)) {
                    // With the rows it would have to be stored for the columns.
                    (true, _) => Err("the reduction of columns that reads it computes it".into()),
                    // In the end, and only as long as all of it fits.
                    (_, true) => Err("one reduces rows, the other columns".into()),
                    _ => self.try_merge(a, b),
                };
                if let Err(why) = merged {
                    self.refused.insert((s, i), why);
                }
            }
        }
    }

    fn collect_sources(&self, i: usize, out: &mut Vec<usize>) {
        for &a in &self.insts[i].args {
            let Some(s) = self.source(a) else { continue };
            if self.role[s] == Role::Copied {
                self.collect_sources(s, out);
            } else if !out.contains(&s) {
                out.push(s);
            }
        }
    }

    /// Merges groups that read the same large value, where their loop nests agree.
    fn merge_siblings(&mut self) {
        let mut readers: HashMap<Value, Vec<usize>> = HashMap::new();
        for i in 0..self.insts.len() {
            if self.role[i] != Role::Member {
                continue;
            }
            for &a in &self.insts[i].args {
                if self.trace.ty(a).count() >= 4096 {
                    readers.entry(a).or_default().push(i);
                }
            }
        }
        let mut list: Vec<_> = readers.into_iter().filter(|(_, r)| r.len() > 1).collect();
        list.sort_by_key(|(v, _)| *v);
        for (_, readers) in list {
            for pair in readers.windows(2) {
                let (Some(a), Some(b)) = (self.group[pair[0]], self.group[pair[1]]) else { continue };
                if a != b && self.same_kind(a, b) {
                    let _ = self.try_merge(a, b);
                }
            }
        }
    }

    /// Merges reductions of columns into groups that reduce the rows of what they read: the gradients of a norm's input
    /// and of its weight are one walk over the rows.
    fn merge_columns_into_rows(&mut self) {
        for c in 0..self.members.len() {
            if !matches!(self.schedule(&self.members[c]), Schedule::Columns { .. }) {
                continue;
            }
            let mut read = HashSet::new();
            for &i in &self.members[c] {
                read.extend(
                    self.insts[i].args.iter().copied().filter(|&v| self.trace.ty(v).count() >= LARGE),
                );
            }
            let shares = |r: usize| {
                let members = &self.members[r];
                let own = |i: &usize| {
                    self.insts[*i].args.iter().chain(&self.insts[*i].results).any(|v| read.contains(v))
                };
                matches!(self.schedule(members), Schedule::Rows { .. }) && members.iter().any(own)
            };
            let rows: Vec<usize> = (0..self.members.len()).filter(|&r| shares(r)).collect();
            let _ = rows.into_iter().find(|&r| self.try_merge(r, c).is_ok());
        }
    }

    /// Whether one group reduces rows and the other columns.
    fn mixes(&self, a: usize, b: usize) -> bool {
        let kinds = [a, b].map(|g| self.schedule(&self.members[g]));
        !kinds.contains(&Schedule::Pointwise) && !self.same_kind(a, b)
    }

    fn same_kind(&self, a: usize, b: usize) -> bool {
        let kind = |g: usize| std::mem::discriminant(&self.schedule(&self.members[g]));
        kind(a) == kind(b)
    }

    fn try_merge(&mut self, a: usize, b: usize) -> Result<(), String> {
        let union: BTreeSet<usize> = self.members[a].union(&self.members[b]).copied().collect();
        self.region(&union)?;
        if self.path_outside(a, b) || self.path_outside(b, a) {
            return Err("what lies between them has a kernel of its own".into());
        }
        for &i in &self.members[b] {
            self.group[i] = Some(a);
        }
        self.members[b].clear();
        self.members[a] = union;
        Ok(())
    }

    /// Whether a path leads from group `from` to group `to` through an instruction of neither.
    fn path_outside(&self, from: usize, to: usize) -> bool {
        let own = |i: usize| self.group[i] == Some(from) || self.group[i] == Some(to);
        let horizon = self.horizon(to);
        let mut seen = vec![false; self.insts.len()];
        let mut stack: Vec<usize> = Vec::new();
        let follow = |i: usize, stack: &mut Vec<usize>| stack.extend(&self.readers[i]);
        for &i in &self.members[from] {
            stack.extend(self.readers[i].iter().filter(|&&r| !own(r)));
        }
        while let Some(i) = stack.pop() {
            if self.group[i] == Some(to) {
                return true;
            }
            if self.group[i] == Some(from) || i > horizon || std::mem::replace(&mut seen[i], true) {
                continue;
            }
            match self.group[i] {
                Some(g) => {
                    for &m in &self.members[g] {
                        seen[m] = true;
                        follow(m, &mut stack);
                    }
                }
                None => follow(i, &mut stack),
            }
        }
        false
    }

    /// The last instruction from which a path can lead to group `to`: readers come after what they read, and only
    /// inside a group does a path go back.
    fn horizon(&self, to: usize) -> usize {
        let mut horizon = self.members[to].last().copied().unwrap_or(0);
        loop {
            let spans = self.members.iter().filter(|m| m.first().is_some_and(|&first| first <= horizon));
            let last = spans.filter_map(|m| m.last().copied()).max().unwrap_or(horizon);
            if last <= horizon {
                return horizon;
            }
            horizon = last;
        }
    }

    fn notes(&self) -> Vec<Note> {
        let mut list: Vec<_> =
            self.refused.iter().filter(|((s, i), _)| self.group[*s] != self.group[*i]).collect();
        list.sort_by_key(|(k, _)| **k);
        let name = |i: usize| match self.insts[i].kind {
            Kind::Op(op) => op.name().to_string(),
            kind => format!("{kind:?}"),
        };
        list.into_iter()
            .map(|(&(s, i), why)| Note {
                value: self.insts[s].results[0],
                producer: name(s),
                producer_loc: self.insts[s].loc,
                consumer: name(i),
                consumer_loc: self.insts[i].loc,
                why: why.clone(),
            })
            .collect()
    }

    fn emit(self) -> Trace {
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

/// Whether an elementwise operation is too expensive to repeat.
pub(super) fn is_costly(op: &Op) -> bool {
    use Opcode::*;
    matches!(
        op.code(),
        Exp | Exp2 | Expm1 | Log | Log2 | Log1p | Sin | Cos | Tanh | Erf | Sigmoid | Pow | Atan2 | Rem | Div
    )
}
