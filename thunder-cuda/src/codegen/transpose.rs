//! Pointwise work on operands that lie in memory in different orders: tiles go through shared memory, so that
//! every operand is read and every result written along its own contiguous dimension.

use super::Kernel;
use super::emit::{Emitter, Launch};
use super::expr::stored;
use thunder_core::kernel::region::NodeKind;

/// Elements of a tile along both dimensions.
const SIDE: usize = 64;
const THREADS: usize = 256;

/// What is turned, and how.
pub(super) struct Tile {
    /// The group of the space along which these loads are contiguous.
    group: usize,
    loads: Vec<usize>,
    /// Elements that a thread takes at once from memory.
    width: usize,
}

/// The tiling of a region that reads operands across the order in which it writes, if it is one.
pub(super) fn tile(e: &mut Emitter<'_>) -> Option<Tile> {
    let extents = e.space.inner.extents.clone();
    let last = extents.len().checked_sub(1)?;
    let (mut group, mut loads) = (None, Vec::new());
    for i in 0..e.region.nodes.len() {
        let Some((access, _)) = e.node_access(i) else { continue };
        if access.lane() <= 1 || !matches!(e.region.nodes[i].kind, NodeKind::Load(_)) {
            continue;
        }
        let Some(g) = (0..last).find(|&g| access.inner[g] == 1) else { continue };
        if extents[g] >= 32 && extents[last] >= 32 && group.is_none_or(|known| known == g) {
            group = Some(g);
            loads.push(i);
        }
    }
    let group = group?;
    let bytes: usize = loads.iter().map(|&i| e.region.nodes[i].dtype.size()).sum();
    if bytes * SIDE * (SIDE + 2) > 48 * 1024 || e.result_access(0).lane() != 1 {
        return None;
    }
    let aligned = |w: usize| {
        loads.iter().all(|&i| {
            let Some((access, place)) = e.node_access(i) else { return false };
            let others = access.inner.iter().enumerate().filter(|(g, _)| *g != group).map(|(_, s)| s);
            w * place.dtype.size() <= 16
                && extents[group].is_multiple_of(w)
                && (access.offset + place.layout.offset).is_multiple_of(w)
                && others.into_iter().all(|s| s.is_multiple_of(w))
        })
    };
    let width = [8, 4, 2].into_iter().find(|&w| aligned(w)).unwrap_or(1);
    Some(Tile { group, loads, width })
}

pub(super) fn kernel(mut e: Emitter<'_>, tile: Tile) -> Kernel {
    let extents = e.space.inner.extents.clone();
    let last = extents.len() - 1;
    let (across, along) = (extents[tile.group], extents[last]);
    let (tiles_g, tiles_l) = (across.div_ceil(SIDE), along.div_ceil(SIDE));
    let others: Vec<usize> = (0..last).filter(|&g| g != tile.group).collect();
    let blocks = tiles_g * tiles_l * others.iter().map(|&g| extents[g]).product::<usize>();

    e.code.line(format!("const unsigned l0 = blockIdx.x % {tiles_l}u * {SIDE}u;"));
    e.code.line(format!("const unsigned g0 = blockIdx.x / {tiles_l}u % {tiles_g}u * {SIDE}u;"));
    let mut at = vec![String::new(); extents.len()];
    let mut below = tiles_g * tiles_l;
    for &g in others.iter().rev() {
        e.code.line(format!("const Index c{g} = blockIdx.x / {below}u % {}u;", extents[g]));
        at[g] = format!("c{g}");
        below *= extents[g];
    }
    (at[tile.group], at[last]) = ("(g0 + g)".into(), "(l0 + l)".into());
    e.set_inner(at);
    for &i in &tile.loads {
        let size = e.region.nodes[i].dtype.size();
        let pitch = SIDE + (4 / size).max(1);
        let (ty, note) = (stored(e.region.nodes[i].dtype), e.load_note(i));
        e.code.noted(&format!("__shared__ {ty} tile{i}[{SIDE}][{pitch}];"), &note);
    }
    let guard = format!("if (g0 + g < {across}u && l0 + l < {along}u)");

    // In: neighbouring threads along the operands' contiguous dimension.
    let w = tile.width;
    e.code.line("#pragma unroll 4");
    e.code.open(format!("for (unsigned v = threadIdx.x; v < {}u; v += {THREADS}u)", SIDE * SIDE / w));
    e.code.line(format!("const unsigned g = v % {}u * {w}u, l = v / {}u;", SIDE / w, SIDE / w));
    e.code.open(&guard);
    for &i in &tile.loads {
        let Some((access, place)) = e.node_access(i) else { continue };
        let (p, from) = (e.operand(e.region.nodes[i].value), e.address(&access, None));
        if w == 1 {
            e.code.line(format!("tile{i}[l][g] = p{p}[{from}];"));
            continue;
        }
        e.code.line(format!("const Vec<{}, {w}> a{i} = load<{w}>(p{p} + {from});", stored(place.dtype)));
        e.code.line("#pragma unroll");
        e.code.line(format!("for (int j = 0; j < {w}; ++j) tile{i}[l][g + j] = a{i}.at[j];"));
    }
    e.code.close();
    e.code.close();
    e.code.line("__syncthreads();");

    // Out: neighbouring threads along the results' contiguous dimension.
    let v = e.width;
    e.code.line("#pragma unroll 2");
    e.code.open(format!("for (unsigned v = threadIdx.x; v < {}u; v += {THREADS}u)", SIDE * SIDE / v));
    e.code.line(format!("const unsigned l = v % {}u * {v}u, g = v / {}u;", SIDE / v, SIDE / v));
    e.code.open(&guard);
    for &i in &tile.loads {
        let size = e.region.nodes[i].dtype.size();
        let pitch = SIDE + (4 / size).max(1);
        let ty = stored(e.region.nodes[i].dtype);
        if e.lane_varies(i) {
            e.code.line(format!("const Vec<{ty}, {v}> a{i} = gather<{v}>(&tile{i}[l][g], {pitch}u);"));
        } else {
            e.code.line(format!("const {ty} a{i} = tile{i}[l][g];"));
        }
        e.vectors.insert(i, format!("a{i}"));
    }
    let results: Vec<usize> = (0..e.region.results.len()).collect();
    let nodes = e.closure(e.region.results.iter().map(|r| r.0));
    e.point(&nodes, &results, &[]);
    e.code.close();
    e.code.close();
    let launch = Launch { grid: [blocks, 1, 1], threads: THREADS as u32, ..Launch::default() };
    e.finish("transpose", &[], launch)
}
