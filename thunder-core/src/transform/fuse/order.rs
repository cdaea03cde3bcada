//! An order of the units of a trace in which each stands after what it reads, kept while groups are merged. A unit is a
//! node that stays an instruction, or a group.

use std::collections::BTreeMap;

/// The distance of neighbours after numbering.
const STEP: u64 = 1 << 32;

/// A topological order by labels, of which there are always some between two neighbours.
pub(super) struct Order {
    label: Vec<u64>,
    units: BTreeMap<u64, usize>,
}

impl Order {
    /// Of these units, each with its place.
    pub fn new(count: usize, places: impl Iterator<Item = (usize, usize)>) -> Order {
        let mut order = Order { label: vec![0; count], units: BTreeMap::new() };
        for (unit, place) in places {
            order.put(unit, (place as u64 + 1) * STEP);
        }
        order
    }

    fn put(&mut self, unit: usize, label: u64) {
        self.label[unit] = label;
        self.units.insert(label, unit);
    }

    /// Whether `a` stands before `b`.
    pub fn before(&self, a: usize, b: usize) -> bool {
        self.label[a] < self.label[b]
    }

    /// Lets `merged` take the place of two units, the first of which stands before the last. `between` are the units
    /// between them that the first leads to: they come to stand behind.
    pub fn merge(&mut self, first: usize, last: usize, merged: usize, mut between: Vec<usize>) {
        let place = self.label[last];
        self.units.remove(&self.label[first]);
        self.put(merged, place);
        between.sort_unstable_by_key(|&u| self.label[u]);
        between.iter().for_each(|u| {
            self.units.remove(&self.label[*u]);
        });
        let room = between.len() as u64 + 1;
        let mut next = self.next(place);
        if next - place < room {
            self.renumber();
            next = self.next(self.label[merged]);
        }
        let (start, step) = (self.label[merged], (next - self.label[merged]) / room);
        for (i, unit) in between.into_iter().enumerate() {
            self.put(unit, start + step * (i as u64 + 1));
        }
    }

    /// The label behind `label`.
    fn next(&self, label: u64) -> u64 {
        self.units.range(label + 1..).next().map_or(label + STEP, |(&l, _)| l)
    }

    fn renumber(&mut self) {
        let units: Vec<usize> = std::mem::take(&mut self.units).into_values().collect();
        for (place, unit) in units.into_iter().enumerate() {
            self.put(unit, (place as u64 + 1) * STEP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn what_the_first_leads_to_comes_to_stand_behind() {
        let mut order = Order::new(6, (0..6).map(|u| (u, u)));
        // 1 leads to 3, and 4 reads neither.
        order.merge(1, 4, 4, vec![3]);
        let stands = |a, b| assert!(order.before(a, b), "{a} before {b}");
        [(0, 2), (2, 4), (4, 3), (3, 5)].into_iter().for_each(|(a, b)| stands(a, b));
    }

    #[test]
    fn there_is_always_room() {
        let mut order = Order::new(100, (0..100).map(|u| (u, u)));
        // Each time, the unit behind the merged one moves on to the same gap.
        for round in 0..60 {
            order.merge(round, round + 1, round + 1, vec![]);
            order.merge(round + 1, 98, 98, (round + 2..70).collect());
            order.put(round + 1, order.label[98] - 1);
            assert!(order.before(98, round + 2) && order.before(98, 99) && order.before(round + 2, 99));
        }
    }
}
