//! Which moves are made: of those that lower the cost, the best first.

use super::graph::{Node, Role};
use super::groups::{Group, Groups, Id};
use crate::op::Form;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

/// A change of the groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Move {
    /// Two groups become one.
    Merge(Id, Id),
    /// A node is computed again by the groups that read it, so that it need not be stored or is read from less.
    Recompute(Node),
}

/// A move with the most seconds that it can save, in picoseconds, and the versions of the groups that it was found for.
/// The earliest of equals is made first.
type Entry = (u64, Reverse<usize>, Move, (u32, u32));

/// Readers of the same value are merged from this many bytes on.
const SHARED: usize = 1 << 14;
/// What more than these read is no reason to merge its readers with each other, or to compute it in each anew whenever
/// one of them changes.
const SIBLINGS: usize = 16;
/// Nodes farther apart than this are not merged along data flow: between a forward pass and its backward pass there is
/// always a way around, and what one layer keeps for another is better computed again than merged.
const WINDOW: usize = 2048;
/// The same for readers of one value.
const BESIDE: usize = 512;
/// A move must save more than this: what is less is within the error of the estimate.
const LEAST: f64 = 1e-8;

/// The moves that may be worth making. Merges come first: what both could save, a merge saves with its launch.
#[derive(Default)]
struct Queue {
    merges: BinaryHeap<Entry>,
    recomputations: BinaryHeap<Entry>,
    count: usize,
}

impl Queue {
    fn push(&mut self, gain: f64, what: Move, versions: (u32, u32)) {
        self.count += 1;
        let entry = ((gain * 1e12) as u64, Reverse(self.count), what, versions);
        match what {
            Move::Merge(..) => self.merges.push(entry),
            Move::Recompute(_) => self.recomputations.push(entry),
        }
    }

    fn pop(&mut self) -> Option<Entry> {
        self.merges.pop().or_else(|| self.recomputations.pop())
    }
}

/// Makes moves until none lowers the cost.
pub(super) fn run(groups: &mut Groups) {
    let mut queue = Queue::default();
    for id in 0..groups.list.len() {
        find(groups, id, &mut queue);
    }
    while let Some((_, _, what, versions)) = queue.pop() {
        let changed = match what {
            Move::Merge(a, b) if (groups.list[a].version, groups.list[b].version) == versions => {
                merge(groups, a, b).unwrap_or_default()
            }
            Move::Recompute(at) if groups.home(at).is_some_and(|h| groups.list[h].version == versions.0) => {
                recompute(groups, at)
            }
            _ => continue,
        };
        for id in changed {
            find(groups, id, &mut queue);
        }
    }
}

/// Queues the moves that concern a group.
fn find(groups: &Groups, id: Id, queue: &mut Queue) {
    let Group { members, outputs, version, .. } = &groups.list[id];
    if outputs.is_empty() {
        return;
    }
    let graph = groups.graph;
    // What each neighbour shares with this group, in bytes that need not move.
    let mut shared: Vec<(Id, usize)> = Vec::new();
    let own = (members[0], members[members.len() - 1]);
    let near = |other: Id, window: usize| match groups.list[other].members[..] {
        [first, .., last] => first < own.1 + window && own.0 < last + window,
        [only] => only < own.1 + window && own.0 < only + window,
        [] => false,
    };
    for &s in &groups.reads(members) {
        let (bytes, few) = (graph.bytes(s), graph.users(s).len() <= SIBLINGS);
        if let (true, Some(home)) = (graph.is_inner(s), groups.home(s)) {
            if near(home, WINDOW) {
                shared.push((home, bytes));
            }
            if few {
                queue.push(
                    gain_of_recomputing(groups, s),
                    Move::Recompute(s),
                    (groups.list[home].version, 0),
                );
            }
        }
        if bytes >= SHARED && few {
            let siblings = groups.readers(s).into_iter().filter(|&r| near(r, BESIDE));
            shared.extend(siblings.map(|r| (r, bytes)));
        }
    }
    for &o in outputs {
        let readers = groups.readers(o);
        let stays = graph.is_pinned(o) || readers.len() > 1;
        let bytes = if stays { graph.bytes(o) } else { 2 * graph.bytes(o) };
        shared.extend(readers.into_iter().filter(|&r| near(r, WINDOW)).map(|r| (r, bytes)));
        queue.push(gain_of_recomputing(groups, o), Move::Recompute(o), (*version, 0));
    }
    shared.sort_unstable();
    for of_one in shared.chunk_by(|a, b| a.0 == b.0) {
        let bytes: usize = of_one.iter().map(|(_, bytes)| bytes).sum();
        let gain = groups.rates.launch + bytes as f64 / groups.rates.bandwidth;
        let (a, b) = (id.min(of_one[0].0), id.max(of_one[0].0));
        if a != b {
            queue.push(gain, Move::Merge(a, b), (groups.list[a].version, groups.list[b].version));
        }
    }
}

/// The most that it saves to compute a node again wherever it is read.
fn gain_of_recomputing(groups: &Groups, at: Node) -> f64 {
    let graph = groups.graph;
    let times = graph.users(at).len() + usize::from(!graph.is_pinned(at));
    groups.rates.launch + (times * graph.bytes(at)) as f64 / groups.rates.bandwidth
}

/// Makes one group of two if that is legal and costs less; gives the groups that changed, or why not.
fn merge(groups: &mut Groups, a: Id, b: Id) -> Result<Vec<Id>, Rc<str>> {
    let (members, outputs, cost) = union(groups, a, b)?;
    let apart = groups.list[a].cost + groups.list[b].cost;
    if cost > apart - LEAST {
        let us = |seconds: f64| seconds * 1e6;
        return Err(format!("{:.1} us as one kernel, {:.1} us as two", us(cost), us(apart)).into());
    }
    if !groups.merge(a, b, members, outputs, cost) {
        return Err("what lies between them has a kernel of its own".into());
    }
    let mut changed = vec![a];
    // What the one held for itself and the other stores.
    let homes: Vec<Id> = groups.list[a].members.iter().filter_map(|&m| groups.home(m)).collect();
    for home in homes {
        if home != a && !changed.contains(&home) {
            changed.extend(groups.refresh(home));
        }
    }
    Ok(changed)
}

/// The members, the outputs and the cost of two groups as one.
fn union(groups: &mut Groups, a: Id, b: Id) -> Result<(Vec<Node>, Vec<Node>, f64), Rc<str>> {
    let mut members = [&groups.list[a].members[..], &groups.list[b].members[..]].concat();
    members.sort_unstable();
    members.dedup();
    let outputs = groups.stored(&members, &[a, b]);
    if outputs.is_empty() {
        return Err("nothing reads it".into());
    }
    let cost = groups.evaluate(&members, &outputs)?;
    Ok((members, outputs, cost))
}

/// Why two groups are two, of which one reads the other.
pub(super) fn why_apart(groups: &mut Groups, a: Id, b: Id) -> Rc<str> {
    let (a, b) = (a.min(b), a.max(b));
    let (_, _, cost) = match union(groups, a, b) {
        Ok(whole) => whole,
        Err(why) => return why,
    };
    let apart = groups.list[a].cost + groups.list[b].cost;
    if cost > apart - LEAST {
        return format!("{:.1} us as one kernel, {:.1} us as two", cost * 1e6, apart * 1e6).into();
    }
    "what lies between them has a kernel of its own".into()
}

/// Lets the groups that read a node compute it themselves, where that costs less; gives the groups that changed.
fn recompute(groups: &mut Groups, at: Node) -> Vec<Id> {
    let again = matches!(
        groups.graph.role(at),
        Role::Inner(Form::Elementwise | Form::Lookup | Form::Draw | Form::Constant)
    );
    let (Some(home), true) = (groups.home(at), again) else { return Vec::new() };
    let readers = groups.readers(at);
    // What each reader costs with the copies, more than without.
    let mut trials: Vec<(Id, Vec<Node>, Vec<Node>, f64, f64)> = Vec::new();
    for &id in &readers {
        let Some((copied, stored)) = groups.copies(at, id) else { continue };
        let mut members = [&groups.list[id].members[..], &copied[..]].concat();
        members.sort_unstable();
        let outputs = groups.list[id].outputs.clone();
        if let Ok(cost) = groups.evaluate(&members, &outputs) {
            trials.push((id, copied, stored, cost, cost - groups.list[id].cost));
        }
    }
    let extra: Vec<Node> = trials.iter().flat_map(|t| t.2.iter().copied()).collect();
    let everywhere = trials.len() == readers.len() && !readers.is_empty() && !groups.graph.is_pinned(at);
    if everywhere {
        let mut outputs: Vec<Node> = groups.list[home].outputs.iter().copied().filter(|&o| o != at).collect();
        outputs.extend(&extra);
        outputs.sort_unstable();
        outputs.dedup();
        let members = groups.live(&groups.list[home].members.clone(), &outputs);
        let left = if outputs.is_empty() { Ok(0.0) } else { groups.evaluate(&members, &outputs) };
        let saved = left.map_or(f64::NEG_INFINITY, |left| groups.list[home].cost - left);
        if trials.iter().map(|t| t.4).sum::<f64>() < saved - LEAST {
            return apply(groups, home, trials);
        }
    }
    // It stays in memory: those that read less by computing it.
    trials.retain(|t| t.4 < -LEAST && t.2.is_empty());
    apply(groups, home, trials)
}

fn apply(groups: &mut Groups, home: Id, trials: Vec<(Id, Vec<Node>, Vec<Node>, f64, f64)>) -> Vec<Id> {
    let mut changed = Vec::new();
    for (id, copied, _, cost, _) in trials {
        groups.copy_into(id, &copied, cost);
        changed.push(id);
    }
    if !changed.is_empty() {
        changed.extend(groups.refresh(home));
    }
    changed
}
