//! A kernel under construction: its variables, its scopes, and the walk over an index.

use super::build::{Build, is_wide};
use crate::kernel::collapse::Steps;
use crate::kernel::ir::{Array, Expr, Kernel, Param, Pointer, Stmt, Type, Unroll, Var};
use crate::kernel::nest::Nest;
use crate::kernel::region::NodeKind;
use crate::kernel::schedule::{Levels, Schedule, Unit};
use crate::types::DType;
use std::collections::HashMap;

/// Where the running value of a reduction lies.
#[derive(Clone, Copy)]
pub(super) enum Running {
    /// In a variable.
    One(Var),
    /// In registers, one for each lane of a vector, at each step of the unrolled loop.
    Many(Array),
}

/// A kernel under construction.
///
/// The nodes of the region become variables `t0, t1, ..`. A thread takes `width` neighbouring elements: nodes that change
/// among them are computed inside a loop over lanes `j`, the rest once.
pub(super) struct Lower<'a> {
    pub nest: &'a Nest<'a>,
    pub schedule: &'a Schedule,
    pub kernel: Kernel,
    /// Elements of a vector.
    pub width: usize,
    /// Whether sums of floats run in f64.
    pub long: bool,
    /// The statements of each open block.
    open: Vec<Vec<Stmt>>,
    /// The value of each node that is available here.
    pub known: HashMap<usize, Expr>,
    /// The vectors that hold the elements of loads, lookups and random draws.
    pub vectors: HashMap<usize, Expr>,
    /// Whether the index of a lookup of a whole vector is in range.
    pub inside: HashMap<usize, Expr>,
    /// Where the running values of reductions lie.
    pub running: HashMap<usize, Running>,
    /// The blocks of random bits of a vector of draws, and the element at which the first of them starts.
    pub drawn: HashMap<usize, (Expr, Vec<Expr>)>,
    /// The loads that lie in registers, a vector for each step of the unrolled loop.
    pub held: Vec<(usize, Array)>,
    /// The loads that lie in shared memory.
    pub shared: Vec<(usize, Array)>,
    /// The position in the unrolled loop.
    pub step: Expr,
    /// The linear index that the innermost walk is at.
    pub position: Expr,
    /// Coordinates along the groups of each side.
    outer_at: Vec<Expr>,
    inner_at: Vec<Expr>,
    pub reads: Vec<Pointer>,
    pub writes: Vec<Pointer>,
    constants: Vec<(Var, DType, u64)>,
}

/// The nodes that have a value at some point of the text, to go back to.
pub(super) struct Mark {
    known: HashMap<usize, Expr>,
    vectors: HashMap<usize, Expr>,
    drawn: HashMap<usize, (Expr, Vec<Expr>)>,
}

/// What is walked: the outer index of the space, or the inner one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SideOf {
    Outer,
    Inner,
}

impl Build for Lower<'_> {
    fn parts(&mut self) -> (&mut Kernel, &mut Vec<Vec<Stmt>>) {
        (&mut self.kernel, &mut self.open)
    }
}

impl<'a> Lower<'a> {
    pub fn new(nest: &'a Nest<'a>, schedule: &'a Schedule) -> Lower<'a> {
        let kernel = Kernel {
            name: name(nest, schedule),
            dims: nest.region.dims.clone(),
            schedule: schedule.to_string(),
            wide: is_wide(nest.reach()),
            params: Vec::new(),
            vars: Vec::new(),
            arrays: Vec::new(),
            pointers: Vec::new(),
            body: Vec::new(),
            launch: schedule.launch.clone(),
            rows: 1,
        };
        let mut l = Lower {
            nest,
            schedule,
            kernel,
            width: schedule.width(),
            long: schedule.long,
            open: vec![Vec::new()],
            known: HashMap::new(),
            vectors: HashMap::new(),
            inside: HashMap::new(),
            running: HashMap::new(),
            drawn: HashMap::new(),
            held: Vec::new(),
            shared: Vec::new(),
            step: Expr::Num(0),
            position: Expr::Num(0),
            outer_at: Vec::new(),
            inner_at: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            constants: Vec::new(),
        };
        for (i, o) in nest.reads.iter().enumerate() {
            let alone = !nest.in_place.contains(&Some(i));
            let pointer = l.operand(i, o, o.ty(), alone);
            l.reads.push(pointer);
        }
        for (r, o) in nest.writes.iter().enumerate() {
            let alone = nest.in_place.get(r).copied().flatten().is_none();
            let pointer = l.result(r, o, o.ty(), alone);
            l.writes.push(pointer);
        }
        l
    }

    /// The parameter for a constant of type `dtype`.
    pub fn constant(&mut self, dtype: DType, value: f64) -> Expr {
        let bits = value.to_bits();
        if let Some((var, ..)) = self.constants.iter().find(|(_, d, b)| (*d, *b) == (dtype, bits)) {
            return (*var).into();
        }
        let var = self.var(format!("k{}", self.constants.len()), Type::elem(dtype));
        self.constants.push((var, dtype, bits));
        var.into()
    }

    /// The thread's number along the inner index, and along the outer one.
    pub fn threads(&mut self, side: SideOf) -> Expr {
        let inner = self.schedule.inner.threads();
        match (side, self.schedule.outer.threads()) {
            (SideOf::Inner, 1) => Expr::Thread,
            (SideOf::Inner, _) => Expr::Thread % inner,
            (SideOf::Outer, 1) => Expr::Num(0),
            (SideOf::Outer, _) => Expr::Thread / inner,
        }
    }

    /// The index that `levels` give, from the inside of a loop at `position`, for the thread `thread`.
    pub fn index(&self, levels: &Levels, thread: &Expr, position: &Expr) -> Expr {
        let mut index: Option<Expr> = None;
        for level in &levels.0 {
            let at = match level.unit {
                Unit::Grid(axis) | Unit::Split(axis) => Expr::Block(axis).index(),
                Unit::Thread => thread.clone(),
                Unit::Serial | Unit::Walk => position.clone(),
                Unit::Vector | Unit::Tile => Expr::Num(0),
            };
            index = Some(match index {
                None => at,
                Some(i) => i * level.count + at,
            });
        }
        index.unwrap_or(Expr::Num(0))
    }

    /// A walk over an index of the space up to `end`, with the coordinates at each position; see [`Lower::positions`].
    pub fn walk(
        &mut self,
        side: SideOf,
        thread: &Expr,
        index: (&str, Expr),
        unroll: Unroll,
        f: impl FnOnce(&mut Self),
    ) {
        self.positions(side, thread, index, unroll, |l| {
            l.coordinates(side, l.position.clone());
            f(l);
        });
    }

    /// The positions of a walk: a loop where the levels of the index have one, and a condition where they may reach
    /// further than `end`. `thread` is the thread's number along it.
    pub fn positions(
        &mut self,
        side: SideOf,
        thread: &Expr,
        (name, end): (&str, Expr),
        unroll: Unroll,
        f: impl FnOnce(&mut Self),
    ) {
        let levels = match side {
            SideOf::Outer => self.schedule.outer.clone(),
            SideOf::Inner => self.schedule.inner.clone(),
        };
        let Some(steps) = levels.serial() else {
            let after = Levels(levels.0.iter().filter(|l| l.unit != Unit::Walk).copied().collect());
            let start = self.index(&after, thread, &Expr::Num(0));
            let step = match levels.split() {
                Some((axis, count)) => Expr::Blocks(axis) * (after.step() / count.max(1)),
                None => after.step().into(),
            };
            let var = self.var(name, Type::INDEX);
            let body = self.block(|l| {
                l.position = var.into();
                f(l);
            });
            return self.repeat(var, start, end, step, unroll, body);
        };
        let inside = |l: &mut Self, position: Expr| {
            let index = l.index(&levels, thread, &position);
            let at = l.set(name, Type::INDEX, index);
            (l.step, l.position) = (position, at.clone());
            let whole = matches!(end, Expr::Num(n) if levels.step() * steps == n)
                && !levels.0.iter().any(|l| matches!(l.unit, Unit::Grid(_)));
            if whole { f(l) } else { l.when(at.clone().lt(end), f) }
        };
        if steps == 1 && levels.0.iter().any(|l| matches!(l.unit, Unit::Grid(_))) {
            return inside(self, Expr::Num(0));
        }
        if steps == 1 {
            // Such a walk may come again: its names are its own.
            let body = self.block(|l| inside(l, Expr::Num(0)));
            return self.push(Stmt::Scope(body));
        }
        let k = self.var("k", Type::INT);
        let body = self.block(|l| inside(l, k.into()));
        self.step = Expr::Num(0);
        self.repeat(k, Expr::Num(0), steps.into(), Expr::Num(1), unroll, body);
    }

    /// Defines the coordinates along the groups of a side, of the linear index `at`.
    pub fn coordinates(&mut self, side: SideOf, at: Expr) {
        let (extents, prefix) = match side {
            SideOf::Outer => (&self.nest.space.outer.extents, "r"),
            SideOf::Inner => (&self.nest.space.inner.extents, "c"),
        };
        let list = if extents.len() == 1 {
            vec![at]
        } else {
            let one = |l: &mut Self, g: usize| {
                let over = at.clone() / extents[g + 1..].iter().product::<usize>();
                let value = if g > 0 { over % extents[g] } else { over };
                l.set(format!("{prefix}{g}"), Type::INDEX, value)
            };
            (0..extents.len()).map(|g| one(self, g)).collect()
        };
        self.set_coordinates(side, list);
    }

    pub fn set_coordinates(&mut self, side: SideOf, at: Vec<Expr>) {
        match side {
            SideOf::Outer => self.outer_at = at,
            SideOf::Inner => self.inner_at = at,
        }
    }

    /// The element that an access reaches here, at lane `lane` of a vector.
    pub fn address(&self, a: &Steps, lane: Option<&Expr>) -> Expr {
        let outer = a.outer.iter().zip(&self.outer_at);
        let inner = a.inner.iter().zip(&self.inner_at);
        let lane = lane.map(|j| (a.lane(), j));
        let mut sum = Expr::Num(a.offset);
        for (s, at) in outer.chain(inner).map(|(s, at)| (*s, at)).chain(lane) {
            sum = sum + at.clone() * s;
        }
        sum
    }

    /// What is available now, for [`Lower::forget`].
    pub fn mark(&self) -> Mark {
        Mark { known: self.known.clone(), vectors: self.vectors.clone(), drawn: self.drawn.clone() }
    }

    /// Forgets what became available since `mark`.
    pub fn forget(&mut self, mark: Mark) {
        (self.known, self.vectors, self.drawn) = (mark.known, mark.vectors, mark.drawn);
    }

    /// The kernel, whose body is what was pushed.
    pub fn finish(mut self) -> Kernel {
        let constants =
            self.constants.iter().map(|&(var, _, bits)| Param::Constant(var, f64::from_bits(bits)));
        self.kernel.params.extend(constants);
        self.kernel.body = self.open.pop().unwrap_or_default();
        self.kernel
    }
}

/// The name of a kernel: its family, and what it computes.
fn name(nest: &Nest<'_>, schedule: &Schedule) -> String {
    let mut name = schedule.family.name().to_string();
    let mut last = "";
    for node in &nest.region.nodes {
        let op = match &node.kind {
            NodeKind::Op(op) | NodeKind::Random { op, .. } => op.name(),
            NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => fold.name(),
            NodeKind::Take { .. } => "take",
            _ => continue,
        };
        if op != last && op != "cast" && name.len() + op.len() < 56 {
            name.push('_');
            name.push_str(op);
        }
        last = op;
    }
    name
}
