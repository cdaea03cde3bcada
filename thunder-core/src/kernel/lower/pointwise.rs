//! Every element on its own.

use super::build::Build;
use super::builder::{Lower, SideOf};
use crate::kernel::ir::{Expr, Kernel, Space, Stmt, Type, Unroll};
use crate::kernel::schedule::Held;

pub(super) fn kernel(mut l: Lower<'_>) -> Kernel {
    let results: Vec<usize> = (0..l.nest.region.results.len()).collect();
    let nodes = l.needed_by(&results);
    let count = l.extent("count", l.nest.region.count());
    if l.schedule.held == Held::Registers {
        // All loads are on their way before the first is used.
        let loads: Vec<usize> = nodes.iter().copied().filter(|&i| l.nest.is_row_data(i)).collect();
        let steps = l.schedule.inner.serial().unwrap_or(1);
        hold(&mut l, &loads, steps);
        l.walk(SideOf::Inner, &Expr::Thread, ("i", count.clone()), Unroll::Whole, |l| fetch(l, &loads));
        l.walk(SideOf::Inner, &Expr::Thread, ("i", count), Unroll::Whole, |l| {
            l.use_held();
            l.point(&nodes, &results, &[]);
        });
    } else {
        let i = l.index(&l.schedule.inner, &Expr::Thread, &Expr::Num(0));
        let i = l.set("i", Type::INDEX, i);
        l.push(Stmt::Exit(i.clone().ge(count)));
        l.coordinates(SideOf::Inner, i);
        l.point(&nodes, &results, &[]);
    }
    l.finish()
}

/// Declares registers for `steps` vectors of each load.
pub(super) fn hold(l: &mut Lower<'_>, loads: &[usize], steps: usize) {
    for &i in loads {
        let dtype = l.nest.region.nodes[i].dtype;
        let lanes = if l.lane_varies(i) { l.width } else { 1 };
        let note = l.load_note(i);
        let array = l.array(format!("a{i}"), Space::Registers, Type::vector(dtype, lanes), vec![steps], note);
        l.held.push((i, array));
    }
}

/// Loads into them at this step.
pub(super) fn fetch(l: &mut Lower<'_>, loads: &[usize]) {
    for &i in loads {
        let (_, value) = l.fetched(i);
        if let Some(&(_, array)) = l.held.iter().find(|h| h.0 == i) {
            let at = vec![l.step.clone()];
            l.push(Stmt::Put(array, at, value));
        }
    }
}

impl Lower<'_> {
    /// The vectors that are held, as those of this step.
    pub fn use_held(&mut self) {
        for &(i, array) in &self.held {
            self.vectors.insert(i, Expr::Get(array, vec![self.step.clone()]));
        }
    }
}
