//! Rows: the inner dimensions are reduced, once or several times, and may be read again after.
//!
//! A group of threads takes a row. Where the row fits, it stays in registers in its storage type, so that memory
//! is read once however many reductions there are; where it is long, in shared memory, so that one block of a
//! multiprocessor loads while another computes. Rows longer still are walked again for each reduction. A few very long rows
//! are each split among many blocks, the last of which adds up what the others found, in a fixed order.

use super::emit::{Emitter, Launch};
use super::expr;
use super::pointwise::{fetch, is_row_data, keep, kept};
use super::{Arg, Kernel};
use thunder_core::kernel::region::NodeKind;

/// Bytes of a row that one thread holds.
pub(super) const HELD: usize = 128;
/// Bytes of shared memory left for reductions where a row lies in the rest.
const REDUCTIONS: usize = 512;
/// The most elements that one thread adds up in f32.
pub(super) const SHORT: usize = 32;
/// Threads of the blocks that share a row.
const SPLIT: usize = 512;

/// How a kernel walks its rows.
pub(super) struct Shape {
    /// Threads of a row.
    pub threads: usize,
    /// Rows of a block.
    pub rows: usize,
    /// Vectors that a thread holds; 0 if it walks the row.
    pub held: usize,
    /// Blocks that share a row.
    pub split: usize,
    /// The loads that lie in shared memory, instead of registers.
    pub shared: Vec<usize>,
}

pub(super) fn kernel(mut e: Emitter<'_>) -> Kernel {
    let (rows, n) = (e.space.outer.count(), e.space.inner.count());
    let all = e.closure(e.region.results.iter().map(|r| r.0));
    let data: Vec<usize> = all.iter().copied().filter(|&i| is_row_data(&e, i)).collect();
    let shape = shape(&e, rows, n, &data);
    let top = e.region.nodes.iter().map(|n| n.level).max().unwrap_or(0);
    // How many elements one thread adds up.
    let run = if shape.held > 0 { shape.held * e.width } else { n.div_ceil(shape.threads) };
    e.long = run > SHORT || shape.split > 1;

    let Shape { threads, rows: per_block, held, split, .. } = shape;
    let lane = if per_block == 1 { "threadIdx.x".to_string() } else { format!("threadIdx.x % {threads}u") };
    e.code.line(format!("const unsigned lane = {lane};"));
    if per_block == 1 {
        e.code.line(format!("const Index row = {};", if split > 1 { "blockIdx.y" } else { "blockIdx.x" }));
    } else {
        e.code
            .line(format!("const Index mine = (Index)blockIdx.x * {per_block}u + threadIdx.x / {threads}u;"));
        e.code.line("const Index row = mine < rows ? mine : rows - 1;");
    }
    e.coordinates(true, "row");
    let (wide, narrow): (Vec<usize>, Vec<usize>) = (0..e.region.results.len()).partition(|&r| e.is_wide(r));

    if !shape.shared.is_empty() {
        hold(&mut e, &shape, n);
    } else if held > 0 {
        keep(&mut e, &data, held);
        walk(&mut e, &shape, n, &|e| fetch(e, &data));
        kept(&mut e, &data);
    }
    for level in 1..=top {
        // A split row is walked once: what it stores is stored on the way.
        reduce_rows(&mut e, &shape, n, level, &all, if split > 1 { &wide } else { &[] });
    }
    if split > 1 {
        gather_split(&mut e, threads, split);
    }
    scalars_of_row(&mut e, &all);
    if !wide.is_empty() && split == 1 {
        let mark = e.mark();
        let nodes = e.closure(wide.iter().map(|&r| e.region.results[r].0));
        let guard = per_block > 1;
        if guard {
            e.code.line("if (mine >= rows) return;");
        }
        walk(&mut e, &shape, n, &|e| e.point(&nodes, &wide, &[]));
        e.forget(mark);
    }
    if !narrow.is_empty() {
        let live = if per_block > 1 && wide.is_empty() { " && mine < rows" } else { "" };
        e.code.open(format!("if (lane == 0{live})"));
        e.row_point(&narrow);
        e.code.close();
    }
    let folds = e.folds(1).len();
    let mut extra = vec![("Index rows".to_string(), e.extent(rows))];
    let mut launch = Launch {
        grid: [rows.div_ceil(per_block), 1, 1],
        threads: (threads * per_block) as u32,
        ..Launch::default()
    };
    if !shape.shared.is_empty() {
        launch.shared = shape.shared.len() * n.div_ceil(e.width) * 16;
        launch.resident = 2;
    }
    if split > 1 {
        extra.insert(0, ("double* scratch".into(), Arg::Scratch));
        extra.insert(1, ("unsigned* counters".into(), Arg::Counters));
        launch.grid = [split, rows, 1];
        launch.scratch = folds * rows * split * 8;
        launch.counters = rows;
    }
    e.finish("rows", &extra, launch)
}

/// Emits the reductions of one level, each by a walk over the row and then across the threads that share it.
pub(super) fn reduce_rows(
    e: &mut Emitter<'_>,
    shape: &Shape,
    n: usize,
    level: usize,
    all: &[usize],
    stored: &[usize],
) {
    scalars_of_row(e, all);
    let folds = e.folds(level);
    for &f in &folds {
        let (_, ty, identity) = e.fold(f);
        e.code.line(format!("{ty} s{f} = {identity};"));
    }
    let mark = e.mark();
    let roots = folds.iter().map(|&f| e.region.nodes[f].args[0]);
    let nodes = e.closure(roots.chain(stored.iter().map(|&r| e.region.results[r].0)));
    walk(e, shape, n, &|e| e.point(&nodes, stored, &folds));
    e.forget(mark);
    for &f in &folds {
        let (op, ..) = e.fold(f);
        let d = expr::computed(e.region.nodes[f].dtype);
        let text = format!("across<{op}, {}>(s{f})", shape.threads);
        if shape.split > 1 {
            e.code.line(format!("s{f} = {text};"));
        } else {
            e.code.line(format!("const {d} t{f} = ({d}){text};"));
            e.names.insert(f, format!("t{f}"));
        }
    }
}

fn shape(e: &Emitter<'_>, rows: usize, n: usize, data: &[usize]) -> Shape {
    let vectors = n.div_ceil(e.width).max(1);
    let top = e.region.nodes.iter().map(|n| n.level).max().unwrap_or(0);
    let walked_once = (0..e.region.results.len())
        .all(|r| !e.is_wide(r) || e.region.nodes[e.region.results[r].0].level == 0);
    if top == 1 && walked_once && rows < e.gpu.multiprocessors && n >= 1 << 15 {
        let split = (vectors.div_ceil(SPLIT * 4)).clamp(1, (e.gpu.resident(SPLIT) / rows.max(1)).max(1));
        if split > 1 {
            return Shape { threads: SPLIT, rows: 1, held: 0, split, shared: Vec::new() };
        }
    }
    let bytes: usize = data.iter().map(|&i| e.region.nodes[i].dtype.size() * e.width).sum();
    let most = (HELD / bytes.max(1)).clamp(1, 8);
    // The fewest threads that hold a row in a few vectors each, so that reductions stay within a warp where they
    // can; a whole block holds more.
    let fits = |t: &usize| vectors.div_ceil(*t) <= most.min(4).min((HELD / 2 / bytes.max(1)).max(1));
    let list = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
    let threads = list.into_iter().find(fits).unwrap_or(1024);
    // Few rows: more threads to each.
    let crowd = |t: usize| rows * t < e.gpu.multiprocessors * 512 && t < 1024 && t * 2 <= vectors;
    let threads = list.into_iter().find(|&t| t >= threads && !crowd(t)).unwrap_or(1024);
    let held = if n > 0 && vectors.div_ceil(threads) <= most { vectors.div_ceil(threads) } else { 0 };
    let copied = |i: &usize| {
        let access = e.node_access(*i).map_or(0, |(access, _)| access.lane());
        access == 1 && e.region.nodes[*i].dtype.size() * e.width == 16
    };
    let fits =
        !data.is_empty() && data.len() * vectors * 16 <= e.gpu.shared_of_each(2).saturating_sub(REDUCTIONS);
    if threads == 1024 && !(1..=4).contains(&held) && fits && data.iter().all(copied) {
        let held = vectors.div_ceil(512);
        return Shape { threads: 512, rows: 1, held, split: 1, shared: data.to_vec() };
    }
    let rows_of_block = if threads <= 32 { 128 / threads } else { 1 };
    Shape { threads, rows: rows_of_block, held, split: 1, shared: Vec::new() }
}

/// Starts copying the row to shared memory, where each thread finds what it copied itself.
fn hold(e: &mut Emitter<'_>, shape: &Shape, n: usize) {
    let (t, w, vectors) = (shape.threads, e.width, n.div_ceil(e.width));
    e.code.line("extern __shared__ uint4 held[];");
    for (at, &i) in shape.shared.iter().enumerate() {
        let ty = expr::stored(e.region.nodes[i].dtype);
        let note = e.load_note(i);
        e.code.noted(
            &format!("Vec<{ty}, {w}>* a{i} = (Vec<{ty}, {w}>*)held + {}u + lane;", at * vectors),
            &note,
        );
    }
    e.code.line("#pragma unroll");
    e.code.open(format!("for (int k = 0; k < {}; ++k)", shape.held));
    e.code.line(format!("const Index col = (k * {t}u + lane) * {w}u;"));
    e.code.open(format!("if (col < {n}u)"));
    e.coordinates(false, "col");
    for &i in &shape.shared {
        let from = e.pointer(i);
        e.code.line(format!("copy_async(a{i} + k * {t}u, {from});"));
        e.vectors.insert(i, format!("b{i}"));
    }
    e.code.close();
    e.code.close();
    e.code.line("await_copies();");
}

/// Emits a walk over the columns of a row: over the vectors that the thread holds, or from memory.
pub(super) fn walk(e: &mut Emitter<'_>, shape: &Shape, n: usize, body: &dyn Fn(&mut Emitter<'_>)) {
    let (t, w) = (shape.threads, e.width);
    if shape.held > 0 {
        e.code.line(if shape.shared.is_empty() { "#pragma unroll" } else { "#pragma unroll 4" });
        e.code.open(format!("for (int k = 0; k < {}; ++k)", shape.held));
        e.code.line(format!("const Index col = (k * {t}u + lane) * {w}u;"));
        let whole = shape.held * t * w == n;
        if !whole {
            e.code.open(format!("if (col < {n}u)"));
        }
        e.coordinates(false, "col");
        for &i in &shape.shared {
            let ty = expr::stored(e.region.nodes[i].dtype);
            e.code.line(format!("const Vec<{ty}, {w}> b{i} = a{i}[k * {t}u];"));
        }
        body(e);
        if !whole {
            e.code.close();
        }
    } else {
        let start = if shape.split > 1 { format!("(blockIdx.x * {t}u + lane)") } else { "lane".into() };
        let step = if shape.split > 1 { format!("gridDim.x * {}u", t * w) } else { format!("{}u", t * w) };
        e.code.line("#pragma unroll 4");
        e.code.open(format!("for (Index col = {start} * {w}u; col < {n}u; col += {step})"));
        e.coordinates(false, "col");
        body(e);
    }
    e.code.close();
}

/// Emits what changes from row to row only and can be computed by now.
pub(super) fn scalars_of_row(e: &mut Emitter<'_>, nodes: &[usize]) {
    let list: Vec<usize> = nodes
        .iter()
        .copied()
        .filter(|&i| {
            !e.inner_varies(i)
                && !matches!(e.region.nodes[i].kind, NodeKind::Reduce(_) | NodeKind::Accumulate(_))
        })
        .collect();
    for i in list {
        let ready = e.region.nodes[i].args.iter().all(|a| e.names.contains_key(a));
        if ready && !e.names.contains_key(&i) {
            e.define(i, None);
        }
    }
}

/// Emits the end of a split row: each block leaves its partial results, and the last adds them up.
fn gather_split(e: &mut Emitter<'_>, threads: usize, split: usize) {
    let folds = e.folds(1);
    e.code.line("__shared__ bool last;");
    e.code.open("if (lane == 0)");
    for (k, &f) in folds.iter().enumerate() {
        let (_, ty, _) = e.fold(f);
        e.code.line(format!(
            "(({ty}*)(scratch + (Index){k}u * rows * {split}u))[row * {split}u + blockIdx.x] = s{f};"
        ));
    }
    e.code.line("__threadfence();");
    e.code.line(format!("last = atomicAdd(&counters[row], 1u) == {}u;", split - 1));
    e.code.close();
    e.code.line("__syncthreads();");
    e.code.line("if (!last) return;");
    e.code.line("__threadfence();");
    e.code.line("if (lane == 0) counters[row] = 0;");
    for (k, &f) in folds.iter().enumerate() {
        let (op, ty, identity) = e.fold(f);
        let d = expr::computed(e.region.nodes[f].dtype);
        e.code.line(format!("s{f} = {identity};"));
        e.code.line(format!("for (unsigned b = lane; b < {split}u; b += {threads}u)"));
        e.code.line(format!(
            "    s{f} = {op}::of(s{f}, __ldcg((const {ty}*)(scratch + (Index){k}u * rows * {split}u) + row * {split}u + b));"
        ));
        e.code.line(format!("const {d} t{f} = ({d})across<{op}, {threads}>(s{f});"));
        e.names.insert(f, format!("t{f}"));
    }
}
