//! Many launches of one kernel as one: an optimiser's updates of a hundred tensors are a few launches.
//!
//! Steps that run the same source on memory of their own need no order among them. Their arguments become the rows of
//! a table, which is the one argument of a kernel that finds each block's row.

use super::print::print;
use super::{Kernel, Lowered, canonical};
use std::collections::HashMap;
use std::ops::Range;
use thunder_core::exec::{Base, Out, Place, Step};
use thunder_core::kernel::ir;
use thunder_core::trace::{Loc, Trace};

/// Bytes of arguments that every driver takes.
const ARGUMENTS: usize = 4096;
/// More rows than this gain nothing.
const MOST: usize = 32;

/// Steps that are started together.
#[derive(Debug)]
pub struct Group {
    /// Which, by their numbers in the plan.
    pub steps: Vec<usize>,
    /// For several steps, their kernel, and how many rows its table has.
    pub batch: Option<(Kernel, usize)>,
}

/// The steps of a plan of `trace`, lowered to `lowered`, in groups, in an order that gives the same results.
pub fn groups(trace: &Trace, steps: &[Step], outs: &[Out], lowered: &[Lowered]) -> Vec<Group> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut last: HashMap<String, usize> = HashMap::new();
    let footprints: Vec<Footprint> = steps.iter().map(|s| Footprint::of(s, outs)).collect();
    for (i, low) in lowered.iter().enumerate() {
        let kernel = single(low).filter(|(_, loops)| rows_of(loops) > 1);
        let source = kernel.map(|(k, _)| canonical(&k.source));
        if let (Some((_, loops)), Some(source)) = (kernel, &source)
            && let Some(&g) = last.get(source)
            && groups[g].len() < rows_of(loops)
            && groups[g..].iter().flatten().all(|&j| footprints[i].is_apart(&footprints[j]))
        {
            groups[g].push(i);
            continue;
        }
        if let Some(source) = source {
            last.insert(source, groups.len());
        }
        groups.push(vec![i]);
    }
    let together = |steps: Vec<usize>| {
        let kernels: Vec<_> = steps.iter().filter_map(|&i| single(&lowered[i])).collect();
        let batch = (steps.len() > 1).then(|| batch(&kernels, trace));
        Group { steps, batch }
    };
    groups.into_iter().map(together).collect()
}

/// The kernel of a step that is one launch, which others may join.
fn single(low: &Lowered) -> Option<(&Kernel, &ir::Kernel)> {
    let Lowered::Kernels(list) = low else { return None };
    let [kernel] = &list[..] else { return None };
    let loops = kernel.loops.as_deref().filter(|loops| loops.is_batchable())?;
    Some((kernel, loops))
}

/// How many rows of its arguments, and the numbers of their first blocks, fit.
fn rows_of(loops: &ir::Kernel) -> usize {
    (ARGUMENTS / 8 / (loops.params.len() + 1)).min(MOST)
}

/// The kernel that does what `kernels` of one source do, and how many rows its table has.
fn batch(kernels: &[(&Kernel, &ir::Kernel)], trace: &Trace) -> (Kernel, usize) {
    let (_, loops) = kernels[0];
    let rows = kernels.len().next_power_of_two().min(rows_of(loops));
    let blocks = kernels.iter().map(|(k, _)| k.launch.grid[0]).sum();
    (print(loops.batch(rows, blocks), trace, Loc::NONE), rows)
}

/// The memory that a step reads and writes.
struct Footprint {
    reads: Vec<(Block, Range<usize>)>,
    writes: Vec<(Block, Range<usize>)>,
}

/// What lies apart from everything else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Param(usize),
    Out(usize),
    Arena,
}

impl Footprint {
    fn of(step: &Step, outs: &[Out]) -> Footprint {
        let extent = |p: &Place| {
            let l = &p.layout;
            let reach: usize = l.sizes.iter().zip(&l.strides).map(|(n, s)| n.saturating_sub(1) * s).sum();
            let (block, start) = match p.base {
                Base::Param(i) => (Block::Param(i), 0),
                // It may be the donated parameter's buffer.
                Base::Out(k) => (outs[k].donor.map_or(Block::Out(k), Block::Param), 0),
                Base::Arena(at) => (Block::Arena, at),
            };
            let size = p.dtype.size();
            (block, start + l.offset * size..start + (l.offset + reach + 1) * size)
        };
        Footprint {
            reads: step.reads.iter().map(extent).collect(),
            writes: step.writes.iter().map(extent).collect(),
        }
    }

    /// Whether neither writes what the other reads or writes.
    fn is_apart(&self, other: &Footprint) -> bool {
        let meets = |a: &[(Block, Range<usize>)], b: &[(Block, Range<usize>)]| {
            a.iter().any(|(x, r)| b.iter().any(|(y, q)| x == y && r.start < q.end && q.start < r.end))
        };
        !meets(&self.writes, &other.writes)
            && !meets(&self.writes, &other.reads)
            && !meets(&self.reads, &other.writes)
    }
}
