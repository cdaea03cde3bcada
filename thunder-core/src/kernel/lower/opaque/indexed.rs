//! What adds elements at indices. Nothing is added atomically, so the same input gives the same bits.

use super::{Call, Opaque, THREADS, with};
use crate::kernel::ir::{Expr, Kernel, Note, Space, Stmt, Type, Unroll, long_sum};
use crate::kernel::lower::build::Build;
use crate::kernel::target::Gpu;
use crate::types::DType;

const WARP: usize = 32;
/// Sources that a block lists.
const LISTED: usize = 4096;
/// Sources of a chunk at least, and destinations of a block at most.
const CHUNK: usize = 512;
const OWNED: usize = 32;

/// Sums of nothing.
pub(super) fn zeros(call: Call<'_>) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let sizes = o.write.sizes.clone();
    let (i, _) = o.each(&sizes);
    let sum = o.mutable("sum", long_sum(o.dtype), Expr::Num(0));
    let value = o.rounded(sum);
    o.push(Stmt::Store(o.q, i, value));
    o.finish()
}

/// A thread for each element of the result, which looks at all indices along `axis`.
pub(super) fn scatter_add(call: Call<'_>, axis: usize) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let sizes = o.write.sizes.clone();
    let (i, c) = o.each(&sizes);
    let (ty, wide) = (long_sum(o.dtype), Type::elem(DType::I64));
    let sum = o.mutable("sum", ty, Expr::Num(0));
    let k = o.var("k", Type::INDEX);
    let body = o.block(|o| {
        let at = with(&c, axis, k.into());
        let here = o.load(1, &at).cast(wide).is(c[axis].clone().cast(wide));
        let add = Stmt::Assign(sum, Expr::Var(sum) + o.term(0, &at));
        o.when(here, |o| o.push(add));
    });
    let n = o.reads[0].sizes[axis];
    o.repeat(k, Expr::Num(0), n.into(), Expr::Num(1), Unroll::Free, body);
    let value = o.rounded(sum);
    o.push(Stmt::Store(o.q, i, value));
    o.finish()
}

/// The destinations along the axis and the sources, in numbers.
struct Parts {
    /// Destinations, the products of the extents before and after them, and sources.
    extent: usize,
    outer: usize,
    inner: usize,
    sources: usize,
    /// Destinations of a block.
    owned: usize,
    /// Chunks of the sources, and sources of each.
    chunks: usize,
    chunk: usize,
}

/// Each block owns a few destinations and finds the sources that go there, in order; then each thread adds up the elements
/// of its columns. Where that is too few blocks for a device, the sources are cut into chunks, whose sums are added in
/// their order.
pub(super) fn index_add(call: Call<'_>, axis: usize, gpu: &Gpu) -> Vec<Kernel> {
    let (sizes, full) = (&call.write.layout.sizes, gpu.resident(THREADS));
    let sources = call.reads[1].layout.count();
    let (extent, outer) = (sizes[axis], sizes[..axis].iter().product::<usize>());
    // As many as leave the device full of blocks.
    let owned = (extent * outer / full).clamp(1, OWNED);
    let blocks = (extent.div_ceil(owned) * outer).max(1);
    let chunks = (full / blocks).clamp(1, sources.div_ceil(CHUNK).max(1));
    let inner = sizes[axis + 1..].iter().product();
    let parts = Parts { extent, outer, inner, sources, owned, chunks, chunk: sources.div_ceil(chunks) };
    let first = add_listed(call, axis, &parts);
    if chunks == 1 { vec![first] } else { vec![first, add_chunks(call, &parts)] }
}

/// The sums of each chunk.
fn add_listed(call: Call<'_>, axis: usize, parts: &Parts) -> Kernel {
    let &Parts { extent, outer, inner, sources, owned, chunks, chunk } = parts;
    let mut o = Opaque::new(call, 1, 0);
    let (ty, wide) = (long_sum(o.dtype), Type::elem(DType::I64));
    let total_count = o.write.count();
    let scratch = (chunks > 1).then(|| o.scratch_of(ty));
    let blocks = extent.div_ceil(owned);
    o.kernel.launch.grid = [blocks * outer, 1, chunks];
    o.kernel.launch.scratch = if chunks > 1 { chunks * total_count * 8 } else { 0 };

    let u8s = Type::elem(DType::U8);
    let below = Some(sources);
    let source =
        o.array_below("source".into(), Space::Shared, Type::UNSIGNED, vec![LISTED], below, Note::None);
    let target = o.array("target".into(), Space::Shared, u8s, vec![LISTED], Note::None);
    let hits = o.array("hits".into(), Space::Shared, Type::UNSIGNED, vec![THREADS / WARP], Note::None);
    let lane = o.set("lane", Type::UNSIGNED, Expr::Thread % WARP);
    let warp = o.set("warp", Type::UNSIGNED, Expr::Thread / WARP);
    let first = o.set("first", Type::INDEX, (Expr::Block(0) % blocks).index() * owned);
    let row = o.set("o", Type::INDEX, (Expr::Block(0) / blocks).index());
    let (begin, end) = if chunks > 1 {
        let begin = o.set("begin", Type::UNSIGNED, Expr::Block(2) * chunk);
        let end = begin.clone() + chunk;
        let end = Expr::If(Box::new(end.clone().lt(sources)), Box::new(end), Box::new(Expr::Num(sources)));
        (begin, o.set("end", Type::UNSIGNED, end))
    } else {
        (Expr::Num(0), Expr::Num(sources))
    };
    // The elements of the operands, by the numbers of the outer, source and inner element.
    let of = |i: &Expr, sizes: &[usize]| -> Vec<Expr> {
        (0..sizes.len())
            .map(|d| {
                let over = i.clone() / sizes[d + 1..].iter().product::<usize>().max(1);
                if d == 0 { over } else { over % sizes[d].max(1) }
            })
            .collect()
    };
    let depth = o.reads[1].sizes.len();
    let index = |o: &Opaque, k: &Expr| o.load(1, &of(k, &o.reads[1].sizes)).cast(wide);
    let element = |o: &Opaque, k: &Expr, c: &Expr| {
        let sizes = &o.reads[0].sizes;
        let (before, after) = (&sizes[..axis], &sizes[axis + depth..]);
        let at = [of(&row, before), of(k, &sizes[axis..axis + depth]), of(c, after)].concat();
        o.term(0, &at)
    };

    // A list of the sources whose destinations this block owns, in order.
    let total = o.mutable("total", Type::UNSIGNED, Expr::Num(0));
    let base = o.var("base", Type::UNSIGNED);
    let body = o.block(|o| {
        let k = o.set("k", Type::UNSIGNED, Expr::Var(base) + Expr::Thread);
        let hit = o.mutable("hit", Type::BOOL, Expr::Num(0));
        let to = o.mutable("to", wide, Expr::Num(0));
        o.when(k.clone().lt(end.clone()), |o| {
            let value = index(o, &k);
            o.push(Stmt::Assign(to, value));
            let from = first.clone().cast(wide);
            let owns =
                Expr::Var(to).ge(from.clone()).and(Expr::Var(to).lt(from + Expr::Num(owned).cast(wide)));
            let inside = Expr::Var(to).lt(Expr::Num(extent).cast(wide));
            o.push(Stmt::Assign(hit, owns.and(inside)));
        });
        let all = o.set("all", Type::UNSIGNED, Expr::Ballot(Box::new(hit.into())));
        let bits = Expr::Bits(Box::new(all.clone()), None);
        o.when(lane.clone().is(0), |o| o.push(Stmt::Put(hits, vec![warp.clone()], bits)));
        o.push(Stmt::Barrier);
        let rank = Expr::Bits(Box::new(all), Some(Box::new(lane.clone())));
        let at = o.mutable("at", Type::UNSIGNED, Expr::Var(total) + rank);
        o.unrolled("w", THREADS / WARP, |o, w| {
            let of_warp = Expr::Get(hits, vec![w.clone()]);
            let add = Stmt::Assign(at, Expr::Var(at) + of_warp.clone());
            o.when(w.lt(warp.clone()), |o| o.push(add));
            o.push(Stmt::Assign(total, Expr::Var(total) + of_warp));
        });
        let listed = Expr::Var(hit).and(Expr::Var(at).lt(LISTED)).and(k.clone().lt(end.clone()));
        o.when(listed, |o| {
            o.push(Stmt::Put(source, vec![at.into()], k));
            let own = Expr::Var(to) - first.clone().cast(wide);
            o.push(Stmt::Put(target, vec![at.into()], own.cast(u8s)));
        });
        o.push(Stmt::Barrier);
    });
    o.repeat(base, begin.clone(), end.clone(), THREADS.into(), Unroll::Free, body);

    // A destination after another, a thread a column.
    let d = o.var("d", Type::UNSIGNED);
    let c = o.var("c", Type::INDEX);
    let column = o.block(|o| {
        let sum = o.mutable("sum", ty, Expr::Num(0));
        let c = Expr::Var(c);
        // More than the list holds: all indices are looked at once more.
        let fits = Expr::Var(total).lt(LISTED + 1);
        o.when(fits.clone(), |o| {
            let m = o.var("m", Type::UNSIGNED);
            let body = o.block(|o| {
                let here = Expr::Get(target, vec![m.into()]).is(Expr::Var(d));
                let x = element(o, &Expr::Get(source, vec![m.into()]), &c);
                o.when(here, |o| o.push(Stmt::Assign(sum, Expr::Var(sum) + x)));
            });
            o.repeat(m, Expr::Num(0), total.into(), Expr::Num(1), Unroll::By(4), body);
        });
        if chunk > LISTED {
            o.when(Expr::Not(Box::new(fits)), |o| {
                let k = o.var("k", Type::UNSIGNED);
                let body = o.block(|o| {
                    let own = (first.clone() + Expr::Var(d)).cast(wide);
                    let here = index(o, &k.into()).is(own);
                    let x = element(o, &k.into(), &c);
                    o.when(here, |o| o.push(Stmt::Assign(sum, Expr::Var(sum) + x)));
                });
                o.repeat(k, begin.clone(), end.clone(), Expr::Num(1), Unroll::Free, body);
            });
        }
        let to = (row.clone() * extent + (first.clone() + Expr::Var(d))) * inner + c;
        match scratch {
            None => {
                let value = o.rounded(sum);
                o.push(Stmt::Store(o.q, to, value));
            }
            Some(scratch) => {
                let at = Expr::Block(2).index() * total_count + to;
                o.push(Stmt::Store(scratch, at, sum.into()));
            }
        }
    });
    let body = o.block(|o| {
        o.when((first.clone() + Expr::Var(d)).lt(extent), |o| {
            o.repeat(c, Expr::Thread, inner.into(), THREADS.into(), Unroll::Free, column);
        });
    });
    o.repeat(d, Expr::Num(0), owned.into(), Expr::Num(1), Unroll::Free, body);
    o.finish()
}

/// The sum of the chunks' sums.
fn add_chunks(call: Call<'_>, parts: &Parts) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let (ty, total) = (long_sum(o.dtype), o.write.count());
    let scratch = o.scratch_of(ty);
    o.kernel.launch.scratch = parts.chunks * total * 8;
    let (i, _) = o.each(&[total]);
    let sum = o.mutable("sum", ty, Expr::Num(0));
    let z = o.var("z", Type::UNSIGNED);
    let body = o.block(|o| {
        let at = Expr::Var(z).index() * total + i.clone();
        let part = Expr::Load(scratch, Box::new(at));
        o.push(Stmt::Assign(sum, Expr::Var(sum) + part));
    });
    o.repeat(z, Expr::Num(0), parts.chunks.into(), Expr::Num(1), Unroll::By(4), body);
    let value = o.rounded(sum);
    o.push(Stmt::Store(o.q, i, value));
    o.finish()
}
