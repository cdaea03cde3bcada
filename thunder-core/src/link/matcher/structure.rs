//! Structures: taking a part, building from parts, and collecting the results of a loop.

use super::{Frame, Matcher, Slot};
use crate::error::Error;
use crate::item::{Operand, Step, Var};
use crate::recorder::{Leaves, PathStep};

impl Matcher<'_> {
    /// Takes a field or an element of a structure.
    pub(super) fn project(&mut self, f: usize, dst: Var, base: Var, step: &Step) -> Result<(), Error> {
        let part = match (self.operand(f, &Operand::Var(base)), self.frames[f].step(step)) {
            (Slot::Known(leaves), Some(at)) => Slot::Known(part(leaves, step, at)),
            // A structure without tensors has no part with tensors.
            (Slot::Known(leaves), None) if leaves.list.is_empty() => Slot::Known(leaves),
            (Slot::Known(_), None) => Slot::Any,
            (other, _) => other,
        };
        self.check_slot(f, dst, &part, None)?;
        self.set(f, dst, part);
        Ok(())
    }

    /// Builds a structure from its parts.
    pub(super) fn pack(&mut self, f: usize, dst: Var, parts: &[(Step, Operand)]) {
        let named: Vec<PathStep> = parts.iter().filter_map(|(s, _)| self.frames[f].step(s)).collect();
        let mut list = Vec::new();
        let mut any = false;
        for (step, value) in parts {
            match (self.frames[f].step(step), self.operand(f, value)) {
                (Some(step), Slot::Known(leaves)) => list.extend(leaves.within(step)),
                // `Model { head, ..model }`: the fields that are not named.
                (None, Slot::Known(rest)) if !named.is_empty() => {
                    let fits = |p: &[PathStep]| p.first().is_some_and(|s| !named.contains(s));
                    list.extend(rest.list.into_iter().filter(|(p, _)| fits(p)));
                }
                _ => any = true,
            }
        }
        let whole = if any { Slot::Any } else { Slot::Known(Leaves { list, ..Leaves::default() }) };
        self.set(f, dst, whole);
    }

    /// Appends the value of an iteration to the list of the loop's results.
    pub(super) fn collect(&mut self, f: usize, dst: Var, value: &Operand) {
        let value = self.operand(f, value);
        let list = match (std::mem::replace(&mut self.frames[f].vars[dst as usize], Slot::Any), value) {
            (Slot::Unset, Slot::Known(leaves)) => leaves.within(PathStep::Index(0)).collect(),
            (Slot::Known(mut so_far), Slot::Known(leaves)) => {
                let n = so_far.list.iter().filter_map(|(p, _)| index(p)).max().map_or(0, |n| n + 1);
                so_far.list.extend(leaves.within(PathStep::Index(n)));
                so_far.list
            }
            _ => return,
        };
        self.set(f, dst, Slot::Known(Leaves { list, ..Leaves::default() }));
    }
}

impl Frame {
    fn step(&self, step: &Step) -> Option<PathStep> {
        match step {
            Step::Field(name) => Some(PathStep::Field(name)),
            Step::Index(i) => Some(PathStep::Index(*i)),
            Step::Iter(site) => {
                self.iterations.iter().rev().find(|(s, _)| s == site).map(|(_, n)| PathStep::Index(*n))
            }
            Step::Any => None,
        }
    }
}

/// The part of `whole` at `step`. `Option::map` is an iteration too, whose value has the path of the `Option` itself.
fn part(whole: Leaves, step: &Step, at: PathStep) -> Leaves {
    let is_list = || whole.list.iter().any(|(path, _)| index(path).is_some());
    if matches!(step, Step::Iter(_)) && !is_list() { whole } else { whole.under(at) }
}

fn index(path: &[PathStep]) -> Option<u32> {
    match path.first() {
        Some(PathStep::Index(i)) => Some(*i),
        _ => None,
    }
}
