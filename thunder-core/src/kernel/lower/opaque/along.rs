//! What runs along an axis: the place of the greatest element, and running sums.

use super::{Call, Opaque, THREADS, with};
use crate::kernel::ir::{Expr, Kernel, Note, Space, Stmt, Type, Unroll, long_sum};
use crate::kernel::lower::build::Build;
use crate::op::Lit;
use crate::types::DType;

/// Threads of a warp.
const WARP: usize = 32;

/// One warp a result: the place of the first greatest or least element.
pub(super) fn best(call: Call<'_>, axis: usize, greatest: bool) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let mut outer = o.reads[0].sizes.clone();
    let n = std::mem::replace(&mut outer[axis], 1);
    let results: usize = outer.iter().product();
    let warps = THREADS / WARP;
    o.kernel.launch.grid[0] = results.div_ceil(warps).max(1);
    let count = o.extent("count", results);
    let lane = o.set("lane", Type::UNSIGNED, Expr::Thread % WARP);
    let mine = o.set("mine", Type::INDEX, Expr::Block(0).index() * warps + Expr::Thread / WARP);
    // All threads of a warp take part in its exchanges, with or without a result.
    let live = mine.clone().lt(count.clone());
    let i = Expr::If(Box::new(live.clone()), Box::new(mine), Box::new(count - 1));
    let i = o.set("i", Type::INDEX, i);
    let c = o.coordinates(&i, &outer);
    let d = call.reads[0].dtype;
    let ty = if matches!(d, DType::U8 | DType::Bool) { Type::INT } else { Type::computed(d) };
    let wide = Type::elem(DType::I64);
    let best = o.mutable("best", ty, Expr::Num(0));
    let at = o.mutable("at", wide, Expr::Lit(Lit::I(-1), DType::I64));
    let k = o.var("k", Type::INDEX);
    let body = o.block(|o| {
        let x = o.load(0, &with(&c, axis, k.into())).wide();
        o.push(Stmt::Best { best, at, x, place: Expr::Var(k).cast(wide), greatest });
    });
    o.repeat(k, lane.clone(), n.into(), WARP.into(), Unroll::Free, body);
    for distance in [16, 8, 4, 2, 1] {
        let (x, place) = (Expr::Var(best), Expr::Var(at));
        let x = Expr::Shuffle(Box::new(x), distance);
        let place = Expr::Shuffle(Box::new(place), distance);
        o.push(Stmt::Best { best, at, x, place, greatest });
    }
    o.when(lane.is(0).and(live), |o| o.push(Stmt::Store(o.q, i, at.into())));
    o.finish()
}

/// One block a line: a scan of as many elements as threads at a time, with the sum of those before carried along.
pub(super) fn cumsum(call: Call<'_>, axis: usize, reverse: bool) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let mut outer = o.reads[0].sizes.clone();
    let n = std::mem::replace(&mut outer[axis], 1);
    let warps = THREADS / WARP;
    o.kernel.launch.grid[0] = outer.iter().product();
    let ty = long_sum(o.dtype);
    let lane = o.set("lane", Type::UNSIGNED, Expr::Thread % WARP);
    let warp = o.set("warp", Type::UNSIGNED, Expr::Thread / WARP);
    let i = o.set("i", Type::INDEX, Expr::Block(0).index());
    let c = o.coordinates(&i, &outer);
    let totals = o.array("totals".into(), Space::Shared, ty, vec![warps], Note::None);
    let carried = o.mutable("carried", ty, Expr::Num(0));
    let base = o.var("base", Type::UNSIGNED);
    let body = o.block(|o| {
        let step = o.set("step", Type::UNSIGNED, Expr::Var(base) + Expr::Thread);
        let live = step.clone().lt(n);
        let place = if reverse { Expr::Num(n.saturating_sub(1)) - step.clone() } else { step };
        let place = Expr::If(Box::new(live.clone()), Box::new(place), Box::new(Expr::Num(0)));
        let at = with(&c, axis, o.set("k", Type::INDEX, place));
        let zero = Box::new(Expr::Num(0).cast(ty));
        let x = Expr::If(Box::new(live.clone()), Box::new(o.term(0, &at)), zero);
        let sum = o.mutable("sum", ty, x);
        // Across the lanes of a warp, then across warps.
        for distance in [1, 2, 4, 8, 16] {
            let below = Expr::ShuffleUp(Box::new(sum.into()), distance);
            let below = o.set(format!("below{distance}"), ty, below);
            let add = Stmt::Assign(sum, Expr::Var(sum) + below);
            o.when(lane.clone().ge(distance), |o| o.push(add));
        }
        o.push(Stmt::Barrier);
        let last = lane.clone().is(WARP - 1);
        o.when(last, |o| o.push(Stmt::Put(totals, vec![warp.clone()], sum.into())));
        o.push(Stmt::Barrier);
        let before = o.mutable("before", ty, carried.into());
        o.unrolled("w", warps, |o, w| {
            let total = Expr::Get(totals, vec![w.clone()]);
            let add = Stmt::Assign(before, Expr::Var(before) + total.clone());
            o.when(w.lt(warp.clone()), |o| o.push(add));
            o.push(Stmt::Assign(carried, Expr::Var(carried) + total));
        });
        o.when(live, |o| {
            let value = o.rounded(Expr::Var(before) + Expr::Var(sum));
            let to = super::address(&o.write, &at);
            o.push(Stmt::Store(o.q, to, value));
        });
    });
    o.repeat(base, Expr::Num(0), n.into(), THREADS.into(), Unroll::Free, body);
    o.finish()
}
