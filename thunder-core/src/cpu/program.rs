//! The register program of a fused region: what the interpreter runs, tile by tile.
//!
//! A region's space becomes `rows × n` points: its outer dimensions and its inner ones, each collapsed as far as
//! every memory access allows. A register holds a value for the points of one tile; a value that does not change
//! along a side of the space holds one element for all of that side.

mod listing;
mod walks;

use super::access::{Access, Class};
use super::kernels::Rep;
use crate::kernel::nest::Nest;
use crate::kernel::region::{Map, NodeKind, Region};
use crate::kernel::schedule::{Family, Schedule, Unit};
use crate::op::{Cost, Fold, Lit, Op, Opcode};
use crate::types::DType;
use std::collections::HashMap;

/// A register.
pub(super) type Reg = usize;

/// One vector instruction.
#[derive(Clone, Debug)]
pub(super) enum Instr {
    /// The register becomes the elements in memory: a pointer where they lie as kernels want them, else a copy.
    Load { d: Reg, access: Access },
    /// The register's results are written straight to memory.
    Bind { d: Reg, access: Access },
    /// Coordinates, as `offset + steps`.
    Iota { d: Reg, access: Access },
    /// Random numbers for the elements numbered by `access`; `key` reads the key's two words, its columns.
    Random { d: Reg, op: Op, key: Access, access: Access },
    /// Elements of `data` at the indices `i` along a dimension of `extent` elements, `step` apart.
    Take { d: Reg, data: Access, i: Reg, index: Rep, step: usize, extent: usize },
    /// An elementwise operation.
    Op { d: Reg, op: Op, rep: Rep, bool_not: bool, args: [Reg; 3], arity: usize },
    /// A conversion.
    Cast { d: Reg, from: DType, to: DType, a: Reg },
    /// The same elements for every point: fills a whole register.
    Spread { d: Reg, a: Reg },
    /// Folds each row.
    FoldRows { d: Reg, fold: Fold, a: Reg },
    /// Folds rows into the running value of each column.
    FoldColumns { d: Reg, fold: Fold, a: Reg },
    /// Writes a register to memory.
    Store { a: Reg, access: Access },
}

/// What a register is.
#[derive(Clone, Debug)]
pub(super) struct RegInfo {
    pub rep: Rep,
    pub class: Class,
    /// Bytes from the start of the thread's scratch memory; of the constants for [`RegInfo::constant`].
    pub slot: usize,
    pub constant: bool,
    /// Whether it lies in memory, where [`Instr::Bind`] says.
    pub bound: bool,
}

/// How the tiles follow one another.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// Tiles in any order; each runs `body` once.
    Tiles { body: Vec<Instr> },
    /// Long rows: each phase walks a row in chunks (`chunk`), then runs `row` once.
    Phases { phases: Vec<Phase> },
    /// Columns: tiles run `body`, which folds into running values, of a type of their own; then `epilogue` runs for
    /// each column.
    Columns { body: Vec<Instr>, folds: Vec<(Reg, Fold)>, epilogue: Vec<Instr> },
}

/// One walk along a long row.
#[derive(Clone, Debug, Default)]
pub(super) struct Phase {
    /// Runs for each chunk; its folds accumulate.
    pub chunk: Vec<Instr>,
    /// The registers that the chunks fold into, of the type that running values have.
    pub folds: Vec<(Reg, Fold)>,
    /// Runs once a row, after its chunks.
    pub row: Vec<Instr>,
}

/// A compiled region.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub rows: usize,
    pub n: usize,
    /// Rows of a tile.
    pub tile_rows: usize,
    /// Elements of a row of a tile.
    pub tile_n: usize,
    /// Rows of one task when columns are reduced.
    pub task_rows: usize,
    /// Bytes of shared memory that a run needs for partial results.
    pub shared_bytes: usize,
    /// Runs once for every run of tiles over the same columns: what does not change along rows.
    pub prologue: Vec<Instr>,
    pub order: Order,
    pub regs: Vec<RegInfo>,
    pub consts: Vec<u64>,
    pub scratch_bytes: usize,
    /// Nanoseconds that one point costs, roughly.
    pub cost: f64,
    pub flops: usize,
    /// The instructions as text, for reports.
    pub source: String,
}

/// Compiles a region as `schedule` says, where results in `shared` may lie in the memory of an operand. Pointer `i` is
/// operand `i`, then results follow.
pub(super) fn compile(nest: &Nest<'_>, schedule: &Schedule, shared: &[bool]) -> Program {
    let b = Builder {
        nest,
        region: nest.region,
        schedule,
        shared,
        regs: Vec::new(),
        consts: Vec::new(),
        of: HashMap::new(),
        pool: Vec::new(),
        scratch: 0,
        tile_rows: schedule.outer.count(Unit::Serial),
        tile_n: schedule.inner.count(Unit::Serial),
    };
    b.program()
}

struct Builder<'a> {
    nest: &'a Nest<'a>,
    region: &'a Region,
    schedule: &'a Schedule,
    shared: &'a [bool],
    regs: Vec<RegInfo>,
    consts: Vec<u64>,
    /// The register of each node, in the part of the program under construction.
    of: HashMap<usize, Reg>,
    /// Slots free for reuse, as (bytes, slot).
    pool: Vec<(usize, usize)>,
    scratch: usize,
    tile_rows: usize,
    tile_n: usize,
}

impl Builder<'_> {
    fn rows(&self) -> usize {
        self.nest.space.outer.count()
    }

    fn n(&self) -> usize {
        self.nest.space.inner.count()
    }

    /// An affine function of the space, as elements of pointer `pointer` or as coordinates.
    fn access(&self, pointer: usize, dtype: DType, map: &Map) -> Access {
        let space = &self.nest.space;
        let at = space.steps(map.offset, &map.strides);
        Access::new(
            pointer,
            dtype,
            at.offset,
            &space.outer.extents,
            &at.outer,
            &space.inner.extents,
            &at.inner,
        )
    }

    fn class(&self, node: usize) -> Class {
        Class { outer: self.nest.outer_varies(node), inner: self.nest.inner_varies(node) }
    }

    fn bytes(&self, class: Class, rep: Rep) -> usize {
        let (r, n) =
            (if class.outer { self.tile_rows } else { 1 }, if class.inner { self.tile_n } else { 1 });
        (r * n * rep.size()).next_multiple_of(64)
    }

    fn register(&mut self, rep: Rep, class: Class) -> Reg {
        let bytes = self.bytes(class, rep);
        let slot = match self.pool.iter().position(|&(b, _)| b == bytes) {
            Some(at) => self.pool.swap_remove(at).1,
            None => {
                self.scratch += bytes;
                self.scratch - bytes
            }
        };
        self.regs.push(RegInfo { rep, class, slot, constant: false, bound: false });
        self.regs.len() - 1
    }

    fn release(&mut self, r: Reg) {
        let info = &self.regs[r];
        if !info.constant {
            let bytes = self.bytes(info.class, info.rep);
            self.pool.push((bytes, info.slot));
        }
    }

    fn program(mut self) -> Program {
        let (rows, n) = (self.rows(), self.n());
        let mut prologue = Vec::new();
        let order = match self.schedule.family {
            Family::Columns | Family::Accumulate => self.columns(&mut prologue),
            Family::Rows if self.schedule.inner.serial().is_none() => {
                Order::Phases { phases: self.phases(&mut prologue) }
            }
            _ => {
                let roots: Vec<usize> = self.region.results.iter().map(|r| r.0).collect();
                let nodes = self.closure(&roots, &|_| true);
                let (fixed, moving): (Vec<usize>, Vec<usize>) =
                    nodes.into_iter().partition(|&i| self.is_fixed(i));
                self.emit(&fixed, &mut prologue);
                let mut body = Vec::new();
                let stores: Vec<usize> = (0..self.region.results.len()).collect();
                self.body(&moving, &stores, &mut body);
                Order::Tiles { body }
            }
        };
        let (cost, flops) = self.cost();
        let source = self.source(&prologue, &order);
        Program {
            rows,
            n,
            tile_rows: self.tile_rows,
            tile_n: self.tile_n,
            task_rows: self.tile_rows * self.schedule.outer.count(Unit::Walk),
            shared_bytes: self.schedule.launch.scratch,
            prologue,
            order,
            regs: self.regs,
            consts: self.consts,
            scratch_bytes: self.scratch,
            cost,
            flops,
            source,
        }
    }

    /// Whether a node is the same for all tiles over the same columns, and so computed before them.
    fn is_fixed(&self, i: usize) -> bool {
        !self.class(i).outer && self.region.nodes[i].level == 0
    }

    /// The nodes that `roots` need, in order, as far as `through` allows going on from a node to its operands.
    fn closure(&self, roots: &[usize], through: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let mut wanted = vec![false; self.region.nodes.len()];
        let mut stack = roots.to_vec();
        while let Some(i) = stack.pop() {
            if !std::mem::replace(&mut wanted[i], true) && through(i) {
                stack.extend(&self.region.nodes[i].args);
            }
        }
        (0..wanted.len()).filter(|&i| wanted[i]).collect()
    }

    /// Emits nodes whose registers stay allocated.
    fn emit(&mut self, nodes: &[usize], out: &mut Vec<Instr>) {
        for &i in nodes {
            if !self.of.contains_key(&i) {
                self.node(i, out);
            }
        }
    }

    /// Emits nodes and the stores of `results`, reusing registers after their last use.
    fn body(&mut self, nodes: &[usize], results: &[usize], out: &mut Vec<Instr>) {
        let mut last: HashMap<usize, usize> = HashMap::new();
        for (at, &i) in nodes.iter().enumerate() {
            for &a in &self.region.nodes[i].args {
                last.insert(a, at);
            }
        }
        let stored: Vec<usize> = results.iter().map(|&r| self.region.results[r].0).collect();
        let local: Vec<usize> = nodes.iter().copied().filter(|i| !self.of.contains_key(i)).collect();
        for (at, &i) in nodes.iter().enumerate() {
            if self.of.contains_key(&i) {
                continue;
            }
            let direct = |r: &usize| self.region.results[*r].0 == i && self.is_direct(*r);
            let direct = results.iter().copied().find(direct);
            self.node(i, out);
            if let Some(r) = direct {
                let bind = Instr::Bind { d: self.of[&i], access: self.result_access(r) };
                out.insert(out.len() - 1, bind);
                self.regs[self.of[&i]].bound = true;
            }
            let mut args = self.region.nodes[i].args.clone();
            args.sort_unstable();
            args.dedup();
            for a in args {
                if last[&a] == at && local.contains(&a) && !stored.contains(&a) {
                    self.release(self.of[&a]);
                }
            }
        }
        let bound = |r: &usize| {
            self.is_direct(*r) && self.first_direct(*r) && local.contains(&self.region.results[*r].0)
        };
        let rest: Vec<usize> = results.iter().copied().filter(|r| !bound(r)).collect();
        self.stores(&rest, out);
    }

    /// Whether no earlier result is the same node, written straight to memory.
    fn first_direct(&self, r: usize) -> bool {
        let node = self.region.results[r].0;
        (0..r).all(|q| self.region.results[q].0 != node || !self.is_direct(q))
    }

    /// Whether result `r` can be written by the instruction that computes it.
    fn is_direct(&self, r: usize) -> bool {
        let (node, _) = self.region.results[r];
        let computed = !matches!(
            self.region.nodes[node].kind,
            NodeKind::Load(_)
                | NodeKind::Const(_)
                | NodeKind::Reduce(_)
                | NodeKind::Accumulate(_)
                | NodeKind::Iota(_)
                | NodeKind::Random { .. }
        );
        let access = self.result_access(r);
        computed
            && !self.shared[r]
            && self.class(node) == Class::FULL
            && access.class() == Class::FULL
            && access.is_plain()
            && access.row_step.is_some()
    }

    fn result_access(&self, r: usize) -> Access {
        let (_, map) = &self.region.results[r];
        self.access(self.nest.reads.len() + r, self.nest.writes[r].dtype, map)
    }

    /// Stores results, after whatever must still be read from the memory that they may share with operands.
    fn stores(&mut self, results: &[usize], out: &mut Vec<Instr>) {
        let mut list = Vec::new();
        for &r in results {
            let (node, _) = self.region.results[r];
            let access = self.result_access(r);
            let mut a = self.of[&node];
            let in_memory =
                matches!(self.region.nodes[node].kind, NodeKind::Load(_)) && self.shared.contains(&true);
            if self.regs[a].class != access.class() || in_memory {
                // What does not change along a side of the space is stored for all of it.
                let d = self.register(self.regs[a].rep, access.class());
                out.push(Instr::Spread { d, a });
                a = d;
            }
            list.push(Instr::Store { a, access });
        }
        out.extend(list);
    }

    /// The value of a constant. What is read of an operand without elements counts as one.
    fn known(&self, i: usize) -> Option<Lit> {
        match &self.region.nodes[i].kind {
            NodeKind::Const(value) => Some(*value),
            _ => self.nest.reads_nothing(i).then_some(Lit::I(0)),
        }
    }

    fn node(&mut self, i: usize, out: &mut Vec<Instr>) {
        let node = self.region.nodes[i].clone();
        let rep = Rep::of(node.dtype);
        let class = self.class(i);
        if let Some(value) = self.known(i) {
            self.regs.push(RegInfo {
                rep,
                class: Class::CONST,
                slot: self.consts.len() * 8,
                constant: true,
                bound: false,
            });
            self.consts.push(constant(value, node.dtype));
            self.of.insert(i, self.regs.len() - 1);
            return;
        }
        let args: Vec<Reg> = node.args.iter().map(|a| self.of[a]).collect();
        let d = self.register(rep, class);
        self.of.insert(i, d);
        let source = self.nest.source(i).map(|(p, map)| self.access(p, self.nest.reads[p].dtype, &map));
        out.push(match (&node.kind, source) {
            (NodeKind::Load(_), Some(access)) => Instr::Load { d, access },
            (NodeKind::Iota(at), _) => {
                let mut map = Map { offset: at.offset, strides: at.steps.clone() };
                map.strides.resize(self.region.dims.len(), 0);
                Instr::Iota { d, access: self.access(0, node.dtype, &map) }
            }
            (NodeKind::Random { op, key, at }, _) => {
                let pointer = self.nest.operand(*key);
                let p = &self.nest.reads[pointer];
                Instr::Random {
                    d,
                    op: *op,
                    key: Access::new(pointer, p.dtype, 0, &[], &[], &p.layout.sizes, &p.layout.strides),
                    access: self.access(0, node.dtype, at),
                }
            }
            (NodeKind::Take { data, axis, .. }, Some(access)) => {
                let p = &self.nest.reads[self.nest.operand(*data)];
                Instr::Take {
                    d,
                    data: access,
                    i: args[0],
                    index: self.regs[args[0]].rep,
                    step: p.layout.strides[*axis],
                    extent: p.layout.sizes[*axis],
                }
            }
            (NodeKind::Op(Op::Cast { .. }), _) => {
                Instr::Cast { d, from: self.region.nodes[node.args[0]].dtype, to: node.dtype, a: args[0] }
            }
            (NodeKind::Op(op), _) => {
                let first = if op.code() == Opcode::Select { 1 } else { 0 };
                let mut list = [0; 3];
                list[..args.len()].copy_from_slice(&args);
                Instr::Op {
                    d,
                    op: *op,
                    rep: self.regs[args[first]].rep,
                    bool_not: op.code() == Opcode::Not && node.dtype == DType::Bool,
                    args: list,
                    arity: args.len(),
                }
            }
            (NodeKind::Reduce(fold), _) => Instr::FoldRows { d, fold: *fold, a: args[0] },
            (NodeKind::Accumulate(fold), _) => Instr::FoldColumns { d, fold: *fold, a: args[0] },
            (NodeKind::Const(_), _) => unreachable!("`known` knows it"),
            (NodeKind::Load(_) | NodeKind::Take { .. }, None) => unreachable!("it reads memory"),
        });
    }

    fn cost(&self) -> (f64, usize) {
        let (rows, n) = (self.rows(), self.n());
        let points = (rows * n).max(1) as f64;
        let (mut ns, mut flops) = (0.0, 0);
        for node in &self.region.nodes {
            let at = self.region.points(node);
            let (price, ops) = match &node.kind {
                NodeKind::Op(op) => price(op),
                NodeKind::Random { .. } => (2.0, 0),
                NodeKind::Take { .. } => (0.5, 0),
                NodeKind::Reduce(_) | NodeKind::Accumulate(_) => (0.1, 1),
                _ => (0.1, 0),
            };
            let folds = matches!(node.kind, NodeKind::Reduce(_) | NodeKind::Accumulate(_));
            let at = if folds { rows * n } else { at };
            ns += price * at as f64;
            flops += ops * at;
        }
        (ns / points + 0.1, flops)
    }
}

impl Builder<'_> {
    /// The result of a fold, after `out` converts it from its running value.
    fn settled(&mut self, running: Reg, rep: Rep, class: Class, out: &mut Vec<Instr>) -> Reg {
        if self.regs[running].rep == rep {
            return running;
        }
        let d = self.register(rep, class);
        out.push(Instr::Cast { d, from: DType::F64, to: DType::F32, a: running });
        d
    }
}

fn fold_of(kind: &NodeKind) -> Fold {
    match kind {
        NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => *fold,
        _ => unreachable!("only reductions are folds"),
    }
}

/// Nanoseconds an element and operations an element.
fn price(op: &Op) -> (f64, usize) {
    let Some(cost) = op.code().cost() else { return (0.1, 1) };
    let nanoseconds = match cost {
        Cost::Cheap => 0.1,
        Cost::Root | Cost::Division => 0.3,
        Cost::Function => 0.8,
        Cost::Power => 10.0,
    };
    (nanoseconds, cost.flops())
}

/// The bits of a constant in a register.
pub(super) fn constant(value: Lit, dtype: DType) -> u64 {
    let (float, int) = match value {
        Lit::I(i) => (dtype.nearest_to_int(i), i as i64),
        _ => (dtype.nearest(value.to_f64()), value.to_f64() as i64),
    };
    match dtype {
        DType::F64 => float.to_bits(),
        DType::F32 | DType::F16 | DType::BF16 => (float as f32).to_bits() as u64,
        DType::I64 => int as u64,
        DType::I32 => int as i32 as u32 as u64,
        DType::U32 => int as u32 as u64,
        DType::U8 => int as u8 as u64,
        DType::Bool => u64::from(float != 0.0),
    }
}
