//! Tiles through shared memory: read along the operands' contiguous dimension, written along the results'.

use super::build::Build;
use super::builder::{Lower, SideOf};
use crate::kernel::choose::pitch;
use crate::kernel::ir::{Array, Expr, Kernel, Space, Stmt, Type, Unroll};

pub(super) fn kernel(mut l: Lower<'_>) -> Kernel {
    let (nest, schedule) = (l.nest, l.schedule);
    let Some(tile) = &schedule.tile else { unreachable!("a transpose has tiles") };
    let side = tile.side;
    let extents = &nest.space.inner.extents;
    let last = extents.len() - 1;
    let (across, along) = (extents[tile.group], extents[last]);
    let (tiles_g, tiles_l) = (across.div_ceil(side), along.div_ceil(side));

    let l0 = l.set("l0", Type::UNSIGNED, Expr::Block(0) % tiles_l * side);
    let g0 = l.set("g0", Type::UNSIGNED, Expr::Block(0) / tiles_l % tiles_g * side);
    let mut at = vec![Expr::Num(0); extents.len()];
    let mut below = tiles_g * tiles_l;
    for g in (0..last).rev().filter(|&g| g != tile.group) {
        at[g] = l.set(format!("c{g}"), Type::INDEX, Expr::Block(0) / below % extents[g]);
        below *= extents[g];
    }
    let arrays: Vec<Array> = tile
        .loads
        .iter()
        .map(|&i| {
            let (dtype, note) = (nest.region.nodes[i].dtype, l.load_note(i));
            let shape = vec![side, pitch(side, dtype.size())];
            l.array(format!("tile{i}"), Space::Shared, Type::elem(dtype), shape, note)
        })
        .collect();
    // The elements of the tile, `w` neighbours a thread, along g in and along l out.
    let mut each = |l: &mut Lower<'_>,
                    w: usize,
                    turned: bool,
                    unroll,
                    f: &mut dyn FnMut(&mut Lower<'_>, &Expr, &Expr)| {
        let v = l.var("v", Type::UNSIGNED);
        let body = l.block(|l| {
            let (fast, slow) = (Expr::Var(v) % (side / w) * w, Expr::Var(v) / (side / w));
            let fast = l.set(if turned { "g" } else { "l" }, Type::UNSIGNED, fast);
            let slow = l.set(if turned { "l" } else { "g" }, Type::UNSIGNED, slow);
            let (g, r) = if turned { (fast, slow) } else { (slow, fast) };
            let (in_g, in_l) = (g0.clone() + g.clone(), l0.clone() + r.clone());
            (at[tile.group], at[last]) = (in_g.clone(), in_l.clone());
            l.set_coordinates(SideOf::Inner, at.clone());
            l.when(in_g.lt(across).and(in_l.lt(along)), |l| f(l, &g, &r));
        });
        let (end, step) = (side * side / w, schedule.launch.threads);
        l.repeat(v, Expr::Thread, end.into(), step.into(), unroll, body);
    };
    let w = tile.width;
    each(&mut l, w, true, Unroll::By(4), &mut |l, g, r| {
        for (&i, &array) in tile.loads.iter().zip(&arrays) {
            let Some((access, p)) = nest.read(i) else { continue };
            let (pointer, at) = (l.reads[p], Box::new(l.address(&access, None)));
            if w == 1 {
                l.push(Stmt::Put(array, vec![r.clone(), g.clone()], Expr::Load(pointer, at)));
                continue;
            }
            let ty = Type::vector(nest.reads[p].dtype, w);
            let vector = l.set(format!("a{i}"), ty, Expr::LoadVector { pointer, at, lanes: w, step: 1 });
            l.unrolled("j", w, |l, j| {
                let lane = Expr::Lane(Box::new(vector), Box::new(j.clone()));
                l.push(Stmt::Put(array, vec![r.clone(), g.clone() + j], lane));
            });
        }
    });
    l.push(Stmt::Barrier);
    let results: Vec<usize> = (0..nest.region.results.len()).collect();
    let nodes = l.needed_by(&results);
    let v = l.width;
    each(&mut l, v, false, Unroll::By(2), &mut |l, g, r| {
        for (&i, &array) in tile.loads.iter().zip(&arrays) {
            let dtype = nest.region.nodes[i].dtype;
            let at = vec![r.clone(), g.clone()];
            let (ty, value) = match l.lane_varies(i) {
                true => (Type::vector(dtype, v), Expr::GetColumn { array, at, lanes: v }),
                false => (Type::elem(dtype), Expr::Get(array, at)),
            };
            let vector = l.set(format!("a{i}"), ty, value);
            l.vectors.insert(i, vector);
        }
        l.point(&nodes, &results, &[]);
    });
    l.finish()
}
