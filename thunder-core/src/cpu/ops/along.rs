//! What runs along an axis: running sums, and the place of the greatest or the least.

use super::Number;
use crate::cpu::kernels::{convert, vectorised};
use crate::cpu::operands::Tensor;

/// Elements that are worked on at a time.
pub(super) const BLOCK: usize = 512;

/// The index of the first greatest or least element of each line along `axis`; NaN counts as both.
///
/// # Safety
/// The tensors must lie in memory as they say, and `T` be the register type of `x`.
pub(super) unsafe fn best<T: Number>(axis: usize, greatest: bool, x: Tensor<'_>, out: Tensor<'_>) {
    let (n, step) = (x.sizes()[axis], x.strides()[axis]);
    let (outer, inner) = (x.offsets(0..axis), x.offsets(axis + 1..x.sizes().len()));
    let lines = outer.iter().flat_map(|&o| inner.iter().map(move |&c| o + c));
    for (place, line) in lines.enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let (mut best, mut at) = (T::default(), 0);
            for j in 0..n {
                let y: T = x.read(line + j * step);
                // NaN is greater and lesser than anything, as in `amax` and `amin`; the first one counts.
                let better = if greatest { y > best } else { y < best };
                let nan = y.partial_cmp(&y).is_none() && best.partial_cmp(&best).is_some();
                if j == 0 || better || nan {
                    (best, at) = (y, j);
                }
            }
            *(out.at(place) as *mut i64) = at as i64;
        }
    }
}

/// The running sums along `axis`, from the end if `reverse`.
///
/// # Safety
/// The tensors must lie in memory as they say, `out` row-major, and `T` be the register type of both.
pub(super) unsafe fn cumsum<T: Number>(axis: usize, reverse: bool, x: Tensor<'_>, out: Tensor<'_>) {
    let (n, step) = (x.sizes()[axis], x.strides()[axis]);
    let inner = x.offsets(axis + 1..x.sizes().len());
    for (o, line) in x.offsets(0..axis).into_iter().enumerate() {
        // SAFETY: passed on.
        unsafe {
            if let [c] = inner[..] {
                cumsum_of_line::<T>(x, out, (line + c, step), o * n, n, reverse);
                continue;
            }
            for (k, &columns) in runs(&inner).iter().enumerate() {
                let mut sums = [T::Sum::default(); BLOCK];
                for j in 0..n {
                    let j = if reverse { n - 1 - j } else { j };
                    let row = line + j * step;
                    let to = (o * n + j) * inner.len() + k * BLOCK;
                    cumsum_of_row::<T>(x, out, row, columns, to, &mut sums);
                }
            }
        }
    }
}

/// The running sums of one line of `n` elements, which starts at `from` and has the given step.
unsafe fn cumsum_of_line<T: Number>(
    x: Tensor<'_>,
    out: Tensor<'_>,
    (from, step): (usize, usize),
    to: usize,
    n: usize,
    reverse: bool,
) {
    let mut sum = T::Sum::default();
    let mut block = [T::default(); BLOCK];
    let blocks = n.div_ceil(BLOCK);
    for b in 0..blocks {
        let start = BLOCK * if reverse { blocks - 1 - b } else { b };
        let block = &mut block[..BLOCK.min(n - start)];
        // SAFETY: the caller's line has these elements, and the block has room for them.
        unsafe {
            let at = x.at(from + start * step);
            convert::load(x.dtype(), block.as_mut_ptr() as *mut u8, at, step as isize, block.len());
        }
        let mut add = |x: &mut T| {
            sum = x.plus(sum);
            *x = T::of(sum);
        };
        if reverse {
            block.iter_mut().rev().for_each(&mut add)
        } else {
            block.iter_mut().for_each(&mut add)
        }
        // SAFETY: as above.
        unsafe {
            convert::store(out.dtype(), out.at(to + start), 1, block.as_ptr() as *const u8, block.len());
        }
    }
}

/// Adds one row's elements, at `columns` from `row` on, to the sums of their lines.
unsafe fn cumsum_of_row<T: Number>(
    x: Tensor<'_>,
    out: Tensor<'_>,
    row: usize,
    columns: Run<'_>,
    to: usize,
    sums: &mut [T::Sum; BLOCK],
) {
    let mut block = [T::default(); BLOCK];
    let block = &mut block[..columns.0.len()];
    // SAFETY: the caller's promise.
    unsafe { gather(x, row, columns, block) };
    vectorised(
        #[inline(always)]
        || {
            for (x, sum) in block.iter_mut().zip(sums.iter_mut()) {
                *sum = x.plus(*sum);
                *x = T::of(*sum);
            }
        },
    );
    // SAFETY: as above.
    unsafe { convert::store(out.dtype(), out.at(to), 1, block.as_ptr() as *const u8, block.len()) };
}

/// Offsets of elements, and whether they lie side by side.
pub(super) type Run<'a> = (&'a [usize], bool);

/// The offsets in runs of [`BLOCK`].
pub(super) fn runs(offsets: &[usize]) -> Vec<Run<'_>> {
    offsets.chunks(BLOCK).map(|run| (run, run.windows(2).all(|w| w[1] == w[0] + 1))).collect()
}

/// Reads the elements of `x` at the offsets of a run from element `start` on.
///
/// # Safety
/// `x` must have these elements.
pub(super) unsafe fn gather<T: Number>(x: Tensor<'_>, start: usize, (offsets, plain): Run<'_>, to: &mut [T]) {
    // SAFETY: the caller's promise.
    unsafe {
        if plain {
            let from = x.at(start + offsets[0]);
            return convert::load(x.dtype(), to.as_mut_ptr() as *mut u8, from, 1, offsets.len());
        }
        for (to, at) in to.iter_mut().zip(offsets) {
            *to = x.read(start + at);
        }
    }
}
