//! A kernel under construction: its variables, its scopes, and the walk over an index.

use crate::kernel::collapse::Steps;
use crate::kernel::ir::{
    Array, ArrayInfo, Expr, Kernel, Note, Param, Pointer, PointerInfo, Space, Stmt, Type, Unroll, Var,
    VarInfo,
};
use crate::kernel::nest::{Nest, Operand};
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

impl<'a> Lower<'a> {
    pub fn new(nest: &'a Nest<'a>, schedule: &'a Schedule) -> Lower<'a> {
        let kernel = Kernel {
            name: name(nest, schedule),
            dims: nest.region.dims.clone(),
            // Room for the last block's overhang.
            wide: nest.reach() >= (1 << 31) - (1 << 20),
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
            let pointer = l.operand(format!("p{i}"), o, false, alone);
            l.kernel.params.push(Param::Read(pointer, i));
            l.reads.push(pointer);
        }
        for (r, o) in nest.writes.iter().enumerate() {
            let alone = nest.in_place.get(r).copied().flatten().is_none();
            let pointer = l.operand(format!("q{r}"), o, true, alone);
            l.kernel.params.push(Param::Write(pointer, r));
            l.writes.push(pointer);
        }
        l
    }

    fn operand(&mut self, name: String, o: &Operand, written: bool, alone: bool) -> Pointer {
        self.pointer(PointerInfo { name, ty: Type::elem(o.dtype), written, alone, elements: o.reach() })
    }

    pub fn pointer(&mut self, info: PointerInfo) -> Pointer {
        self.kernel.pointers.push(info);
        Pointer(self.kernel.pointers.len() as u32 - 1)
    }

    /// The scratch memory and the counters, as parameters.
    pub fn scratch(&mut self) -> Pointer {
        let info = PointerInfo {
            name: "scratch".into(),
            ty: Type::elem(DType::F64),
            written: true,
            alone: false,
            elements: 0,
        };
        let pointer = self.pointer(info);
        self.kernel.params.push(Param::Scratch(pointer));
        pointer
    }

    pub fn counters(&mut self) -> Pointer {
        let info = PointerInfo {
            name: "counters".into(),
            ty: Type::UNSIGNED,
            written: true,
            alone: false,
            elements: 0,
        };
        let pointer = self.pointer(info);
        self.kernel.params.push(Param::Counters(pointer));
        pointer
    }

    /// An extent, as a parameter, so that another one is the same kernel.
    pub fn extent(&mut self, name: &str, value: usize) -> Expr {
        let var = self.var(name, Type::INDEX);
        self.kernel.params.push(Param::Extent(var, value));
        var.into()
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

    pub fn var(&mut self, name: impl Into<String>, ty: Type) -> Var {
        self.kernel.vars.push(VarInfo { name: name.into(), ty });
        Var(self.kernel.vars.len() as u32 - 1)
    }

    /// Declares an array.
    pub fn array(&mut self, name: String, space: Space, ty: Type, extents: Vec<usize>, note: Note) -> Array {
        self.kernel.arrays.push(ArrayInfo { name, space, ty, extents });
        let array = Array(self.kernel.arrays.len() as u32 - 1);
        self.push(Stmt::Declare(array, note));
        array
    }

    pub fn push(&mut self, stmt: Stmt) {
        self.open.last_mut().expect("a block is open").push(stmt);
    }

    /// Defines a variable.
    pub fn set(&mut self, name: impl Into<String>, ty: Type, value: Expr) -> Expr {
        self.set_noted(name, ty, value, Note::None)
    }

    pub fn set_noted(&mut self, name: impl Into<String>, ty: Type, value: Expr, note: Note) -> Expr {
        let var = self.var(name, ty);
        self.push(Stmt::Let(var, value, note));
        var.into()
    }

    /// The statements that `f` makes.
    pub fn block(&mut self, f: impl FnOnce(&mut Self)) -> Vec<Stmt> {
        self.open.push(Vec::new());
        f(self);
        self.open.pop().expect("it was opened above")
    }

    /// What `f` makes, where `condition` holds.
    pub fn when(&mut self, condition: Expr, f: impl FnOnce(&mut Self)) {
        let body = self.block(f);
        if !body.is_empty() {
            self.push(Stmt::If(condition, body));
        }
    }

    /// A loop over `0..count`, unrolled. A loop of one step is none.
    pub fn unrolled(&mut self, name: &str, count: usize, f: impl FnOnce(&mut Self, Expr)) {
        if count == 1 {
            return f(self, Expr::Num(0));
        }
        let var = self.var(name, Type::INT);
        let body = self.block(|l| f(l, var.into()));
        self.repeat(var, Expr::Num(0), count.into(), Expr::Num(1), Unroll::Whole, body);
    }

    pub fn repeat(&mut self, var: Var, start: Expr, end: Expr, step: Expr, unroll: Unroll, body: Vec<Stmt>) {
        self.push(Stmt::For { var, start, end, step, unroll, body });
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

    /// A walk over an index of the space up to `end`: a loop where its levels have one, and a condition where they may
    /// reach further. `thread` is the thread's number along it.
    pub fn walk(
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
                l.coordinates(side, var.into());
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
            let body = |l: &mut Self| {
                l.coordinates(side, at.clone());
                f(l);
            };
            if whole { body(l) } else { l.when(at.clone().lt(end), body) }
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
