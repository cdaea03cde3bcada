//! Rows: the inner index is reduced, once or several times, and may be walked again after.

use super::build::Build;
use super::builder::{Lower, SideOf};
use super::pointwise::{fetch, hold};
use crate::kernel::ir::{Expr, Kernel, Space, Stmt, Type, Unroll};
use crate::kernel::schedule::Held;

pub(super) fn kernel(mut l: Lower<'_>) -> Kernel {
    let (rows, n) = (l.nest.space.outer.count(), l.nest.space.inner.count());
    let split = l.schedule.inner.split();
    let memory = split.map(|_| (l.scratch(), l.counters()));
    let extent = l.extent("rows", rows);
    let (lane, group) = l.named_threads();
    let per_block = l.schedule.outer.threads();
    let own = l.index(&l.schedule.outer.clone(), &group, &Expr::Num(0));
    let (row, live) = if per_block == 1 {
        (l.set("row", Type::INDEX, own), None)
    } else {
        // All threads of a warp take part in its reductions, with or without a row.
        let mine = l.set("mine", Type::INDEX, own);
        let live = mine.clone().lt(extent.clone());
        let row = Expr::If(Box::new(live.clone()), Box::new(mine), Box::new(extent.clone() - 1));
        (l.set("row", Type::INDEX, row), Some(live))
    };
    l.coordinates(SideOf::Outer, row.clone());
    let results: Vec<usize> = (0..l.nest.region.results.len()).collect();
    let all = l.needed_by(&results);
    let (wide, narrow): (Vec<usize>, Vec<usize>) = results.iter().partition(|&&r| l.nest.is_wide(r));
    hold_row(&mut l, &all, &lane);
    for level in 1..=l.nest.levels() {
        // A split row is walked once: what it stores is stored on the way.
        let on_the_way = if split.is_some() { &wide[..] } else { &[] };
        reduce(&mut l, &lane, level, &all, on_the_way);
    }
    if let (Some((axis, count)), Some((scratch, counters))) = (split, memory) {
        let folds = l.nest.folds(1);
        let values: Vec<_> = folds.iter().map(|&f| l.one(f)).collect();
        let cells = extent.clone().index() * count;
        let parts: Vec<_> =
            folds.iter().enumerate().map(|(k, &f)| l.part(scratch, f, k, cells.clone())).collect();
        let cell = row.clone() * count;
        let own = (&parts[..], cell.clone() + Expr::Block(axis));
        let first = Some(lane.clone().is(0));
        l.last_block(&folds, &values, own, first, (counters, row), Expr::Blocks(axis));
        let threads = l.schedule.inner.threads();
        for ((&f, &value), &part) in folds.iter().zip(&values).zip(&parts) {
            let range = (lane.clone(), count.into(), threads);
            l.gather(f, (value, part), range, Unroll::Free, |b| cell.clone() + b);
            let whole = l.across(f, value);
            l.settle(f, whole);
        }
    }
    l.scalars_of_row(&all);
    if !wide.is_empty() && split.is_none() {
        let mark = l.mark();
        let nodes = l.needed_by(&wide);
        if let Some(live) = &live {
            l.push(Stmt::Exit(Expr::Not(Box::new(live.clone()))));
        }
        walk(&mut l, &lane, n, |l| l.point(&nodes, &wide, &[]));
        l.forget(mark);
    }
    if !narrow.is_empty() {
        let first = lane.is(0);
        let only = live.filter(|_| wide.is_empty());
        l.when(only.into_iter().fold(first, Expr::and), |l| l.row_point(&narrow));
    }
    l.finish()
}

/// Brings the row to where the schedule holds it.
pub(super) fn hold_row(l: &mut Lower<'_>, all: &[usize], lane: &Expr) {
    let n = l.nest.space.inner.count();
    let steps = l.schedule.inner.serial().unwrap_or(1);
    let schedule = l.schedule;
    match &schedule.held {
        Held::Memory => {}
        Held::Registers => {
            let loads: Vec<usize> = all.iter().copied().filter(|&i| l.nest.is_row_data(i)).collect();
            hold(l, &loads, steps);
            walk_by(l, lane, n, Unroll::Whole, |l| fetch(l, &loads));
        }
        // Each thread finds there what it copied itself: no barrier is needed.
        Held::Shared(loads) => {
            let vectors = n.div_ceil(l.width);
            for (at, &i) in loads.iter().enumerate() {
                let ty = Type::vector(l.nest.region.nodes[i].dtype, l.width);
                let note = l.load_note(i);
                let array = l.array(format!("a{i}"), Space::Asked(at * vectors), ty, vec![vectors], note);
                l.shared.push((i, array));
            }
            let shared = l.shared.clone();
            walk_by(l, lane, n, Unroll::Whole, |l| {
                for &(i, to) in &shared {
                    let Some((access, p)) = l.nest.read(i) else { continue };
                    let (from, source) = (l.reads[p], l.address(&access, None));
                    let at = vec![place(l, lane)];
                    l.push(Stmt::CopyAsync { to, at, from, source });
                }
            });
            l.push(Stmt::AwaitCopies);
        }
    }
}

/// The vector of a row that a thread has at this step.
fn place(l: &Lower<'_>, lane: &Expr) -> Expr {
    l.step.clone() * l.schedule.inner.threads() + lane.clone()
}

/// A walk over the row, over the vectors that the thread holds or from memory.
pub(super) fn walk(l: &mut Lower<'_>, lane: &Expr, n: usize, f: impl FnOnce(&mut Lower<'_>)) {
    let held_whole = l.schedule.inner.serial().is_some() && !matches!(l.schedule.held, Held::Shared(_));
    let unroll = if held_whole { Unroll::Whole } else { Unroll::By(4) };
    walk_by(l, lane, n, unroll, |l| {
        l.use_held();
        for (i, array) in l.shared.clone() {
            let ty = l.kernel.array(array).ty;
            let at = vec![place(l, lane)];
            let vector = l.set(format!("b{i}"), ty, Expr::Get(array, at));
            l.vectors.insert(i, vector);
        }
        f(l);
    });
}

/// The walk itself, nothing of the row known in it.
fn walk_by(l: &mut Lower<'_>, lane: &Expr, n: usize, unroll: Unroll, f: impl FnOnce(&mut Lower<'_>)) {
    l.walk(SideOf::Inner, lane, ("col", n.into()), unroll, f);
}

/// The reductions of one level, by a walk over the row and then across the threads that share it.
pub(super) fn reduce(l: &mut Lower<'_>, lane: &Expr, level: usize, all: &[usize], stored: &[usize]) {
    l.scalars_of_row(all);
    let folds = l.nest.folds(level);
    l.start_folds(&folds, 1);
    let mark = l.mark();
    let roots = folds.iter().map(|&f| l.nest.region.nodes[f].args[0]);
    let nodes = l.needed(roots.chain(stored.iter().map(|&r| l.nest.region.results[r].0)));
    walk(l, lane, l.nest.space.inner.count(), |l| l.point(&nodes, stored, &folds));
    l.forget(mark);
    for &f in &folds {
        let value = l.one(f);
        let whole = l.across(f, value);
        if l.schedule.inner.split().is_some() {
            l.push(Stmt::Assign(value, whole));
        } else {
            l.settle(f, whole);
        }
    }
}
