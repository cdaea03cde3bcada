//! Partial results: the running values of threads, and how they become one. Each protocol of barriers stands here once.

use super::build::Build;
use super::builder::{Lower, Running, SideOf};
use crate::kernel::ir::{Array, Expr, Note, Pointer, PointerInfo, Space, Stmt, Type, Unroll, Var, identity};

/// Where blocks leave their sums of `n` columns for one another: a row of cells a block.
pub(super) struct Cells {
    /// The number of this block.
    pub block: Expr,
    /// How many blocks there are.
    pub blocks: Expr,
    /// The columns.
    pub n: usize,
}

impl Cells {
    /// How many cells one reduction has.
    pub fn count(&self) -> Expr {
        self.blocks.clone().index() * self.n
    }

    /// The cell of this block for a column.
    pub fn at(&self, col: Expr) -> Expr {
        self.block.clone().index() * self.n + col
    }
}

impl Lower<'_> {
    /// A running value for each of `folds`, of nothing yet; `lanes` of them for a thread that has several.
    pub fn start_folds(&mut self, folds: &[usize], lanes: usize) {
        for &f in folds {
            let (fold, d) = self.fold(f);
            let ty = self.running_type(f);
            let running = if lanes == 1 {
                Running::One(self.mutable(format!("s{f}"), ty, identity(fold, d)))
            } else {
                let array = self.array(format!("s{f}"), Space::Registers, ty, vec![lanes], Note::None);
                self.unrolled("k", lanes, |l, k| l.push(Stmt::Put(array, vec![k], identity(fold, d))));
                Running::Many(array)
            };
            self.running.insert(f, running);
        }
    }

    /// The running value of a reduction that has one.
    pub fn one(&self, f: usize) -> Var {
        match self.running[&f] {
            Running::One(var) => var,
            Running::Many(_) => unreachable!("its thread has one value"),
        }
    }

    /// The running value of a reduction in lane `j` of the vector at this step.
    pub fn running_at(&self, f: usize, j: Expr) -> Expr {
        match self.running[&f] {
            Running::One(var) => var.into(),
            Running::Many(array) => Expr::Get(array, vec![self.step.clone() * self.width + j]),
        }
    }

    /// `x` folded into variable `var` by the fold of reduction `f`.
    pub fn fold_to(&mut self, f: usize, var: Var, x: Expr) {
        let fold = self.fold(f).0;
        self.push(Stmt::Assign(var, Expr::Fold(fold, Box::new(var.into()), Box::new(x))));
    }

    /// The fold of `var` over the threads that share a row, in each of them.
    pub fn across(&self, f: usize, var: Var) -> Expr {
        let threads = self.schedule.inner.threads();
        Expr::Across { fold: self.fold(f).0, threads, value: Box::new(var.into()) }
    }

    /// The fold over the threads of a block that walk the same columns: each thread leaves its running values in shared
    /// memory, and then takes one column. Gives that column, whether the thread has one, and its values.
    pub fn down(&mut self, folds: &[usize], lane: &Expr, group: &Expr, end: usize) -> (Expr, Expr, Vec<Var>) {
        let down = self.schedule.outer.threads();
        let strip = self.schedule.inner.threads() * self.width;
        let parts: Vec<Array> =
            folds.iter().map(|&f| self.leave_in_block(f, [down, strip], lane, group)).collect();
        self.push(Stmt::Barrier);
        let mine = Expr::Block(0).index() * strip + Expr::Thread;
        let mine = self.set("mine", Type::INDEX, mine);
        let live = Expr::Thread.lt(strip).and(mine.clone().lt(end));
        let live = self.set("live", Type::BOOL, live);
        let mut sums = Vec::new();
        for (&f, &part) in folds.iter().zip(&parts) {
            let (fold, d) = self.fold(f);
            let sum = self.mutable(format!("u{f}"), self.running_type(f), identity(fold, d));
            self.when(live.clone(), |l| {
                l.unrolled("k", down, |l, k| l.fold_to(f, sum, Expr::Get(part, vec![k, Expr::Thread])));
            });
            sums.push(sum);
        }
        (mine, live, sums)
    }

    /// Each thread's running values of reduction `f` in an array in shared memory: its row is `group`.
    fn leave_in_block(&mut self, f: usize, extents: [usize; 2], lane: &Expr, group: &Expr) -> Array {
        let ty = self.running_type(f);
        let part = self.array(format!("part{f}"), Space::Shared, ty, extents.to_vec(), Note::None);
        let width = self.width;
        self.unrolled("j", width, |l, j| {
            let at = vec![group.clone(), lane.clone() * width + j.clone()];
            let value = l.running_at(f, j);
            l.push(Stmt::Put(part, at, value));
        });
        part
    }

    /// Part `k` of the scratch memory, of `cells` cells, for partial results of reduction `f`.
    pub fn part(&mut self, scratch: Pointer, f: usize, k: usize, cells: Expr) -> Pointer {
        let ty = self.running_type(f);
        let info = PointerInfo { name: format!("cells{f}"), ty, written: true, alone: false, elements: 0 };
        let pointer = self.pointer(info);
        self.push(Stmt::Part(pointer, scratch, cells * k));
        pointer
    }

    /// The end of a fold that several blocks share: each leaves its partial results `values` in its cell of `parts`,
    /// where `when` holds, and takes a ticket of counter `counter`; all but the last block are done. The last one makes
    /// `values` nothing again, and goes on to add up what all have left.
    ///
    /// The fences see to it that whoever sees the last ticket sees all cells; between the barriers one thread takes
    /// the ticket for the block.
    pub fn last_block(
        &mut self,
        folds: &[usize],
        values: &[Var],
        (parts, cell): (&[Pointer], Expr),
        when: Option<Expr>,
        (counters, counter): (Pointer, Expr),
        blocks: Expr,
    ) {
        let leave = |l: &mut Self| {
            for (&value, &part) in values.iter().zip(parts) {
                l.push(Stmt::Store(part, cell.clone(), value.into()));
            }
        };
        match when {
            Some(condition) => self.when(condition, leave),
            None => leave(self),
        }
        let last = self.array("last".into(), Space::Shared, Type::BOOL, Vec::new(), Note::None);
        self.push(Stmt::Fence);
        self.push(Stmt::Barrier);
        self.when(Expr::Thread.is(0), |l| {
            let ticket = Expr::Ticket(counters, Box::new(counter.clone()));
            l.push(Stmt::Put(last, Vec::new(), ticket.is(blocks - 1)));
        });
        self.push(Stmt::Barrier);
        self.push(Stmt::Exit(Expr::Not(Box::new(Expr::Get(last, Vec::new())))));
        self.push(Stmt::Fence);
        self.when(Expr::Thread.is(0), |l| l.push(Stmt::Store(counters, counter, Expr::Num(0))));
        for (&f, &value) in folds.iter().zip(values) {
            let (fold, d) = self.fold(f);
            self.push(Stmt::Assign(value, identity(fold, d)));
        }
    }

    /// Folds the cells `at(b)` of `part` into `value`, for the blocks `b` from `start`, `step` apart.
    pub fn gather(
        &mut self,
        f: usize,
        (value, part): (Var, Pointer),
        (start, end, step): (Expr, Expr, usize),
        unroll: Unroll,
        at: impl FnOnce(Expr) -> Expr,
    ) {
        let b = self.var("b", Type::UNSIGNED);
        let body = self.block(|l| {
            let cell = Expr::Fresh(part, Box::new(at(b.into())));
            l.fold_to(f, value, cell);
        });
        self.repeat(b, start, end, step.into(), unroll, body);
    }

    /// The thread's number among those that share a row, and the number of its row in the block, named.
    pub fn named_threads(&mut self) -> (Expr, Expr) {
        let lane = self.threads(SideOf::Inner);
        let lane = self.set("lane", Type::UNSIGNED, lane);
        let group = match self.threads(SideOf::Outer) {
            Expr::Num(n) => Expr::Num(n),
            group => self.set("group", Type::UNSIGNED, group),
        };
        (lane, group)
    }
}
