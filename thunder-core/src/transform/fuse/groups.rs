//! Groups of nodes, each one kernel: what they hold, what they store, and what they cost.

use super::cost::{self, Rates};
use super::graph::{Graph, Node, Role};
use super::order::Order;
use crate::kernel::region::{self, NodeKind, Region};
use crate::kernel::target::Target;
use crate::op::Form;
use crate::trace::{Kind, Value, Walk};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The index of a group.
pub(super) type Id = usize;

/// The most instructions of one group.
const MAX_MEMBERS: usize = 96;
/// The most operands and results of one group.
const MAX_OPERANDS: usize = 48;
/// The most steps of a search for a path between two groups.
const LONGEST_SEARCH: usize = 1 << 12;

/// What one kernel computes.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// The nodes that it holds, in order. A node may be held by several groups: each computes it for itself.
    pub members: Vec<Node>,
    /// Those of them that it stores, in order.
    pub outputs: Vec<Node>,
    /// Seconds.
    pub cost: f64,
    /// Counts its changes.
    pub version: u32,
}

impl Group {
    pub fn holds(&self, at: Node) -> bool {
        self.members.binary_search(&at).is_ok()
    }
}

/// Seconds of a kernel, or why there is none.
pub(super) type Verdict = Result<f64, Rc<str>>;

/// The groups of a trace.
pub(super) struct Groups<'g, 't> {
    pub graph: &'g Graph<'t>,
    pub rates: Rates,
    pub list: Vec<Group>,
    /// The groups that hold each node.
    holders: Vec<Vec<Id>>,
    /// The group that stores a node if it must be stored.
    home: Vec<Option<Id>>,
    /// Constants that some reader needs in memory.
    stored_constant: Vec<bool>,
    /// What groups of the same structure cost: layers are alike.
    known: FxHashMap<Box<[u32]>, Verdict>,
    /// Scratch: the group under evaluation that a node is in, the number of each value in its key.
    mark: Vec<u32>,
    number: Vec<(u32, u32)>,
    round: u32,
    /// The units, in an order of computation: nodes that stay instructions, and, numbered after all nodes, the groups.
    order: Order,
    /// When a search came by each unit last.
    seen: Vec<u32>,
    searches: u32,
}

impl<'g, 't> Groups<'g, 't> {
    /// Every computing node a group of its own, with the constants that it reads.
    pub fn new(graph: &'g Graph<'t>, target: &Target) -> Groups<'g, 't> {
        let n = graph.insts().end;
        let mut groups = Groups {
            graph,
            rates: Rates::new(target),
            list: Vec::new(),
            holders: vec![Vec::new(); n],
            home: vec![None; n],
            stored_constant: vec![false; n],
            known: FxHashMap::default(),
            mark: vec![0; n],
            number: vec![(0, 0); graph.trace.value_count()],
            round: 0,
            order: Order::new(0, std::iter::empty()),
            seen: Vec::new(),
            searches: 0,
        };
        for nodes in graph.chains() {
            groups.add_with_constants(nodes);
        }
        for at in graph.insts().filter(|&at| graph.is_free(at)) {
            groups.stored_constant[at] |= graph.is_pinned(at);
            if groups.stored_constant[at] {
                groups.add(vec![at], &[at]);
            }
        }
        let opaque = graph.insts().filter(|&at| graph.role(at) == Role::Opaque).map(|at| (at, at));
        let last = |g: &Group| g.members.last().copied().unwrap_or(0);
        let own = groups.list.iter().enumerate().map(|(id, g)| (n + id, last(g)));
        groups.order = Order::new(n + groups.list.len(), opaque.chain(own));
        groups.seen = vec![0; n + groups.list.len()];
        for id in 0..groups.list.len() {
            groups.list[id].outputs = groups.stored(&groups.list[id].members, &[id]);
            let Group { members, outputs, .. } = groups.list[id].clone();
            groups.list[id].cost = groups.evaluate(&members, &outputs).unwrap_or(0.0);
        }
        groups
    }

    /// A group of these nodes, with the constants that they read if a loop nest holds those too: what is read at computed
    /// indices must lie in memory.
    fn add_with_constants(&mut self, nodes: Vec<Node>) {
        let graph = self.graph;
        let last = &nodes[nodes.len() - 1..];
        let mut members: Vec<Node> = nodes.iter().flat_map(|&m| graph.operands(m)).collect();
        members.retain(|&s| graph.is_free(s));
        members.extend(&nodes);
        members.sort_unstable();
        members.dedup();
        if members.len() == nodes.len() || self.evaluate(&members, last).is_ok() {
            return self.add(members, &nodes);
        }
        if nodes.len() > 1 {
            nodes.into_iter().for_each(|at| self.add_with_constants(vec![at]));
            return;
        }
        members.iter().for_each(|&m| self.stored_constant[m] |= graph.is_free(m));
        self.add(nodes.clone(), &nodes);
    }

    /// A group of these members, which is the home of those in `own`.
    fn add(&mut self, members: Vec<Node>, own: &[Node]) {
        let id = self.list.len();
        members.iter().for_each(|&m| self.holders[m].push(id));
        own.iter().for_each(|&m| self.home[m] = Some(id));
        self.list.push(Group { members, ..Group::default() });
    }

    /// Whether a group holds a node.
    fn holds(&self, id: Id, at: Node) -> bool {
        // Most nodes are held by one group or two, but a constant may be by thousands.
        let holders = &self.holders[at];
        if holders.len() <= 8 { holders.contains(&id) } else { self.list[id].holds(at) }
    }

    pub fn home(&self, at: Node) -> Option<Id> {
        self.home[at]
    }

    /// The groups that read a node from memory.
    pub fn readers(&self, at: Node) -> Vec<Id> {
        let holders = self.graph.users(at).iter().flat_map(|&r| &self.holders[r]).copied();
        let mut list: Vec<Id> = holders.filter(|&h| !self.holds(h, at)).collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    /// The nodes of `members` that must be stored if the groups `own` are one that holds them.
    pub fn stored(&self, members: &[Node], own: &[Id]) -> Vec<Node> {
        let inside = |at: Node| members.binary_search(&at).is_ok();
        let outside = |at: Node, r: Node| {
            // A reader in one of these groups finds it here.
            self.holders[r].iter().any(|h| !own.contains(h) && !self.holds(*h, at))
        };
        let needed = |at: Node| {
            if self.graph.is_free(at) {
                return self.stored_constant[at];
            }
            debug_assert!(inside(at));
            self.graph.is_pinned(at) || self.graph.users(at).iter().any(|&r| outside(at, r))
        };
        let ours = |at: &Node| self.home[*at].is_some_and(|h| own.contains(&h));
        members.iter().copied().filter(ours).filter(|&at| needed(at)).collect()
    }

    /// The nodes outside of a group that it reads, each once.
    pub fn reads(&self, members: &[Node]) -> Vec<Node> {
        let mut list: Vec<Node> = members
            .iter()
            .flat_map(|&m| self.graph.operands(m))
            .filter(|s| members.binary_search(s).is_err())
            .collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    /// The nodes among `members` that what is stored depends on.
    pub fn live(&self, members: &[Node], outputs: &[Node]) -> Vec<Node> {
        let mut live: Vec<bool> = members.iter().map(|m| outputs.binary_search(m).is_ok()).collect();
        for i in (0..members.len()).rev() {
            if live[i] {
                for s in self.graph.operands(members[i]) {
                    if let Ok(at) = members.binary_search(&s) {
                        live[at] = true;
                    }
                }
            }
        }
        members.iter().zip(live).filter(|(_, l)| *l).map(|(&m, _)| m).collect()
    }

    /// How a group with these members walks its elements: of reductions of rows and of columns, those of rows decide,
    /// and the others are accumulated on the way.
    pub fn walk(&self, members: &[Node]) -> Walk {
        let mut found = Walk::Pointwise;
        for &m in members.iter().filter(|&&m| self.graph.is_reduction(m)) {
            let data = self.graph.data(m);
            let Kind::Op(op) = &data.kind else { continue };
            let new = region::walk_of(op, &self.graph.trace.ty(data.args[0]).sizes());
            if found == Walk::Pointwise || matches!(new, Walk::Rows { .. }) {
                found = new;
            }
        }
        found
    }

    /// What a kernel of `members` that stores `outputs` costs. Nodes are in order.
    pub fn evaluate(&mut self, members: &[Node], outputs: &[Node]) -> Verdict {
        if members.len() > MAX_MEMBERS {
            return Err(format!("a kernel of more than {MAX_MEMBERS} instructions").into());
        }
        self.round += 1;
        members.iter().for_each(|&m| self.mark[m] = self.round);
        let key = self.key(members, outputs);
        if let Some(known) = self.known.get(&key[..]) {
            return known.clone();
        }
        let verdict = self.analyze(members, outputs);
        self.known.insert(key.into(), verdict.clone());
        verdict
    }

    /// What two groups have in common if they are the same kernel of different values.
    fn key(&mut self, members: &[Node], outputs: &[Node]) -> Vec<u32> {
        /// Marks that no number of an operation or a type is.
        const EXTERNAL: u32 = u32::MAX;
        const OUTPUT: u32 = u32::MAX - 1;
        let (graph, round) = (self.graph, self.round);
        let mut key = Vec::with_capacity(members.len() * 4);
        let mut count = 0;
        let mut way = Vec::new();
        for &m in members {
            let data = graph.data(m);
            for &arg in &data.args {
                // The views between the operand and what the group holds, outermost first.
                let mut v = arg;
                way.clear();
                while self.number[v.index()].0 != round {
                    let node = graph.node_of(v);
                    let through = node.filter(|&at| {
                        graph.role(at) == Role::View
                            && graph.source_of(v).is_some_and(|s| self.mark[s] == round)
                    });
                    match through {
                        Some(at) => {
                            way.push((at, v));
                            v = graph.data(at).args[0];
                        }
                        None => {
                            let [ty, shown] = graph.read_as(v);
                            key.extend([EXTERNAL, ty, shown]);
                            self.number[v.index()] = (round, count);
                            count += 1;
                        }
                    }
                }
                for (at, view) in way.drain(..).rev() {
                    let of = self.number[graph.data(at).args[0].index()].1;
                    key.extend([graph.operation(at), of]);
                    self.number[view.index()] = (round, count);
                    count += 1;
                }
                key.push(self.number[arg.index()].1);
            }
            key.push(graph.operation(m));
            if outputs.binary_search(&m).is_ok() {
                key.push(OUTPUT);
            }
            self.number[data.results[0].index()] = (round, count);
            count += 1;
        }
        key
    }

    fn analyze(&self, members: &[Node], outputs: &[Node]) -> Verdict {
        let (graph, round) = (self.graph, self.round);
        let walk = self.walk(members);
        let inside = |v: Value| {
            let source = graph.source_of(v)?;
            (self.mark[source] == round).then(|| graph.node_of(v).map(|at| graph.inst(at)))?
        };
        let results: Vec<Value> = outputs.iter().map(|&o| graph.data(o).results[0]).collect();
        let region = region::analyze(graph.trace, walk, &results, &inside)?;
        let loads = region.nodes.iter().filter(|n| matches!(n.kind, NodeKind::Load(_))).count();
        if loads + outputs.len() > MAX_OPERANDS {
            return Err(format!("a kernel of more than {MAX_OPERANDS} operands").into());
        }
        self.repeats_no_reduction(&region)?;
        Ok(cost::seconds(graph, &region, &self.rates))
    }

    /// Refuses loop nests that reduce something, or draw it, at more points than it has elements: executors hold one
    /// result of each.
    fn repeats_no_reduction(&self, region: &Region) -> Result<(), Rc<str>> {
        let mut points: FxHashMap<Value, usize> = FxHashMap::default();
        for node in &region.nodes {
            if let NodeKind::Random { .. } | NodeKind::Reduce(_) | NodeKind::Accumulate(_) = node.kind {
                *points.entry(node.value).or_default() += region.points(node);
            }
        }
        match points.into_iter().all(|(v, n)| n <= self.graph.trace.ty(v).count().max(1)) {
            true => Ok(()),
            false => Err("it would be computed several times".into()),
        }
    }

    /// Makes one group of two if no path leads from the one to the other through a unit of neither; whether it did.
    /// `outputs` and `cost` are the union's.
    pub fn merge(&mut self, a: Id, b: Id, members: Vec<Node>, outputs: Vec<Node>, cost: f64) -> bool {
        let (ua, ub) = (self.unit(a), self.unit(b));
        let (first, last) = if self.order.before(ua, ub) { (a, b) } else { (b, a) };
        let Some(between) = self.between(first, last) else { return false };
        self.order.merge(self.unit(first), self.unit(last), ua, between);
        for m in std::mem::take(&mut self.list[b].members) {
            let held = self.holders[m].contains(&a);
            self.holders[m].retain(|&h| h != b);
            if !held {
                self.holders[m].push(a);
            }
            if self.home[m] == Some(b) {
                self.home[m] = Some(a);
            }
        }
        let dead = Group { version: self.list[b].version + 1, ..Group::default() };
        self.list[b] = dead;
        let group = &mut self.list[a];
        (group.members, group.outputs, group.cost) = (members, outputs, cost);
        group.version += 1;
        true
    }

    fn unit(&self, id: Id) -> usize {
        self.graph.insts().end + id
    }

    /// Lets a group hold `more` nodes besides, which others hold too.
    pub fn copy_into(&mut self, id: Id, more: &[Node], cost: f64) {
        let group = &mut self.list[id];
        for &m in more {
            if let Err(at) = group.members.binary_search(&m) {
                group.members.insert(at, m);
                self.holders[m].push(id);
            }
        }
        group.cost = cost;
        group.version += 1;
    }

    /// Takes account of a change in what others need of a group: what it stores, what it holds for that, and its cost.
    /// Gives the groups that changed.
    pub fn refresh(&mut self, id: Id) -> Vec<Id> {
        let (mut changed, mut next) = (Vec::new(), vec![id]);
        while let Some(id) = next.pop() {
            let outputs = self.stored(&self.list[id].members, &[id]);
            if outputs == self.list[id].outputs {
                continue;
            }
            let members = self.live(&self.list[id].members, &outputs);
            let before = self.reads(&self.list[id].members);
            for &m in self.list[id].members.iter().filter(|m| members.binary_search(m).is_err()) {
                self.holders[m].retain(|&h| h != id);
                if self.home[m] == Some(id) {
                    self.home[m] = self.holders[m].first().copied();
                }
            }
            let cost = if outputs.is_empty() { Ok(0.0) } else { self.evaluate(&members, &outputs) };
            let now = self.reads(&members);
            let gone = before.into_iter().filter(|s| now.binary_search(s).is_err());
            next.extend(gone.filter_map(|s| self.home[s]));
            let group = &mut self.list[id];
            (group.members, group.outputs) = (members, outputs);
            group.cost = cost.unwrap_or(group.cost);
            group.version += 1;
            changed.push(id);
        }
        changed
    }

    /// The units between two groups to which a path leads from the first; none if one of them leads on to the last, or if
    /// there are too many to look at.
    fn between(&mut self, first: Id, last: Id) -> Option<Vec<usize>> {
        self.searches += 1;
        let mut seen = std::mem::take(&mut self.seen);
        let found = self.search(self.unit(first), self.unit(last), &mut seen);
        self.seen = seen;
        found
    }

    fn search(&self, from: usize, to: usize, seen: &mut [u32]) -> Option<Vec<usize>> {
        let search = self.searches;
        let (mut found, mut steps) = (Vec::new(), 0);
        let mut next = vec![from];
        while let Some(unit) = next.pop() {
            let groups = self.list.get(unit.wrapping_sub(self.graph.insts().end));
            let stored = groups.map_or(std::slice::from_ref(&unit), |g| &g.outputs);
            for &at in stored {
                for &r in self.graph.users(at) {
                    steps += 1;
                    let opaque = self.graph.role(r) == Role::Opaque;
                    let holders = if opaque { &[][..] } else { &self.holders[r][..] };
                    let readers = holders.iter().filter(|&&h| !self.holds(h, at)).map(|&h| self.unit(h));
                    for reader in opaque.then_some(r).into_iter().chain(readers) {
                        if reader == to && unit != from {
                            return None;
                        }
                        if reader == to || !self.order.before(reader, to) || seen[reader] == search {
                            continue;
                        }
                        seen[reader] = search;
                        found.push(reader);
                        next.push(reader);
                    }
                }
            }
            if steps > LONGEST_SEARCH {
                return None;
            }
        }
        Some(found)
    }

    /// What computing a node again in every group that reads it takes: the nodes to copy into `id` beside it, and those
    /// that are stored for it. None if something before it can't be computed again.
    pub fn copies(&self, at: Node, id: Id) -> Option<(Vec<Node>, Vec<Node>)> {
        /// A chain of more than these is none.
        const MOST: usize = 32;
        /// What is smaller by this factor is cheaper to store.
        const SMALL: usize = 16;
        let source = self.home[at]?;
        let (mut copied, mut stored) = (vec![at], Vec::new());
        let mut next = vec![at];
        while let Some(c) = next.pop() {
            for s in self.graph.operands(c) {
                let in_memory = !self.graph.is_inner(s)
                    || self.home[s].is_some_and(|h| self.list[h].outputs.binary_search(&s).is_ok());
                if self.list[id].holds(s) || copied.contains(&s) || (in_memory && s != at) {
                    continue;
                }
                let again = matches!(
                    self.graph.role(s),
                    Role::Inner(Form::Elementwise | Form::Constant | Form::Lookup | Form::Draw)
                );
                let small = self.graph.bytes(s) * SMALL <= self.graph.bytes(at);
                if !again || (small && !self.graph.is_free(s) && self.home[s] == Some(source)) {
                    if self.home[s] != Some(source) {
                        return None;
                    }
                    stored.push(s);
                    continue;
                }
                copied.push(s);
                next.push(s);
                if copied.len() > MOST {
                    return None;
                }
            }
        }
        Some((copied, stored))
    }
}
