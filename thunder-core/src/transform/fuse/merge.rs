//! Which groups become one: along data flow, beside each other, and sums over rows with what reduces the rows.

use super::{Fuser, LARGE, Role};
use crate::trace::{Value, Walk};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The most steps of a search for a path between two groups.
const LONGEST_SEARCH: usize = 1 << 14;

impl Fuser<'_> {
    pub fn merge_along_data_flow(&mut self) {
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
                let rows = matches!(self.schedule(&self.members[a]), Walk::Rows { .. });
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
        let mut next: Vec<Value> = self.insts[i].args.iter().rev().copied().collect();
        while let Some(a) = next.pop() {
            let Some(s) = self.source(a) else { continue };
            if self.role[s] == Role::Copied {
                next.extend(self.insts[s].args.iter().rev());
            } else if !out.contains(&s) {
                out.push(s);
            }
        }
    }

    /// Merges groups that read the same large value, where their loop nests agree.
    pub fn merge_siblings(&mut self) {
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
    pub fn merge_columns_into_rows(&mut self) {
        // The groups of rows that read or compute each large value.
        let mut rows: HashMap<Value, Vec<usize>> = HashMap::new();
        for r in 0..self.members.len() {
            if matches!(self.schedule(&self.members[r]), Walk::Rows { .. }) {
                self.large_values(r, true).into_iter().for_each(|v| rows.entry(v).or_default().push(r));
            }
        }
        for c in 0..self.members.len() {
            if !matches!(self.schedule(&self.members[c]), Walk::Columns { .. }) {
                continue;
            }
            let read = self.large_values(c, false);
            let shared: BTreeSet<usize> =
                read.iter().filter_map(|v| rows.get(v)).flatten().copied().collect();
            let all = self.large_values(c, true);
            if let Some(r) = shared.into_iter().find(|&r| self.try_merge(r, c).is_ok()) {
                all.into_iter().for_each(|v| rows.entry(v).or_default().push(r));
            }
        }
    }

    /// The large values that the members of a group read, and with `own` those that they compute.
    fn large_values(&self, group: usize, own: bool) -> HashSet<Value> {
        let values = self.members[group].iter().flat_map(|&i| {
            let results = self.insts[i].results.iter().filter(move |_| own);
            self.insts[i].args.iter().chain(results).copied()
        });
        values.filter(|&v| self.trace.ty(v).count() >= LARGE).collect()
    }

    /// Whether one group reduces rows and the other columns.
    fn mixes(&self, a: usize, b: usize) -> bool {
        let kinds = [a, b].map(|g| self.schedule(&self.members[g]));
        !kinds.contains(&Walk::Pointwise) && !self.same_kind(a, b)
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
        if let (Some(&first), Some(&last)) = (self.members[a].first(), self.members[a].last()) {
            self.reach.add(first, last);
        }
        Ok(())
    }

    /// Whether a path leads from group `from` to group `to` through an instruction of neither. A search that is too
    /// long is given up, and says yes.
    fn path_outside(&mut self, from: usize, to: usize) -> bool {
        let own = |i: usize| self.group[i] == Some(from) || self.group[i] == Some(to);
        let horizon = self.horizon(to);
        self.searches += 1;
        let (search, mut visited) = (self.searches, 0);
        let mut stack: Vec<usize> = Vec::new();
        let follow = |i: usize, stack: &mut Vec<usize>| stack.extend(&self.readers[i]);
        for &i in &self.members[from] {
            stack.extend(self.readers[i].iter().filter(|&&r| !own(r)));
        }
        while let Some(i) = stack.pop() {
            visited += 1;
            if self.group[i] == Some(to) || visited > LONGEST_SEARCH {
                return true;
            }
            if self.group[i] == Some(from)
                || i > horizon
                || std::mem::replace(&mut self.seen[i], search) == search
            {
                continue;
            }
            match self.group[i] {
                Some(g) => {
                    for &m in &self.members[g] {
                        self.seen[m] = search;
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
            let last = self.reach.of(horizon);
            if last <= horizon {
                return horizon;
            }
            horizon = last;
        }
    }
}
