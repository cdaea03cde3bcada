//! Many launches of one kernel as one: an optimiser's updates of a hundred tensors are a few launches.
//!
//! Steps that run the same source on memory of their own need no order among them. Their arguments become the rows of
//! a table, which is the one argument of a kernel that finds each block's row.

use super::{Kernel, Lowered, canonical};
use std::collections::HashMap;
use std::ops::Range;
use thunder_core::exec::{Base, Out, Place, Step};

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

/// The steps of a plan, which `lowered` are, in groups, in an order that gives what theirs gives.
pub fn groups(steps: &[Step], outs: &[Out], lowered: &[Lowered]) -> Vec<Group> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut last: HashMap<String, usize> = HashMap::new();
    let footprints: Vec<Footprint> = steps.iter().map(|s| Footprint::of(s, outs)).collect();
    for (i, low) in lowered.iter().enumerate() {
        let kernel = single(low).filter(|k| rows_of(k) > 1);
        let source = kernel.map(|k| canonical(&k.source));
        if let (Some(kernel), Some(source)) = (kernel, &source)
            && let Some(&g) = last.get(source)
            && groups[g].len() < rows_of(kernel)
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
        let kernels: Vec<&Kernel> = steps.iter().filter_map(|&i| single(&lowered[i])).collect();
        let batch = (steps.len() > 1).then(|| batch(&kernels));
        Group { steps, batch }
    };
    groups.into_iter().map(together).collect()
}

/// The kernel of a step that is one launch of blocks in a row.
fn single(low: &Lowered) -> Option<&Kernel> {
    let Lowered::Kernels(list) = low else { return None };
    let [kernel] = &list[..] else { return None };
    let plain =
        kernel.grid[1..] == [1, 1] && kernel.shared == 0 && kernel.scratch == 0 && kernel.counters == 0;
    (plain && !kernel.params.is_empty()).then_some(kernel)
}

/// How many rows of its arguments, and the numbers of their first blocks, fit.
fn rows_of(kernel: &Kernel) -> usize {
    (ARGUMENTS / 8 / (kernel.params.len() + 1)).min(MOST)
}

/// The kernel that does what `kernels` of one source do.
fn batch(kernels: &[&Kernel]) -> (Kernel, usize) {
    let kernel = kernels[0];
    let rows = kernels.len().next_power_of_two().min(rows_of(kernel));
    let entry = format!("{}_each", kernel.entry);
    let (head, rest) = kernel.source.split_once("extern \"C\"").unwrap_or_default();
    let (_, body) = rest.split_once("{\n").unwrap_or_default();
    let names: Vec<&str> =
        kernel.params.iter().map(|p| p.rsplit([' ', '*']).next().unwrap_or_default()).collect();
    let fields: String = kernel
        .params
        .iter()
        .map(|p| format!("    alignas(8) {};\n", p.replace(" __restrict__", "")))
        .collect();
    let values: Vec<String> = names.iter().map(|n| format!("row.{n}")).collect();
    let source = format!(
        "// {} of these in one launch
{head}// The arguments of one of them.
struct Row {{
{fields}}};
struct Table {{
    unsigned long long first[{rows}];
    Row row[{rows}];
}};
__device__ __forceinline__ void one(
    {},
    const unsigned block)
{{
{}
extern \"C\" __global__ void __launch_bounds__({}) {entry}(const __grid_constant__ Table table)
{{
    unsigned n = 0;
    #pragma unroll
    for (unsigned step = {}; step > 0; step /= 2) {{
        if (n + step < {rows} && table.first[n + step] <= blockIdx.x) n += step;
    }}
    const Row& row = table.row[n];
    one({}, blockIdx.x - (unsigned)table.first[n]);
}}
",
        kernels.len(),
        kernel.params.join(",\n    "),
        body.replace("blockIdx.x", "block"),
        kernel.threads,
        rows.next_power_of_two() / 2,
        values.join(", ")
    );
    let grid = [kernels.iter().map(|k| k.grid[0]).sum(), 1, 1];
    (Kernel { entry, source, grid, args: Vec::new(), params: Vec::new(), ..kernel.clone() }, rows)
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
