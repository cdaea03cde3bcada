//! Columns: the outer index is reduced.

use super::build::Build;
use super::builder::{Lower, SideOf};
use super::partial::Cells;
use crate::kernel::ir::{Expr, Kernel, Stmt, Unroll, Var};

pub(super) fn kernel(mut l: Lower<'_>) -> Kernel {
    let (rows, n) = (l.nest.space.outer.count(), l.nest.space.inner.count());
    let folds = l.nest.folds(1);
    let split = l.schedule.outer.split().filter(|s| s.1 > 1);
    let memory = split.map(|_| (l.scratch(), l.counters()));
    let extent = l.extent("rows", rows);
    let region = l.nest.region;
    // What has an element for each point, and what comes after the reduction.
    let (full, after): (Vec<usize>, Vec<usize>) = (0..region.results.len()).partition(|&r| {
        region.nodes[region.results[r].0].level == 0 && l.nest.written(r).outer.iter().any(|&s| s != 0)
    });
    let (lane, group) = l.named_threads();
    let width = l.width;
    l.start_folds(&folds, width);
    let mark = l.mark();
    l.walk(SideOf::Inner, &lane, ("col", n.into()), Unroll::Free, |l| {
        let roots = folds.iter().map(|&f| region.nodes[f].args[0]);
        let nodes = l.needed(roots.chain(full.iter().map(|&r| region.results[r].0)));
        // What does not change from row to row is read once.
        let fixed: Vec<usize> = nodes.iter().copied().filter(|&i| !l.nest.outer_varies(i)).collect();
        l.scalars(&fixed);
        l.loads(&fixed);
        l.walk(SideOf::Outer, &group, ("row", extent.clone()), Unroll::By(4), |l| {
            l.point(&nodes, &full, &folds)
        });
    });
    l.forget(mark);
    let (mine, live, sums) = l.down(&folds, &lane, &group, n);
    if let (Some((axis, _)), Some((scratch, counters))) = (split, memory) {
        let blocks = Expr::Blocks(axis);
        let cells = Cells { block: Expr::Block(axis), blocks: blocks.clone(), n };
        let parts: Vec<_> =
            folds.iter().enumerate().map(|(k, &f)| l.part(scratch, f, k, cells.count())).collect();
        let own = (&parts[..], cells.at(mine.clone()));
        l.last_block(&folds, &sums, own, Some(live.clone()), (counters, Expr::Block(0)), blocks.clone());
        for ((&f, &sum), &part) in folds.iter().zip(&sums).zip(&parts) {
            let range = (Expr::Num(0), blocks.clone(), 1);
            l.when(live.clone(), |l| {
                l.gather(f, (sum, part), range, Unroll::By(8), |b| {
                    Cells { block: b, blocks: blocks.clone(), n }.at(mine.clone())
                });
            });
        }
    }
    finish(l, &folds, &sums, (mine, live), &after)
}

/// What comes after the reduction, a thread a column.
pub(super) fn finish(
    mut l: Lower<'_>,
    folds: &[usize],
    sums: &[Var],
    (mine, live): (Expr, Expr),
    results: &[usize],
) -> Kernel {
    l.push(Stmt::Exit(Expr::Not(Box::new(live))));
    for (&f, &sum) in folds.iter().zip(sums) {
        l.settle(f, sum.into());
    }
    l.width = 1;
    l.coordinates(SideOf::Inner, mine);
    let nodes = l.needed_by(results);
    l.point(&nodes, results, &[]);
    l.finish()
}
