//! Sums at indices. Each element of the result is the sum of its sources in their order, so that the same input
//! gives the same bits on any number of threads.

use super::Number;
use super::along::{BLOCK, Run, gather, runs};
use crate::cpu::kernels::{convert, vectorised};
use crate::cpu::operands::Tensor;
use crate::cpu::threads;

/// Elements read or written below which the work stays on the calling thread.
const ALONE: usize = 1 << 15;
/// The sums of a scatter's lines that are held at a time.
const LINES: usize = 1 << 15;

/// Adds the slices of `u` at the indices `i` along `axis` of `out`.
///
/// # Safety
/// The tensors must lie in memory as they say, `out` row-major, and `T` be the register type of `u` and `out`.
pub(super) unsafe fn index_add<T: Number>(axis: usize, u: Tensor<'_>, i: Tensor<'_>, out: Tensor<'_>) {
    let (depth, extent) = (i.sizes().len(), out.sizes()[axis]);
    // SAFETY: the offsets are those of the indices.
    let targets: Vec<i64> = i.offsets(0..depth).iter().map(|&at| unsafe { i.integer(at) }).collect();
    let groups = Groups::new(&targets, extent);
    let outer = u.offsets(0..axis);
    let sources = u.offsets(axis..axis + depth);
    let inner = u.offsets(axis + depth..u.sizes().len());
    let columns = runs(&inner);
    let work = outer.len() * inner.len() * (targets.len() + extent);
    let parts = if work < ALONE { 1 } else { extent.clamp(1, 64) };
    let task = |t: usize| {
        let (o, part) = (t / parts, t % parts);
        for k in part * extent / parts..(part + 1) * extent / parts {
            for (c, &columns) in columns.iter().enumerate() {
                let to = out.at((o * extent + k) * inner.len() + c * BLOCK);
                let starts = groups.of(k).iter().map(|&j| outer[o] + sources[j]);
                // SAFETY: the caller's promise; tasks write disjoint rows.
                unsafe { sum_rows::<T>(u, starts, columns, to) };
            }
        }
    };
    let tasks = outer.len() * parts;
    if work < ALONE { (0..tasks).for_each(task) } else { threads::run(tasks, &task) }
}

/// Writes the sum of the elements at `columns` from each of `starts` on.
unsafe fn sum_rows<T: Number>(
    u: Tensor<'_>,
    starts: impl Iterator<Item = usize>,
    columns: Run<'_>,
    to: *mut u8,
) {
    let (mut sums, mut row) = ([T::Sum::default(); BLOCK], [T::default(); BLOCK]);
    let (sums, row) = (&mut sums[..columns.0.len()], &mut row[..columns.0.len()]);
    for start in starts {
        // SAFETY: the caller's promise.
        unsafe { gather(u, start, columns, row) };
        vectorised(
            #[inline(always)]
            || {
                for (sum, x) in sums.iter_mut().zip(&*row) {
                    *sum = x.plus(*sum);
                }
            },
        );
    }
    for (x, sum) in row.iter_mut().zip(&*sums) {
        *x = T::of(*sum);
    }
    // SAFETY: as above.
    unsafe { convert::store(u.dtype(), to, 1, row.as_ptr() as *const u8, row.len()) };
}

/// The sources of each target, in their order.
struct Groups {
    starts: Vec<usize>,
    sources: Vec<usize>,
}

impl Groups {
    /// Of the targets that lie in `0..extent`: a counting sort.
    fn new(targets: &[i64], extent: usize) -> Groups {
        let inside = |k: i64| usize::try_from(k).ok().filter(|&k| k < extent);
        let mut starts = vec![0; extent + 1];
        for k in targets.iter().filter_map(|&k| inside(k)) {
            starts[k + 1] += 1;
        }
        for k in 0..extent {
            starts[k + 1] += starts[k];
        }
        let mut next = starts.clone();
        let mut sources = vec![0; starts[extent]];
        for (j, &k) in targets.iter().enumerate() {
            if let Some(k) = inside(k) {
                sources[next[k]] = j;
                next[k] += 1;
            }
        }
        Groups { starts, sources }
    }

    fn of(&self, k: usize) -> &[usize] {
        &self.sources[self.starts[k]..self.starts[k + 1]]
    }
}

/// How many neighbouring lines a scatter to extents `sizes` adds up at a time.
fn lines(sizes: &[usize], axis: usize) -> usize {
    let inner = sizes[axis + 1..].iter().product();
    (LINES / sizes[axis].max(1)).clamp(1, usize::max(inner, 1))
}

/// Bytes of shared memory of [`scatter_add`]: a sum for each element of its lines.
pub(super) fn scatter_bytes(sizes: &[usize], axis: usize) -> usize {
    lines(sizes, axis) * sizes[axis] * 8
}

/// Adds each element of `u` at the index along `axis` that stands in its place in `i`.
///
/// # Safety
/// The tensors must lie in memory as they say, `out` row-major, `T` be the register type of `u` and `out`, and
/// `shared` have [`scatter_bytes`] bytes.
pub(super) unsafe fn scatter_add<T: Number>(
    axis: usize,
    u: Tensor<'_>,
    i: Tensor<'_>,
    out: Tensor<'_>,
    shared: *mut u8,
) {
    let (rank, n, extent) = (u.sizes().len(), u.sizes()[axis], out.sizes()[axis]);
    let at_once = lines(out.sizes(), axis);
    let (u_outer, i_outer) = (u.offsets(0..axis), i.offsets(0..axis));
    let (u_inner, i_inner) = (u.offsets(axis + 1..rank), i.offsets(axis + 1..rank));
    let (inner, mut row) = (u_inner.len(), vec![T::default(); at_once]);
    for (o, (u_line, i_line)) in u_outer.iter().zip(&i_outer).enumerate() {
        for first in (0..inner).step_by(at_once) {
            let width = at_once.min(inner - first);
            // SAFETY: `shared` has room for a sum of 8 bytes at most for each element of the lines.
            let sums = unsafe { std::slice::from_raw_parts_mut(shared as *mut T::Sum, extent * width) };
            sums.fill(T::Sum::default());
            for j in 0..n {
                for c in 0..width {
                    // SAFETY: the caller's promise; indices are checked against the extent.
                    unsafe {
                        let k = i.integer(i_line + j * i.strides()[axis] + i_inner[first + c]);
                        if k >= 0 && (k as usize) < extent {
                            let x: T = u.read(u_line + j * u.strides()[axis] + u_inner[first + c]);
                            let sum = &mut sums[k as usize * width + c];
                            *sum = x.plus(*sum);
                        }
                    }
                }
            }
            for k in 0..extent {
                for (x, sum) in row.iter_mut().zip(&sums[k * width..(k + 1) * width]) {
                    *x = T::of(*sum);
                }
                let to = out.at((o * extent + k) * inner + first);
                // SAFETY: as above.
                unsafe { convert::store(out.dtype(), to, 1, row.as_ptr() as *const u8, width) };
            }
        }
    }
}
