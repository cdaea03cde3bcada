//! The plan of a fused trace, the same for every device: the order of the steps, where each value lies, and
//! which donated arguments become results.

use super::{Layout, Report, StepReport};
use crate::error::Error;
use crate::kernel::nest::{Nest, Operand};
use crate::kernel::region::{self, NodeKind, Region};
use crate::op::Op;
use crate::trace::{Inst, InstData, Kind, Loc, Trace, Value};
use crate::transform::memory::{self, Lifetime};
use crate::types::DType;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The memory a value lies in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Base {
    /// An argument's buffer.
    Param(usize),
    /// A buffer that the caller gets; see [`Plan::outs`].
    Out(usize),
    /// The arena, from this byte on.
    Arena(usize),
}

/// Where a value lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// In which memory.
    pub base: Base,
    /// Where in it, in elements.
    pub layout: Layout,
    /// The element type.
    pub dtype: DType,
}

impl Place {
    /// Where its first element lies: the memory, and bytes from its start.
    pub fn start(&self) -> (Base, usize) {
        (self.base, self.layout.offset * self.dtype.size())
    }

    /// What a kernel knows of it.
    pub fn operand(&self) -> Operand {
        Operand { dtype: self.dtype, layout: self.layout.clone() }
    }
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Work {
    /// Computes a loop nest: what was fused, or a copy.
    Loop(Loop),
    /// Runs an operation that has a kernel of its own.
    Op(Inst),
}

/// A loop nest, and where it comes from.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The loop nest. Every executor makes its code from it.
    pub region: Arc<Region>,
    /// The values of the region that are the step's operands, in the order of [`Step::reads`].
    pub operands: Vec<Value>,
    /// The instruction of the trace; `None` for a copy that the plan put in.
    pub inst: Option<Inst>,
}

/// A step of the plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub work: Work,
    /// Where its operands lie.
    pub reads: Vec<Place>,
    /// Where its results lie: row-major, but that of a matrix product may be strided, and so may a copy's.
    pub writes: Vec<Place>,
    /// For each result: the operand whose memory it may take over in this very step.
    pub in_place: Vec<Option<usize>>,
}

impl Work {
    /// The instruction of the trace that it runs; `None` for a copy that the plan put in.
    pub fn inst(&self) -> Option<Inst> {
        match self {
            Work::Loop(nest) => nest.inst,
            Work::Op(inst) => Some(*inst),
        }
    }

    /// The source line that it comes from: of a fused instruction, the first one inside that has a line.
    pub fn line(&self, trace: &Trace) -> Loc {
        let Some(inst) = self.inst() else { return Loc::NONE };
        let data = trace.data(inst);
        let inside = data.body.iter().flat_map(|b| trace.insts(b)).map(|i| i.loc);
        inside.chain([data.loc]).find(|l| *l != Loc::NONE).unwrap_or(Loc::NONE)
    }
}

impl Step {
    /// Bytes of memory that it reads and writes, repeated elements counted once. Of an operand of a loop nest it is no
    /// more than the nest reads.
    pub fn bytes(&self) -> usize {
        let read = |(i, place): (usize, &Place)| match &self.work {
            Work::Loop(nest) => place.bytes().min(nest.elements_read(i).saturating_mul(place.dtype.size())),
            Work::Op(_) => place.bytes(),
        };
        self.reads.iter().enumerate().map(read).sum::<usize>()
            + self.writes.iter().map(Place::bytes).sum::<usize>()
    }
}

impl Place {
    /// Bytes of the memory behind it, repeated elements counted once.
    pub fn bytes(&self) -> usize {
        let real = |(n, s): (&usize, &usize)| if *s == 0 { 1 } else { *n };
        self.layout.sizes.iter().zip(&self.layout.strides).map(real).product::<usize>() * self.dtype.size()
    }
}

impl Loop {
    /// The elements of operand `i` that it reads, one that is read at several nodes once for each.
    fn elements_read(&self, i: usize) -> usize {
        let value = self.operands[i];
        let read = |node: &crate::kernel::region::Node| match &node.kind {
            NodeKind::Load(_) if node.value == value => self.region.points(node),
            NodeKind::Take { data, .. } if *data == value => self.region.points(node),
            NodeKind::Random { key, .. } if *key == value => 2,
            _ => 0,
        };
        self.region.nodes.iter().map(read).sum()
    }
}

impl Step {
    /// A region of this step, whose operands lie where it reads and whose results lie where it writes.
    pub fn nest<'a>(&'a self, region: &'a Region, operands: &'a [Value]) -> Nest<'a> {
        let (reads, writes) = (self.reads.iter().map(Place::operand), self.writes.iter().map(Place::operand));
        Nest::new(region, operands, reads.collect(), writes.collect(), &self.in_place)
    }

    /// The element types and shapes of its results, as `f32[64, 128], f32[64]`.
    pub fn results(&self) -> String {
        let text = |p: &Place| format!("{}{:?}", p.dtype, p.layout.sizes);
        self.writes.iter().map(text).collect::<Vec<String>>().join(", ")
    }
}

impl Plan {
    /// What an executor reports of it, once it knows its launches.
    pub fn report(&self, steps: Vec<StepReport>) -> Report {
        let &Plan { arena_bytes, argument_bytes, result_bytes, .. } = self;
        let peak_bytes = argument_bytes + arena_bytes + result_bytes;
        Report { steps, argument_bytes, result_bytes, arena_bytes, peak_bytes }
    }
}

/// A buffer that the caller gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Out {
    /// Its size.
    pub bytes: usize,
    /// The donated parameter whose buffer it is, if that is unique at the call.
    pub donor: Option<usize>,
}

/// A result of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Returned {
    /// One of [`Plan::outs`].
    Out(usize),
    /// An argument as it came.
    Param(usize),
}

/// What to run, in order, and where everything lies.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// The buffers made for the caller.
    pub outs: Vec<Out>,
    /// The results.
    pub results: Vec<Returned>,
    /// Bytes of the arena for intermediates.
    pub arena_bytes: usize,
    /// Bytes of the arguments.
    pub argument_bytes: usize,
    /// Bytes of the results that take no donated argument's memory.
    pub result_bytes: usize,
}

impl Plan {
    /// The parameters whose memory results take.
    pub fn donors(&self) -> Vec<usize> {
        self.outs.iter().filter_map(|o| o.donor).collect()
    }
}

/// A block of memory that one step writes.
struct Block {
    bytes: usize,
    first: usize,
    last: usize,
    out: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    Param(usize),
    Block(usize),
}

#[derive(Clone)]
struct Viewed {
    root: Root,
    layout: Layout,
    dtype: DType,
}

/// A step while blocks have no place yet.
struct Draft {
    work: Work,
    reads: Vec<Viewed>,
    writes: Vec<Viewed>,
}

struct Planner<'t> {
    trace: &'t Trace,
    values: Vec<Option<Viewed>>,
    blocks: Vec<Block>,
    /// The last step that reads each parameter.
    read: Vec<Option<usize>>,
    steps: Vec<Draft>,
    writes: Writes,
    /// The instructions that read each value.
    users: Vec<Vec<Inst>>,
    /// Whether each value is a result.
    returned: Vec<bool>,
    /// Where matrix products go that would otherwise be copied.
    routes: FxHashMap<Value, Route>,
    /// The results of concatenations that something was written to already.
    joined: FxHashMap<Inst, Viewed>,
    /// Where the operands of each concatenation begin along its axis.
    begins: FxHashMap<Inst, Vec<usize>>,
}

/// Where a matrix product is written, so that what follows finds it as it wants it.
struct Route {
    layout: Layout,
    /// The concatenation that it is a part of.
    cat: Option<Inst>,
}

/// Whether an executor's matrix products can be written so, instead of row-major.
pub type Writes = fn(DType, &Layout) -> bool;

/// Plans `trace`; `donated` says which parameters' memory may be reused, `writes` which layouts matrix products take.
///
/// # Errors
/// A fused instruction without a loop nest, which is a mistake of the fuser.
pub fn plan(trace: &Trace, donated: &[bool], writes: Writes) -> Result<Plan, Error> {
    let mut p = Planner {
        trace,
        values: vec![None; trace.value_count()],
        blocks: Vec::new(),
        read: vec![None; trace.body.params.len()],
        steps: Vec::new(),
        writes,
        users: vec![Vec::new(); trace.value_count()],
        returned: vec![false; trace.value_count()],
        routes: FxHashMap::default(),
        joined: FxHashMap::default(),
        begins: FxHashMap::default(),
    };
    trace.body.results.iter().for_each(|r| p.returned[r.index()] = true);
    for &i in &trace.body.insts {
        let data = trace.data(i);
        for &a in &data.args {
            p.users[a.index()].push(i);
        }
        if let Kind::Op(Op::Cat { axis }) = data.kind {
            let axis = axis.resolve(trace.ty(data.results[0]).shape.rank()).unwrap_or(0);
            let mut at = 0;
            let begins = data.args.iter().map(|&a| {
                at += trace.ty(a).sizes()[axis];
                at - trace.ty(a).sizes()[axis]
            });
            p.begins.insert(i, begins.collect());
        }
    }
    for &i in &trace.body.insts {
        p.route(trace.data(i));
    }
    for (i, &v) in trace.body.params.iter().enumerate() {
        let layout = Layout::contiguous(&trace.ty(v).sizes());
        p.values[v.index()] = Some(Viewed { root: Root::Param(i), layout, dtype: trace.ty(v).dtype() });
    }
    for &i in &trace.body.insts {
        p.inst(i, trace.data(i))?;
    }
    let (results, outs) = p.results();
    Ok(p.finish(results, outs, donated))
}

impl Planner<'_> {
    fn inst(&mut self, id: Inst, data: &InstData) -> Result<(), Error> {
        match &data.kind {
            Kind::Op(op) if op.is_view() => {
                self.view(op, data);
                return Ok(());
            }
            Kind::Op(Op::Cat { .. }) => {
                self.cat(id, data);
                return Ok(());
            }
            _ => {}
        }
        let work = self.work(id, data)?;
        let mut reads: Vec<Viewed> = data.args.iter().map(|&a| self.get(a)).collect();
        if matches!(data.kind, Kind::Op(Op::Custom { .. })) {
            // What users write reads rows, one after another.
            for (x, &a) in reads.iter_mut().zip(&data.args) {
                if !x.layout.is_contiguous() {
                    *x = self.copy(a, x.clone());
                }
            }
        }
        let writes: Vec<Viewed> = data.results.iter().map(|&r| self.target(r)).collect();
        for (&r, w) in data.results.iter().zip(&writes) {
            self.values[r.index()] = Some(w.clone());
        }
        self.step(work, reads, writes);
        Ok(())
    }

    /// What the step of an instruction does: of one that was not fused, though it could be, the loop nest of it alone.
    fn work(&self, id: Inst, data: &InstData) -> Result<Work, Error> {
        let region = match &data.kind {
            Kind::Fused(schedule) => match &data.body {
                Some(body) => region::of_body(self.trace, *schedule, body),
                None => Err("a fused instruction without a body".into()),
            },
            Kind::Op(op) if op.fits_a_loop() => region::of_op(self.trace, id),
            _ => return Ok(Work::Op(id)),
        };
        let region = region.map_err(|what| Error::Internal { pass: "plan".into(), what })?;
        let operands = data.body.as_ref().map_or(&data.args, |body| &body.params).clone();
        Ok(Work::Loop(Loop { region: Arc::new(region), operands, inst: Some(id) }))
    }

    /// Where the step that comes next writes its result `r`.
    fn target(&mut self, r: Value) -> Viewed {
        let (sizes, dtype) = (self.trace.ty(r).sizes(), self.trace.ty(r).dtype());
        let Some(Route { layout, cat }) = self.routes.remove(&r) else { return self.block(&sizes, dtype) };
        let whole = match cat {
            Some(id) => self.joined(id),
            None => self.block(&sizes, dtype),
        };
        Viewed { layout, ..whole }
    }

    /// The whole of a concatenation's result.
    fn joined(&mut self, id: Inst) -> Viewed {
        if !self.joined.contains_key(&id) {
            let ty = self.trace.ty(self.trace.data(id).results[0]);
            let whole = self.block(&ty.sizes(), ty.dtype());
            self.joined.insert(id, whole);
        }
        self.joined[&id].clone()
    }

    /// Copies the parts that were not written to their places already.
    fn cat(&mut self, id: Inst, data: &InstData) {
        let whole = self.joined(id);
        for (n, &a) in data.args.iter().enumerate() {
            let (x, layout) = (self.get(a), self.part(id, n));
            let to = Viewed { layout, ..whole.clone() };
            if x.root != to.root && x.layout.count() > 0 {
                self.copy_to(a, x, to);
            }
        }
        self.values[data.results[0].index()] = Some(whole);
    }

    /// The place of operand `n` of a concatenation in its result.
    fn part(&self, id: Inst, n: usize) -> Layout {
        let data = self.trace.data(id);
        let whole = Layout::contiguous(&self.trace.ty(data.results[0]).sizes());
        let Kind::Op(Op::Cat { axis }) = data.kind else { return whole };
        let axis = axis.resolve(whole.sizes.len()).unwrap_or(0);
        let before = self.begins.get(&id).map_or(0, |list| list[n]);
        let sizes = self.trace.ty(data.args[n]).sizes();
        Layout { offset: before * whole.strides[axis], sizes, strides: whole.strides }
    }

    /// Finds a better place for a matrix product whose only reader is a chain of views: in the concatenation at
    /// its end, or permuted so that no view needs a copy.
    fn route(&mut self, data: &InstData) {
        if !matches!(data.kind, Kind::Op(Op::Matmul | Op::MatmulWide { .. } | Op::Linear { .. })) {
            return;
        }
        let result = data.results[0];
        let only = |v: Value| match (&self.users[v.index()][..], self.returned[v.index()]) {
            ([one], false) => Some(*one),
            _ => None,
        };
        let (mut chain, mut v) = (Vec::new(), result);
        let mut layout = Some(Layout::contiguous(&self.trace.ty(v).sizes()));
        // Up to where the chain must be undone: the last view that needs a copy, or all of it.
        let (mut undo, mut cat) = (0, None);
        while let Some(user) = only(v) {
            let Kind::Op(op) = self.trace.data(user).kind else { break };
            if matches!(op, Op::Cat { .. }) {
                let args = &self.trace.data(user).args;
                cat = args.iter().position(|&a| a == v).map(|n| (user, n));
                undo = chain.len();
                break;
            }
            if !matches!(op, Op::Reshape { .. } | Op::Permute { .. }) {
                break;
            }
            chain.push((op, self.trace.ty(v).sizes()));
            v = self.trace.data(user).results[0];
            let to = self.trace.ty(v).sizes();
            layout = layout.and_then(|l| l.view(&op, &to));
            if layout.is_none() {
                undo = chain.len();
                layout = Some(Layout::contiguous(&to));
            }
        }
        if undo == 0 && cat.is_none() {
            return;
        }
        let mut place = match cat {
            Some((id, n)) => self.part(id, n),
            None => {
                let end = chain.get(undo).map_or(self.trace.ty(v).sizes(), |c| c.1.clone());
                Layout::contiguous(&end)
            }
        };
        for (op, from) in chain[..undo].iter().rev() {
            let undone = match op {
                Op::Permute { axes } => {
                    let mut back =
                        Layout { strides: vec![0; from.len()], sizes: from.clone(), ..place.clone() };
                    for (i, a) in axes.resolved(from.len()).into_iter().enumerate() {
                        back.strides[a] = place.strides[i];
                    }
                    Some(back)
                }
                _ => place.reshape(from),
            };
            match undone {
                Some(l) => place = l,
                None => return,
            }
        }
        if !(self.writes)(self.trace.ty(result).dtype(), &place) {
            return;
        }
        self.routes.insert(result, Route { layout: place, cat: cat.map(|c| c.0) });
    }

    fn view(&mut self, op: &Op, data: &InstData) {
        let mut x = self.get(data.args[0]);
        let to = self.trace.ty(data.results[0]).sizes();
        let layout = match x.layout.view(op, &to) {
            Some(layout) => layout,
            None => {
                x = self.copy(data.args[0], x);
                x.layout.view(op, &to).unwrap_or_else(|| Layout::contiguous(&to))
            }
        };
        self.values[data.results[0].index()] = Some(Viewed { layout, ..x });
    }

    fn get(&self, v: Value) -> Viewed {
        self.values[v.index()].clone().expect("verification: defined before use")
    }

    /// A row-major copy of `v`, which lies at `x`.
    fn copy(&mut self, v: Value, x: Viewed) -> Viewed {
        let to = self.block(&x.layout.sizes, x.dtype);
        self.copy_to(v, x, to.clone());
        to
    }

    fn copy_to(&mut self, v: Value, x: Viewed, to: Viewed) {
        let region = region::copy(v, x.dtype, &x.layout.sizes, &to.layout.strides);
        let nest = Loop { region: Arc::new(region), operands: vec![v], inst: None };
        self.step(Work::Loop(nest), vec![x], vec![to]);
    }

    fn block(&mut self, sizes: &[usize], dtype: DType) -> Viewed {
        let layout = Layout::contiguous(sizes);
        let step = self.steps.len();
        self.blocks.push(Block { bytes: layout.count() * dtype.size(), first: step, last: step, out: None });
        Viewed { root: Root::Block(self.blocks.len() - 1), layout, dtype }
    }

    fn step(&mut self, work: Work, reads: Vec<Viewed>, writes: Vec<Viewed>) {
        let now = self.steps.len();
        for r in &reads {
            match r.root {
                Root::Param(i) => self.read[i] = Some(now),
                Root::Block(b) => self.blocks[b].last = now,
            }
        }
        self.steps.push(Draft { work, reads, writes });
    }

    /// Gives each result a buffer of its own, or shares the one that another result or parameter is.
    fn results(&mut self) -> (Vec<Returned>, Vec<Out>) {
        let (mut list, mut outs) = (Vec::new(), Vec::new());
        for &r in &self.trace.body.results {
            let mut x = self.get(r);
            let whole = x.layout.offset == 0 && x.layout.is_contiguous();
            let bytes = x.layout.count() * x.dtype.size();
            let param_bytes = |i: usize| self.trace.ty(self.trace.body.params[i]).bytes();
            match x.root {
                Root::Param(i) if whole && bytes == param_bytes(i) => {
                    list.push(Returned::Param(i));
                    continue;
                }
                Root::Block(b) if whole && bytes == self.blocks[b].bytes => {}
                _ => x = self.copy(r, x),
            }
            let Root::Block(b) = x.root else { unreachable!("a copy is a block") };
            let k = *self.blocks[b].out.get_or_insert_with(|| {
                outs.push(Out { bytes, donor: None });
                outs.len() - 1
            });
            list.push(Returned::Out(k));
        }
        (list, outs)
    }

    fn finish(self, results: Vec<Returned>, mut outs: Vec<Out>, donated: &[bool]) -> Plan {
        let mut in_place: Vec<Vec<Option<usize>>> =
            self.steps.iter().map(|s| vec![None; s.writes.len()]).collect();
        self.donate(&results, &mut outs, donated, &mut in_place);
        let arena: Vec<usize> = (0..self.blocks.len()).filter(|&b| self.blocks[b].out.is_none()).collect();
        let lives: Vec<Lifetime> = arena
            .iter()
            .map(|&b| &self.blocks[b])
            .map(|b| Lifetime { bytes: b.bytes, first: b.first, last: b.last })
            .collect();
        let (offsets, arena_bytes) = memory::assign(&lives);
        let mut bases: Vec<Base> = self.blocks.iter().map(|b| Base::Out(b.out.unwrap_or(0))).collect();
        for (&b, &offset) in arena.iter().zip(&offsets) {
            bases[b] = Base::Arena(offset);
        }
        let place = |x: &Viewed| Place {
            base: match x.root {
                Root::Param(i) => Base::Param(i),
                Root::Block(b) => bases[b],
            },
            layout: x.layout.clone(),
            dtype: x.dtype,
        };
        let steps = self.steps.iter().zip(in_place).map(|(s, in_place)| Step {
            work: s.work.clone(),
            reads: s.reads.iter().map(place).collect(),
            writes: s.writes.iter().map(place).collect(),
            in_place,
        });
        let params: usize = self.trace.body.params.iter().map(|&p| self.trace.ty(p).bytes()).sum();
        let fresh: usize = outs.iter().filter(|o| o.donor.is_none()).map(|o| o.bytes).sum();
        Plan {
            steps: steps.collect(),
            outs,
            results,
            arena_bytes,
            argument_bytes: params,
            result_bytes: fresh,
        }
    }

    /// Chooses donated buffers for results: first those read at the same place by the step that writes the
    /// result, then those not read any more.
    fn donate(
        &self,
        results: &[Returned],
        outs: &mut [Out],
        donated: &[bool],
        same: &mut [Vec<Option<usize>>],
    ) {
        let mut free: Vec<bool> = (0..self.read.len()).map(|i| donated.get(i) == Some(&true)).collect();
        // Where each result stands first.
        let mut place = vec![0; outs.len()];
        for (at, r) in results.iter().enumerate().rev() {
            match *r {
                Returned::Param(i) => free[i] = false,
                Returned::Out(k) => place[k] = at,
            }
        }
        let bytes: Vec<usize> = self.trace.body.params.iter().map(|&p| self.trace.ty(p).bytes()).collect();
        for (s, step) in self.steps.iter().enumerate() {
            for (w, write) in step.writes.iter().enumerate() {
                let Root::Block(b) = write.root else { continue };
                let Some(k) = self.blocks[b].out else { continue };
                // The parts of a concatenation are written one after another: an operand's memory taken over for
                // one part would have been written for those before.
                let l = &write.layout;
                let bytes_written = l.count() * write.dtype.size();
                if l.offset != 0 || !l.is_contiguous() || bytes_written != self.blocks[b].bytes {
                    continue;
                }
                // Of the parameters that this step reads last, the one that stands where the result does: a parameter
                // and its successor.
                let params = step.reads.iter().filter_map(|r| match r.root {
                    Root::Param(i) => Some(i),
                    Root::Block(_) => None,
                });
                let fits = |&i: &usize| free[i] && bytes[i] == outs[k].bytes && self.read[i] == Some(s);
                let mut near: Vec<usize> = params.filter(fits).collect();
                near.sort_by_key(|&i| (i.abs_diff(place[k]), i));
                let found = near.into_iter().find_map(|i| {
                    let at = self.aligned(step, w, i)?;
                    Some((i, at))
                });
                if let Some((i, at)) = found {
                    outs[k].donor = Some(i);
                    same[s][w] = Some(at);
                    free[i] = false;
                }
            }
        }
        // The parameters left of each size, in order.
        let mut left: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        for i in (0..free.len()).filter(|&i| free[i]) {
            left.entry(bytes[i]).or_default().push(i);
        }
        for block in &self.blocks {
            let Some(k) = block.out else { continue };
            if outs[k].donor.is_some() {
                continue;
            }
            let Some(list) = left.get_mut(&outs[k].bytes) else { continue };
            let dead = |i: &usize| self.read[*i].is_none_or(|r| r < block.first);
            if let Some(at) = list.iter().position(dead) {
                outs[k].donor = Some(list.remove(at));
            }
        }
    }

    /// The operand of `step` that is parameter `param`, read only where result `w` is written.
    fn aligned(&self, step: &Draft, w: usize, param: usize) -> Option<usize> {
        let mut reads = step.reads.iter().enumerate().filter(|(_, r)| r.root == Root::Param(param));
        let (at, read) = reads.next()?;
        if reads.next().is_some()
            || read.layout.offset != 0
            || !read.layout.is_contiguous()
            || read.dtype.size() != step.writes[w].dtype.size()
        {
            return None;
        }
        let nest = match &step.work {
            Work::Loop(nest) => nest,
            Work::Op(id) => {
                let updates = matches!(self.trace.data(*id).kind, Kind::Op(Op::SliceUpdate { .. }));
                return (updates && at == 0).then_some(at);
            }
        };
        let region = &nest.region;
        let value = nest.operands[at];
        let rm = region::row_major(&self.trace.ty(value).sizes());
        let (_, stored) = &region.results[w];
        let fine = region.nodes.iter().all(|n| match &n.kind {
            NodeKind::Load(coords) if n.value == value => {
                let offset: usize = coords.iter().zip(&rm).map(|(c, s)| c.offset * s).sum();
                let step = |d: usize| coords.iter().zip(&rm).map(|(c, s)| c.steps[d] * s).sum::<usize>();
                offset == stored.offset && (0..region.dims.len()).all(|d| step(d) == stored.strides[d])
            }
            NodeKind::Take { data, .. } => *data != value,
            NodeKind::Random { key, .. } => *key != value,
            _ => true,
        });
        fine.then_some(at)
    }
}
