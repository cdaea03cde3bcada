//! Columns: the outer dimensions are reduced.
//!
//! A block takes a strip of columns and a share of the rows; each thread adds up a vector of columns over its
//! rows, the block adds up its threads, and the last block of a strip adds up the blocks, in a fixed order.

use super::emit::{Emitter, Launch};
use super::expr;
use super::{Arg, Kernel};

const THREADS: usize = 256;

pub(super) fn kernel(mut e: Emitter<'_>) -> Kernel {
    let (rows, n) = (e.space.outer.count(), e.space.inner.count());
    let folds = e.folds(1);
    e.long = true;
    // Every fold has its own shared memory.
    while folds.len() * THREADS * e.width * 8 > 48 * 1024 && e.width > 1 {
        e.width /= 2;
    }
    let width = e.width;
    let across = (THREADS / width).min(n.div_ceil(width).next_power_of_two()).max(1);
    let down = THREADS / across;
    let strip = across * width;
    let strips = n.div_ceil(strip).max(1);
    // As many blocks as the device holds at a time.
    let split = (e.gpu.resident(THREADS) / strips).clamp(1, rows.div_ceil(down * 4).max(1));
    let (full, after): (Vec<usize>, Vec<usize>) = (0..e.region.results.len()).partition(|&r| {
        e.region.nodes[e.region.results[r].0].level == 0 && e.result_access(r).outer.iter().any(|&s| s != 0)
    });

    e.code.line(format!("const unsigned x = threadIdx.x % {across}u, y = threadIdx.x / {across}u;"));
    e.code.line(format!("const Index col = ((Index)blockIdx.x * {across}u + x) * {width}u;"));
    for &f in &folds {
        let (_, ty, identity) = e.fold(f);
        if width == 1 {
            e.code.line(format!("{ty} s{f} = {identity};"));
        } else {
            e.code.line(format!("{ty} s{f}[{width}];"));
            e.code.line("#pragma unroll");
            e.code.line(format!("for (int j = 0; j < {width}; ++j) s{f}[j] = {identity};"));
        }
    }
    let start = e.mark();
    e.code.open(format!("if (col < {n}u)"));
    e.coordinates(false, "col");
    let roots = folds.iter().map(|&f| e.region.nodes[f].args[0]);
    let nodes = e.closure(roots.chain(full.iter().map(|&r| e.region.results[r].0)));
    // What does not change from row to row is read once.
    let fixed: Vec<usize> = nodes.iter().copied().filter(|&i| !e.outer_varies(i)).collect();
    e.scalars(&fixed);
    e.loads(&fixed);
    e.code.line("#pragma unroll 4");
    e.code.open(format!(
        "for (Index row = (Index)blockIdx.y * {down}u + y; row < rows; row += gridDim.y * {down}u)"
    ));
    e.coordinates(true, "row");
    e.point(&nodes, &full, &folds);
    e.code.close();
    e.code.close();
    e.forget(start);

    // The block's threads over the same columns; from here on, a thread has one column.
    for &f in &folds {
        let (_, ty, _) = e.fold(f);
        e.code.line(format!("__shared__ {ty} part{f}[{down}][{strip}];"));
        if width == 1 {
            e.code.line(format!("part{f}[y][x] = s{f};"));
        } else {
            e.code.line("#pragma unroll");
            e.code.line(format!("for (int j = 0; j < {width}; ++j) part{f}[y][x * {width}u + j] = s{f}[j];"));
        }
    }
    e.code.line("__syncthreads();");
    e.code.line(format!("const Index mine = (Index)blockIdx.x * {strip}u + threadIdx.x;"));
    e.code.line(format!("const bool live = threadIdx.x < {strip}u && mine < {n}u;"));
    for &f in &folds {
        let (op, ty, identity) = e.fold(f);
        e.code.line(format!("{ty} u{f} = {identity};"));
        e.code.open("if (live)");
        e.code.line("#pragma unroll");
        e.code.line(format!(
            "for (int k = 0; k < {down}; ++k) u{f} = {op}::of(u{f}, part{f}[k][threadIdx.x]);"
        ));
        e.code.close();
    }
    if split > 1 {
        blocks(&mut e, &folds, n);
    }
    e.code.line("if (!live) return;");
    for &f in &folds {
        let d = expr::computed(e.region.nodes[f].dtype);
        e.code.line(format!("const {d} t{f} = ({d})u{f};"));
        e.names.insert(f, format!("t{f}"));
    }
    e.width = 1;
    e.coordinates(false, "mine");
    let nodes = e.closure(after.iter().map(|&r| e.region.results[r].0));
    e.point(&nodes, &after, &[]);

    let mut extra = vec![("Index rows".to_string(), e.extent(rows))];
    let mut launch = Launch { grid: [strips, split, 1], threads: THREADS as u32, ..Launch::default() };
    if split > 1 {
        extra.insert(0, ("double* scratch".into(), Arg::Scratch));
        extra.insert(1, ("unsigned* counters".into(), Arg::Counters));
        launch.scratch = folds.len() * split * n * 8;
        launch.counters = strips;
    }
    e.finish("columns", &extra, launch)
}

/// Emits the second stage: each block leaves its partial results, and the last of a strip adds them up.
fn blocks(e: &mut Emitter<'_>, folds: &[usize], n: usize) {
    let at = |k: usize| format!("scratch + (Index){k}u * gridDim.y * {n}u");
    for (k, &f) in folds.iter().enumerate() {
        let (_, ty, _) = e.fold(f);
        e.code.line(format!("if (live) (({ty}*)({}))[blockIdx.y * {n}u + mine] = u{f};", at(k)));
    }
    e.code.line("__shared__ bool last;");
    e.code.line("__threadfence();");
    e.code.line("__syncthreads();");
    e.code.line("if (threadIdx.x == 0) last = atomicAdd(&counters[blockIdx.x], 1u) == gridDim.y - 1;");
    e.code.line("__syncthreads();");
    e.code.line("if (!last) return;");
    e.code.line("__threadfence();");
    e.code.line("if (threadIdx.x == 0) counters[blockIdx.x] = 0;");
    for (k, &f) in folds.iter().enumerate() {
        let (op, ty, identity) = e.fold(f);
        e.code.line(format!("u{f} = {identity};"));
        e.code.open("if (live)");
        e.code.line("#pragma unroll 8");
        e.code.line(format!(
            "for (unsigned b = 0; b < gridDim.y; ++b) u{f} = {op}::of(u{f}, __ldcg((const {ty}*)({}) + (Index)b * {n}u + mine));",
            at(k)
        ));
        e.code.close();
    }
}
