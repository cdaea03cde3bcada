//! Every result element on its own: one thread takes a vector of neighbouring elements, or a few.

use super::Kernel;
use super::emit::{Emitter, Launch};
use thunder_core::kernel::region::NodeKind;

const THREADS: usize = 256;
/// Times that the blocks must fill the device before a thread takes several vectors.
const WAVES: usize = 8;

pub(super) fn kernel(mut e: Emitter<'_>) -> Kernel {
    let count = e.region.count();
    let results: Vec<usize> = (0..e.region.results.len()).collect();
    let nodes = e.closure(e.region.results.iter().map(|r| r.0));
    let rows: Vec<usize> = nodes.iter().copied().filter(|&i| is_row_data(&e, i)).collect();
    // Bytes in flight: a thread that loads 16 bytes or fewer takes two vectors.
    let bytes: usize = rows.iter().map(|&i| e.region.nodes[i].dtype.size() * e.width).sum();
    let blocks = count.div_ceil(THREADS * e.width).max(1);
    let tiles = if bytes <= 16 && bytes > 0 && blocks >= 2 * WAVES * e.gpu.resident(THREADS) { 2 } else { 1 };
    let step = THREADS * e.width;
    if tiles == 1 {
        e.code
            .line(format!("const Index i = ((Index)blockIdx.x * {THREADS}u + threadIdx.x) * {}u;", e.width));
        e.code.line("if (i >= count) return;");
        e.coordinates(false, "i");
        e.point(&nodes, &results, &[]);
    } else {
        e.code.line(format!(
            "const Index start = ((Index)blockIdx.x * {}u + threadIdx.x) * {}u;",
            THREADS * tiles,
            e.width
        ));
        let guard = format!("const Index i = start + k * {step}u;");
        let guarded = |e: &mut Emitter<'_>, body: &dyn Fn(&mut Emitter<'_>)| {
            e.code.line("#pragma unroll");
            e.code.open(format!("for (int k = 0; k < {tiles}; ++k)"));
            e.code.line(&guard);
            e.code.open("if (i < count)");
            e.coordinates(false, "i");
            body(e);
            e.code.close();
            e.code.close();
        };
        keep(&mut e, &rows, tiles);
        guarded(&mut e, &|e| fetch(e, &rows));
        kept(&mut e, &rows);
        guarded(&mut e, &|e| e.point(&nodes, &results, &[]));
    }
    let launch =
        Launch { grid: [blocks.div_ceil(tiles), 1, 1], threads: THREADS as u32, ..Launch::default() };
    let extra = [("Index count".to_string(), e.extent(count))];
    e.finish("pointwise", &extra, launch)
}

/// Whether node `i` loads what no other row or tile reads again.
pub(super) fn is_row_data(e: &Emitter<'_>, i: usize) -> bool {
    let last = e.space.outer.extents.is_empty() || e.outer_varies(i);
    matches!(e.region.nodes[i].kind, NodeKind::Load(_))
        && last
        && e.space.inner.moves_last(&e.region.nodes[i].along)
}

/// Declares registers for `tiles` vectors of each load.
pub(super) fn keep(e: &mut Emitter<'_>, loads: &[usize], tiles: usize) {
    for &i in loads {
        let ty = super::expr::stored(e.region.nodes[i].dtype);
        let ty = if e.lane_varies(i) { format!("Vec<{ty}, {}>", e.width) } else { ty.to_string() };
        let note = e.load_note(i);
        e.code.noted(&format!("{ty} a{i}[{tiles}];"), &note);
    }
}

/// Loads into them at tile `k`.
pub(super) fn fetch(e: &mut Emitter<'_>, loads: &[usize]) {
    for &i in loads {
        let (_, text) = e.fetch(i).unwrap_or_default();
        e.code.line(format!("a{i}[k] = {text};"));
    }
}

/// Makes them known as loaded.
pub(super) fn kept(e: &mut Emitter<'_>, loads: &[usize]) {
    for &i in loads {
        e.vectors.insert(i, format!("a{i}[k]"));
    }
}
