//! Rows that are also summed, row by row: the gradients of a norm's input and of its weight in one walk.
//!
//! As many blocks as fill the device walk over the rows. A thread keeps the sums of its columns in registers all the
//! way, then each block leaves its own in scratch memory, and a second kernel adds those up, in a fixed order.

use super::emit::{Emitter, Launch};
use super::pointwise::{fetch, is_row_data, keep, kept};
use super::rows::{HELD, SHORT, Shape, reduce_rows, scalars_of_row, walk};
use super::{Arg, Kernel, expr};
use thunder_core::kernel::target::Gpu;

/// Registers of a thread.
const REGISTERS: usize = 128;
/// Sums that one thread keeps.
const SUMS: usize = 64;
/// Columns, and shares of the blocks, of a block of the second kernel.
const COLUMNS: usize = 8;
const SHARES: usize = 32;

/// The walk over the rows, then the sum of what its blocks leave. `emitter` makes one for each.
pub(super) fn kernels<'a>(emitter: impl Fn() -> Emitter<'a>) -> Vec<Kernel> {
    let first = emitter();
    let blocks = shape(&first);
    let parts = blocks.count(first.space.outer.count(), first.gpu);
    vec![walk_rows(first, &blocks, parts), add_up(emitter(), parts)]
}

/// How the first kernel walks: like rows, in a loop over them.
struct Blocks {
    threads: usize,
    /// Rows of a block at a time.
    rows: usize,
    /// Vectors of a thread.
    vectors: usize,
    /// Whether they stay in registers between the reductions of a row.
    held: bool,
}

impl Blocks {
    /// Blocks that a multiprocessor has registers for.
    fn resident(&self, gpu: &Gpu) -> usize {
        (gpu.registers / REGISTERS / (self.threads * self.rows)).max(1)
    }

    fn count(&self, rows: usize, gpu: &Gpu) -> usize {
        let resident = self.resident(gpu) * gpu.multiprocessors;
        let all = rows.div_ceil(self.rows);
        // More than fill the device, if a thread would add up too many rows in f32.
        all.clamp(1, resident.max(all.div_ceil(SHORT)))
    }
}

fn shape(e: &Emitter<'_>) -> Blocks {
    let (n, sums) = (e.space.inner.count(), e.accumulations().len());
    let data: Vec<usize> = (0..e.region.nodes.len()).filter(|&i| is_row_data(e, i)).collect();
    let bytes: usize = data.iter().map(|&i| e.region.nodes[i].dtype.size() * e.width).sum();
    let vectors = |t: usize| n.div_ceil(e.width).div_ceil(t).max(1);
    let fits = |t: &usize| {
        let v = vectors(*t);
        v <= 4 && v * bytes <= HELD && v * e.width * sums <= SUMS
    };
    let threads = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].into_iter().find(fits).unwrap_or(1024);
    Blocks {
        threads,
        rows: if threads <= 32 { 128 / threads } else { 1 },
        vectors: vectors(threads),
        held: vectors(threads) * bytes <= HELD,
    }
}

fn walk_rows(mut e: Emitter<'_>, blocks: &Blocks, parts: usize) -> Kernel {
    let (rows, n) = (e.space.outer.count(), e.space.inner.count());
    let &Blocks { threads, rows: per_block, vectors, held } = blocks;
    let shape = Shape { threads, rows: per_block, held: vectors, split: 1, shared: Vec::new() };
    let sums = e.accumulations();
    let early: Vec<usize> = (0..e.region.results.len()).filter(|&r| !e.is_late(r)).collect();
    let (wide, narrow): (Vec<usize>, Vec<usize>) = early.iter().partition(|&&r| e.is_wide(r));
    let summed = sums.iter().map(|&f| e.region.nodes[f].args[0]);
    let all = e.closure(early.iter().map(|&r| e.region.results[r].0).chain(summed.clone()));
    let summed: Vec<usize> = summed.collect();
    let data: Vec<usize> = all.iter().copied().filter(|&i| is_row_data(&e, i)).collect();

    let several = per_block > 1;
    if several {
        e.code.line(format!(
            "const unsigned lane = threadIdx.x % {threads}u, group = threadIdx.x / {threads}u;"
        ));
    } else {
        e.code.line("const unsigned lane = threadIdx.x;");
    }
    for &f in &sums {
        let (_, ty, identity) = e.fold(f);
        let count = vectors * e.width;
        e.code.line(format!("{ty} s{f}[{count}];"));
        e.code.line("#pragma unroll");
        e.code.line(format!("for (int k = 0; k < {count}; ++k) s{f}[k] = {identity};"));
    }
    let before = e.mark();
    let step = if several { format!("gridDim.x * {per_block}u") } else { "gridDim.x".into() };
    let start = if several { format!("(Index)blockIdx.x * {per_block}u") } else { "blockIdx.x".into() };
    let name = if several { "base" } else { "row" };
    e.code.open(format!("for (Index {name} = {start}; {name} < rows; {name} += {step})"));
    if several {
        // All threads of a warp take part in its reductions, with or without a row.
        e.code.line("const bool live = base + group < rows;");
        e.code.line("const Index row = live ? base + group : rows - 1;");
    }
    e.coordinates(true, "row");
    if held {
        keep(&mut e, &data, vectors);
        walk(&mut e, &shape, n, &|e| fetch(e, &data));
        kept(&mut e, &data);
    }
    let top = all.iter().map(|&i| e.region.nodes[i].level).max().unwrap_or(0);
    for level in 1..=top {
        reduce_rows(&mut e, &shape, n, level, &all, &[]);
    }
    scalars_of_row(&mut e, &all);
    if several {
        e.code.open("if (live)");
    }
    let inside = e.mark();
    let nodes = e.closure(wide.iter().map(|&r| e.region.results[r].0).chain(summed));
    walk(&mut e, &shape, n, &|e| e.point(&nodes, &wide, &sums));
    e.forget(inside);
    if !narrow.is_empty() {
        e.code.open("if (lane == 0)");
        e.row_point(&narrow);
        e.code.close();
    }
    if several {
        e.code.close();
    }
    e.code.close();
    e.forget(before);

    let at = |k: usize| format!("scratch + (Index){k}u * gridDim.x * {n}u");
    if several {
        e.code.line(format!("__shared__ double part[{}];", per_block * n));
    }
    // The threads' sums are short; those of blocks, and of blocks together, are long.
    for (k, &f) in sums.iter().enumerate() {
        let (op, short, identity) = e.fold(f);
        e.long = true;
        let (_, ty, _) = e.fold(f);
        e.long = false;
        let w = e.width;
        let to = if several { format!("({short}*)part") } else { format!("({ty}*)({})", at(k)) };
        let row = if several { "group" } else { "blockIdx.x" };
        if several {
            e.code.line("__syncthreads();");
        }
        walk(&mut e, &shape, n, &|e| {
            e.code.line("#pragma unroll");
            e.code.line(format!(
                "for (int j = 0; j < {w}; ++j) ({to})[(Index){row} * {n}u + col + j] = s{f}[k * {w} + j];"
            ));
        });
        if several {
            e.code.line("__syncthreads();");
            e.code
                .open(format!("for (Index col = threadIdx.x; col < {n}u; col += {}u)", threads * per_block));
            e.code.line(format!("{ty} u = {identity};"));
            e.code.line(format!(
                "for (int g = 0; g < {per_block}; ++g) u = {op}::of(u, ({ty})(({short}*)part)[g * {n}u + col]);"
            ));
            e.code.line(format!("(({ty}*)({}))[(Index)blockIdx.x * {n}u + col] = u;", at(k)));
            e.code.close();
        }
    }
    let launch = Launch {
        grid: [parts, 1, 1],
        threads: (threads * per_block) as u32,
        resident: blocks.resident(e.gpu) as u32,
        scratch: sums.len() * parts * n * 8,
        ..Launch::default()
    };
    let extra = [("double* scratch".to_string(), Arg::Scratch), ("Index rows".to_string(), e.extent(rows))];
    e.finish("rows", &extra, launch)
}

/// Adds up what `parts` blocks left, and goes on with what comes after the sums.
fn add_up(mut e: Emitter<'_>, parts: usize) -> Kernel {
    let n = e.space.inner.count();
    e.long = true;
    let sums = e.accumulations();
    e.code.line(format!("const unsigned x = threadIdx.x % {COLUMNS}u, y = threadIdx.x / {COLUMNS}u;"));
    e.code.line(format!("const Index col = (Index)blockIdx.x * {COLUMNS}u + x;"));
    for &f in &sums {
        let (_, ty, identity) = e.fold(f);
        e.code.line(format!("{ty} s{f} = {identity};"));
    }
    e.code.open(format!("if (col < {n}u)"));
    e.code.line("#pragma unroll 4");
    e.code.open(format!("for (Index b = y; b < parts; b += {SHARES}u)"));
    for (k, &f) in sums.iter().enumerate() {
        let (op, ty, _) = e.fold(f);
        e.code.line(format!(
            "s{f} = {op}::of(s{f}, ((const {ty}*)(scratch + (Index){k}u * parts * {n}u))[b * {n}u + col]);"
        ));
    }
    e.code.close();
    e.code.close();
    for &f in &sums {
        let (_, ty, _) = e.fold(f);
        e.code.line(format!("__shared__ {ty} part{f}[{SHARES}][{COLUMNS}];"));
        e.code.line(format!("part{f}[y][x] = s{f};"));
    }
    e.code.line("__syncthreads();");
    e.code.line(format!("if (y != 0 || col >= {n}u) return;"));
    for &f in &sums {
        let (op, _, identity) = e.fold(f);
        let d = expr::computed(e.region.nodes[f].dtype);
        e.code.line(format!("s{f} = {identity};"));
        e.code.line("#pragma unroll");
        e.code.line(format!("for (int k = 0; k < {SHARES}; ++k) s{f} = {op}::of(s{f}, part{f}[k][x]);"));
        e.code.line(format!("const {d} t{f} = ({d})s{f};"));
        e.names.insert(f, format!("t{f}"));
    }
    e.width = 1;
    e.coordinates(false, "col");
    let late: Vec<usize> = (0..e.region.results.len()).filter(|&r| e.is_late(r)).collect();
    let nodes = e.closure(late.iter().map(|&r| e.region.results[r].0));
    e.point(&nodes, &late, &[]);
    let launch = Launch {
        grid: [n.div_ceil(COLUMNS), 1, 1],
        threads: (COLUMNS * SHARES) as u32,
        scratch: sums.len() * parts * n * 8,
        ..Launch::default()
    };
    let extra = [("double* scratch".to_string(), Arg::Scratch), ("Index parts".to_string(), e.extent(parts))];
    e.finish("sums", &extra, launch)
}
