//! What a kernel costs: its launch, the bytes that it moves, the work that it does, and what does not fit in registers.

use super::graph::Graph;
use crate::kernel::region::{Node, NodeKind, Region};
use crate::kernel::target::Target;
use crate::op::{Cost, Op};
use crate::trace::{Value, Walk};
use rustc_hash::FxHashMap;

/// What a device does in a second, and what a launch costs: the few numbers that fusion is decided by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Seconds of a launch.
    pub launch: f64,
    /// Bytes a second from memory.
    pub bandwidth: f64,
    /// Cheap operations a second.
    operations: f64,
    /// Elements that a thread, or a vector loop, computes one after another.
    unrolled: usize,
    /// Values of one element that a thread can hold.
    registers: usize,
    /// Multiprocessors or cores, which share the bandwidth.
    units: usize,
    /// Bytes of a row that one block keeps while it is reduced and read again.
    row: usize,
}

impl Rates {
    pub fn new(target: &Target) -> Rates {
        match target {
            // 128 lanes a multiprocessor, at 1.5 GHz; half of the threads that fit, so that each has twice the registers.
            Target::Gpu(gpu) => Rates {
                launch: 2.5e-6,
                bandwidth: 0.9 * gpu.bandwidth,
                operations: gpu.multiprocessors as f64 * 128.0 * 1.5e9,
                unrolled: 8,
                registers: 2 * gpu.registers / gpu.threads.max(1),
                units: gpu.multiprocessors,
                row: gpu.shared_of_block,
            },
            // Tiles are interpreted: a register of the program is a tile in the first-level cache.
            Target::Cpu(cpu) => Rates {
                launch: 5e-6,
                bandwidth: cpu.bandwidth,
                operations: cpu.cores as f64 * (cpu.vector / 4).max(1) as f64 * 1.5e9,
                unrolled: cpu.tile(),
                registers: 64,
                units: cpu.cores,
                row: cpu.row() * 4,
            },
        }
    }
}

/// Cheap operations that an element of an elementwise operation is worth.
fn work(op: &Op) -> f64 {
    match op.code().cost() {
        None | Some(Cost::Cheap) => 1.0,
        Some(Cost::Root) => 4.0,
        Some(Cost::Division) => 8.0,
        Some(Cost::Function) => 20.0,
        Some(Cost::Power) => 40.0,
    }
}

/// Cheap operations that a random number is worth: a share of ten rounds of Philox.
const DRAW: f64 = 30.0;

/// How much of the lesser of memory and arithmetic shows: a kernel waits for both at its beginning and its end.
const HIDDEN: f64 = 0.2;

/// Seconds of a kernel that computes `region`.
pub(super) fn seconds(graph: &Graph, region: &Region, rates: &Rates) -> f64 {
    let trace = graph.trace;
    let bytes_of = |v: Value, elements: usize| {
        // Of a view, no more is read than there is of what it shows.
        let whole = graph.source_of(v).map_or(usize::MAX, |s| graph.count(s));
        elements.min(trace.ty(v).count()).min(whole) * trace.ty(v).dtype().size()
    };
    let mut read: FxHashMap<Value, usize> = FxHashMap::default();
    let mut operations = 0.0;
    let per_thread = threads(region, rates);
    for node in &region.nodes {
        let points = region.points(node);
        // What changes with no element is computed once by every thread.
        let times = points.max(per_thread) as f64;
        match &node.kind {
            NodeKind::Const(_) => {}
            NodeKind::Load(_) => *read.entry(node.value).or_default() += points,
            NodeKind::Take { data, .. } => {
                *read.entry(*data).or_default() += points;
                operations += times;
            }
            NodeKind::Iota(_) => operations += times,
            NodeKind::Random { .. } => operations += DRAW * times,
            NodeKind::Op(op) => operations += work(op) * times,
            NodeKind::Reduce(_) | NodeKind::Accumulate(_) => {
                let over = node.args.iter().map(|&a| region.points(&region.nodes[a])).max();
                operations += over.unwrap_or(0) as f64;
            }
        }
    }
    let once: usize = read.into_iter().map(|(v, n)| bytes_of(v, n)).sum();
    let written: usize = region.results.iter().map(|&(n, _)| trace.ty(region.nodes[n].value).bytes()).sum();
    let moved = once * walks(region, rates) + written;
    let launches = if region.accumulates() { 2.0 } else { 1.0 };
    let memory = moved as f64 / (rates.bandwidth * busy(region, rates));
    let compute = (operations + spilled(region, rates)) / rates.operations;
    launches * rates.launch + memory.max(compute) + HIDDEN * memory.min(compute)
}

/// How many threads compute what is the same for all elements, or for those of a row.
fn threads(region: &Region, rates: &Rates) -> usize {
    let Walk::Rows { .. } = region.walk else { return region.count() / rates.unrolled };
    let row: usize = region.dims[region.outer..].iter().product();
    let rows: usize = region.dims[..region.outer].iter().product();
    rows * (row / rates.unrolled).clamp(1, 64)
}

/// The share of the bandwidth that the units with work can use: a few short rows are too little for all of it. Long ones
/// are split.
fn busy(region: &Region, rates: &Rates) -> f64 {
    /// Elements from which on a row is worth another block.
    const PART: usize = 1 << 14;
    /// A unit alone draws more than its even share of the bandwidth: this many times.
    const ALONE: f64 = 4.0;
    let Walk::Rows { .. } = region.walk else { return 1.0 };
    let rows: usize = region.dims[..region.outer].iter().product();
    let blocks = rows.max(region.count() / PART).max(1);
    (ALONE * blocks as f64 / rates.units.max(1) as f64).min(1.0)
}

/// How often the operands are read: rows that do not fit on the chip are read again for every reduction after the first
/// and for what comes after.
fn walks(region: &Region, rates: &Rates) -> usize {
    let Walk::Rows { .. } = region.walk else { return 1 };
    let row: usize = region.dims[region.outer..].iter().product();
    let along = |n: &&Node| n.along[region.outer..].contains(&true);
    let loads = region.nodes.iter().filter(|n| matches!(n.kind, NodeKind::Load(_))).filter(along);
    let bytes = loads.map(|n| n.dtype.size()).max().unwrap_or(4);
    if row * bytes <= rates.row {
        return 1;
    }
    let levels = region.nodes.iter().map(|n| n.level).max().unwrap_or(0);
    let read_after =
        region.results.iter().any(|&(n, _)| region.nodes[n].along[region.outer..].contains(&true));
    levels.max(1) + usize::from(read_after && levels > 0)
}

/// Cheap operations that storing and loading is worth of what exceeds the registers.
fn spilled(region: &Region, rates: &Rates) -> f64 {
    let mut last = vec![0; region.nodes.len()];
    for (at, node) in region.nodes.iter().enumerate() {
        node.args.iter().for_each(|&a| last[a] = at);
    }
    region.results.iter().for_each(|&(n, _)| last[n] = last[n].max(n));
    let mut ends = vec![0usize; region.nodes.len() + 1];
    let (mut live, mut most) = (0usize, 0);
    for (at, node) in region.nodes.iter().enumerate() {
        if !matches!(node.kind, NodeKind::Const(_)) {
            live += 1;
            most = most.max(live);
            ends[last[at].max(at)] += 1;
        }
        live -= ends[at].min(live);
    }
    most.saturating_sub(rates.registers) as f64 * region.count() as f64 * 4.0
}
