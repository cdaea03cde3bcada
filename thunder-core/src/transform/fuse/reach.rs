//! How far groups reach: each spans the instructions from its first member to its last.

/// For each instruction, the last member of the groups that begin at it or before it: the largest of a prefix, kept in
/// a Fenwick tree, since groups only grow.
pub(super) struct Reach(Vec<usize>);

impl Reach {
    /// Of `n` instructions, no groups yet.
    pub fn new(n: usize) -> Reach {
        Reach(vec![0; n + 1])
    }

    /// Takes in a group with these first and last members.
    pub fn add(&mut self, first: usize, last: usize) {
        let mut i = first + 1;
        while let Some(place) = self.0.get_mut(i) {
            *place = last.max(*place);
            i += i & i.wrapping_neg();
        }
    }

    /// The last member of the groups that begin at `at` or before it.
    pub fn of(&self, at: usize) -> usize {
        let (mut i, mut last) = ((at + 1).min(self.0.len() - 1), 0);
        while i > 0 {
            last = last.max(self.0[i]);
            i &= i - 1;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn agrees_with_a_search() {
        let mut groups = Vec::new();
        let mut reach = Reach::new(50);
        for k in 0..40 {
            let (first, more) = (k * 29 % 50, k * 7 % 11);
            groups.push((first, (first + more).min(49)));
            reach.add(first, (first + more).min(49));
            for at in 0..50 {
                let want = groups.iter().filter(|g| g.0 <= at).map(|g| g.1).max().unwrap_or(0);
                assert_eq!(reach.of(at), want);
            }
        }
    }
}
