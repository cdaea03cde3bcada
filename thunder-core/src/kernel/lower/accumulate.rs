//! Rows that are also summed: the walk over them, and the sum of what its blocks leave.

use super::build::Build;
use super::builder::{Lower, SideOf};
use super::rows::{hold_row, reduce, walk};
use super::{columns, partial::Cells};
use crate::kernel::ir::{Array, Expr, Kernel, Note, Pointer, Space, Stmt, Type, Unroll, identity};

/// The walk over the rows. A thread keeps the sums of its columns in registers.
pub(super) fn kernel(mut l: Lower<'_>) -> Kernel {
    let (rows, n) = (l.nest.space.outer.count(), l.nest.space.inner.count());
    let scratch = l.scratch();
    let extent = l.extent("rows", rows);
    let region = l.nest.region;
    let sums = l.nest.accumulations();
    let early: Vec<usize> = (0..region.results.len()).filter(|&r| !l.nest.is_late(r)).collect();
    let (wide, narrow): (Vec<usize>, Vec<usize>) = early.iter().partition(|&&r| l.nest.is_wide(r));
    let summed: Vec<usize> = sums.iter().map(|&f| region.nodes[f].args[0]).collect();
    let all = l.needed(early.iter().map(|&r| region.results[r].0).chain(summed.iter().copied()));
    let top = all.iter().map(|&i| region.nodes[i].level).max().unwrap_or(0);

    let (lane, group) = l.named_threads();
    let steps = l.schedule.inner.serial().unwrap_or(1);
    l.start_folds(&sums, steps * l.width);
    let before = l.mark();
    let body = |l: &mut Lower<'_>, live: Option<Expr>| {
        hold_row(l, &all, &lane);
        for level in 1..=top {
            reduce(l, &lane, level, &all, &[]);
        }
        l.scalars_of_row(&all);
        let rest = |l: &mut Lower<'_>| {
            let inside = l.mark();
            let nodes = l.needed(wide.iter().map(|&r| region.results[r].0).chain(summed.iter().copied()));
            walk(l, &lane, n, |l| l.point(&nodes, &wide, &sums));
            l.forget(inside);
            if !narrow.is_empty() {
                l.when(lane.clone().is(0), |l| l.row_point(&narrow));
            }
        };
        match live {
            Some(live) => l.when(live, rest),
            None => rest(l),
        }
    };
    if l.schedule.outer.threads() == 1 {
        l.walk(SideOf::Outer, &group, ("row", extent), Unroll::Free, |l| body(l, None));
    } else {
        // All threads of a warp take part in its reductions, with or without a row: the loop is over whole blocks.
        l.positions(SideOf::Outer, &Expr::Num(0), ("base", extent.clone()), Unroll::Free, |l| {
            let base = l.position.clone() + group.clone();
            let live = l.set("live", Type::BOOL, base.clone().lt(extent.clone()));
            let row = Expr::If(Box::new(live.clone()), Box::new(base), Box::new(extent - 1));
            let row = l.set("row", Type::INDEX, row);
            l.coordinates(SideOf::Outer, row);
            body(l, Some(live));
        });
    }
    l.forget(before);
    leave(&mut l, scratch, &sums, &lane, &group);
    l.finish()
}

/// Leaves the sums of the block in scratch memory: those of its only row of threads as they are, else their fold, by
/// shared memory. The threads' sums are short, the block's are long.
fn leave(l: &mut Lower<'_>, scratch: Pointer, sums: &[usize], lane: &Expr, group: &Expr) {
    let (n, width) = (l.nest.space.inner.count(), l.width);
    let per_block = l.schedule.outer.threads();
    let cells = Cells { block: Expr::Block(0), blocks: Expr::Blocks(0), n };
    let mut arrays: Vec<(Type, Array)> = Vec::new();
    for (k, &f) in sums.iter().enumerate() {
        let short = l.running_type(f);
        l.long = true;
        let part = l.part(scratch, f, k, cells.count());
        let long = l.running_type(f);
        if per_block == 1 {
            walk(l, lane, n, |l| {
                let col = l.position.clone();
                l.unrolled("j", width, |l, j| {
                    let value = l.running_at(f, j.clone()).cast(long);
                    l.push(Stmt::Store(part, cells.at(col + j), value));
                });
            });
            l.long = false;
            continue;
        }
        // Sums of one type take turns in one array.
        let array = match arrays.iter().find(|a| a.0 == short) {
            Some(&(_, array)) => {
                l.push(Stmt::Barrier);
                array
            }
            None => {
                let name = format!("part{f}");
                let array = l.array(name, Space::Shared, short, vec![per_block, n], Note::None);
                arrays.push((short, array));
                array
            }
        };
        walk(l, lane, n, |l| {
            let col = l.position.clone();
            l.unrolled("j", width, |l, j| {
                let value = l.running_at(f, j.clone());
                l.push(Stmt::Put(array, vec![group.clone(), col + j], value));
            });
        });
        l.push(Stmt::Barrier);
        let (fold, d) = l.fold(f);
        let col = l.var("col", Type::INDEX);
        let body = l.block(|l| {
            let sum = l.mutable(format!("u{f}"), long, identity(fold, d));
            l.unrolled("g", per_block, |l, g| {
                let x = Expr::Get(array, vec![g, col.into()]).cast(long);
                l.fold_to(f, sum, x);
            });
            l.push(Stmt::Store(part, cells.at(col.into()), sum.into()));
        });
        let threads = l.schedule.launch.threads;
        l.repeat(col, Expr::Thread, n.into(), threads.into(), Unroll::Free, body);
        l.long = false;
    }
}

/// The sum of what the blocks left, and what comes after.
pub(super) fn sums(mut l: Lower<'_>) -> Kernel {
    let n = l.nest.space.inner.count();
    let scratch = l.scratch();
    let blocks = l.schedule.launch.scratch / (8 * n.max(1) * l.nest.accumulations().len().max(1));
    let blocks = l.extent("parts", blocks);
    let cells = Cells { block: Expr::Num(0), blocks: blocks.clone(), n };
    let folds = l.nest.accumulations();
    let (lane, group) = l.named_threads();
    l.start_folds(&folds, 1);
    let parts: Vec<_> =
        folds.iter().enumerate().map(|(k, &f)| l.part(scratch, f, k, cells.count())).collect();
    l.walk(SideOf::Inner, &lane, ("col", n.into()), Unroll::Free, |l| {
        let col = l.position.clone();
        let b = l.var("b", Type::INDEX);
        let body = l.block(|l| {
            for (&f, &part) in folds.iter().zip(&parts) {
                let at = Box::new(Expr::Var(b) * n + col.clone());
                let value = l.one(f);
                l.fold_to(f, value, Expr::Load(part, at));
            }
        });
        let step = l.schedule.outer.threads();
        l.repeat(b, group.clone(), blocks.clone(), step.into(), Unroll::By(4), body);
    });
    let (mine, live, values) = l.down(&folds, &lane, &group, n);
    let late: Vec<usize> = (0..l.nest.region.results.len()).filter(|&r| l.nest.is_late(r)).collect();
    columns::finish(l, &folds, &values, (mine, live), &late)
}
