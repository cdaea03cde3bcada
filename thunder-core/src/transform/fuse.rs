//! Fusing: groups instructions by data flow into the bodies of [`Kind::Fused`] instructions.
//!
//! Every computing instruction starts as a group of its own. Groups are merged along data flow wherever one
//! loop nest can compute both ([`region::analyze`] decides), no path leaves the merged group and comes back,
//! and merging repeats no expensive work. Constants, iotas, views between members and cheap producers such as
//! masks are copied into every group that reads them; views of operands stay outside, where they cost nothing.

mod emit;
mod merge;
mod reach;

use crate::kernel::region::{self, Region};
use crate::trace::{Inst, InstData, Kind, Loc, Trace, Value, Walk};
use reach::Reach;
use std::collections::{BTreeSet, HashMap};

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

/// The most instructions that are copied into a group to compute one value: a chain of thousands is none.
const MAX_COPIED: usize = 32;

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
    /// How many instructions are copied with a copied one, itself counted.
    weight: Vec<usize>,
    /// The group of each instruction that has one.
    group: Vec<Option<usize>>,
    members: Vec<BTreeSet<usize>>,
    /// Whether only reductions of columns read it, directly or through elementwise instructions.
    for_columns: Vec<bool>,
    refused: HashMap<(usize, usize), String>,
    /// How far groups reach.
    reach: Reach,
    /// When each instruction was seen last by a search for a path, counted in searches.
    seen: Vec<u32>,
    searches: u32,
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
            weight: vec![0; n],
            group: vec![None; n],
            members: Vec::new(),
            for_columns: vec![false; n],
            refused: HashMap::new(),
            reach: Reach::new(n),
            seen: vec![0; n],
            searches: 0,
        };
        for i in 0..n {
            fuser.role[i] = fuser.role_of(i);
            let copied = fuser.insts[i].args.iter().filter_map(|&a| fuser.source(a));
            fuser.weight[i] = 1 + copied.map(|s| fuser.weight[s]).sum::<usize>();
            if fuser.role[i] != Role::Copied {
                fuser.weight[i] = 0;
            } else if fuser.weight[i] > MAX_COPIED {
                (fuser.role[i], fuser.weight[i]) = (Role::Member, 0);
            }
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
        if op.is_view() {
            return Role::View;
        }
        if op.is_creation() {
            return Role::Copied;
        }
        let little = |v: &Value| {
            let from = self.source(*v);
            from.is_some_and(|s| self.role[s] == Role::Copied) || self.trace.ty(*v).count() * 16 <= count
        };
        if op.is_elementwise() && !op.is_costly() && self.insts[i].args.iter().all(little) {
            return Role::Copied;
        }
        if op.fits_a_loop() { Role::Member } else { Role::Opaque }
    }

    /// Gives copied producers of instruction `i` kernels of their own where no loop nest holds `i` with them: where it
    /// reads them at computed indices, or through views that split their dimensions otherwise.
    fn keep_apart(&mut self, i: usize) {
        let mut next = vec![i];
        while let Some(i) = next.pop() {
            let Kind::Op(op) = &self.insts[i].kind else { continue };
            if !matches!(self.role[i], Role::Member | Role::Copied) {
                continue;
            }
            let args = self.insts[i].args.iter();
            let copied: Vec<usize> =
                args.filter_map(|&a| self.source(a)).filter(|&s| self.role[s] == Role::Copied).collect();
            if copied.is_empty() {
                continue;
            }
            let schedule = match op.is_reduce() {
                true => region::walk_of(op, &self.trace.ty(self.insts[i].args[0]).sizes()),
                false => Walk::Pointwise,
            };
            let alone = BTreeSet::from([i]);
            let inside = |v| self.inside(&alone, v);
            if region::analyze(self.trace, schedule, &self.insts[i].results, &inside).is_err() {
                copied.iter().for_each(|&s| self.role[s] = Role::Member);
                next.extend(copied.into_iter().rev());
            }
        }
    }

    fn is_for_columns(&self, i: usize) -> bool {
        let Kind::Op(op) = &self.insts[i].kind else { return false };
        let reduces = |r: usize| {
            let Kind::Op(op) = &self.insts[r].kind else { return false };
            let x = self.trace.ty(self.insts[r].args[0]);
            op.is_reduce()
                && x.count() >= LARGE
                && matches!(region::walk_of(op, &x.sizes()), Walk::Columns { .. })
        };
        op.is_elementwise()
            && self.role[i] == Role::Member
            && !self.escapes[i]
            && !self.readers[i].is_empty()
            && self.readers[i].iter().all(|&r| reduces(r) || self.for_columns[r])
    }

    /// The instruction whose elements `v` is, views looked through.
    fn source(&self, v: Value) -> Option<usize> {
        let mut at = *self.def.get(&v)?;
        while self.role[at] == Role::View {
            at = *self.def.get(&self.insts[at].args[0])?;
        }
        Some(at)
    }

    fn mark_escape(&mut self, v: Value) {
        let mut next = Some(v);
        while let Some(&i) = next.and_then(|v| self.def.get(&v)) {
            let known = std::mem::replace(&mut self.escapes[i], true);
            next = (!known && self.role[i] == Role::View).then(|| self.insts[i].args[0]);
        }
    }

    fn add_reader(&mut self, v: Value, reader: usize) {
        let mut next = vec![v];
        while let Some(v) = next.pop() {
            let Some(&i) = self.def.get(&v) else { continue };
            if self.readers[i].last() == Some(&reader) {
                continue;
            }
            self.readers[i].push(reader);
            let looked_through = match self.role[i] {
                Role::View => true,
                Role::Copied => self.role[reader] != Role::Opaque,
                _ => false,
            };
            if looked_through {
                next.extend(self.insts[i].args.iter().rev());
            }
        }
    }

    /// The defining instruction of `v`, if a group with these members computes `v` inside.
    fn inside(&self, members: &BTreeSet<usize>, v: Value) -> Option<Inst> {
        let &i = self.def.get(&v)?;
        let source = self.source(v)?;
        let yes = match self.role[source] {
            Role::Member => members.contains(&source),
            Role::Copied => true,
            Role::View | Role::Opaque => false,
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

    fn schedule(&self, members: &BTreeSet<usize>) -> Walk {
        let mut found = Walk::Pointwise;
        for &i in members {
            let Kind::Op(op) = &self.insts[i].kind else { continue };
            if !op.is_reduce() {
                continue;
            }
            let new = region::walk_of(op, &self.trace.ty(self.insts[i].args[0]).sizes());
            // Of both kinds, rows: what is summed over them is accumulated on the way.
            if found == Walk::Pointwise || matches!(new, Walk::Rows { .. }) {
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
                region::NodeKind::Op(op) => op.is_costly(),
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
}
