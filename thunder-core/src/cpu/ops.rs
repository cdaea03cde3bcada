//! Operations with a kernel of their own: what moves elements by blocks, adds at indices, or runs along an axis.

use super::interpret::Pointers;
use super::kernels::{Rep, convert};
use super::random;
use crate::exec::Place;
use crate::op::{Lit, Op};
use crate::types::DType;

/// A copy between two strided tensors of the same extents.
#[derive(Clone, Debug)]
struct Copy {
    size: usize,
    /// (extent, step of the source, step of the target), outermost first.
    dims: Vec<(usize, isize, isize)>,
    from: usize,
    to: usize,
}

impl Copy {
    /// From the whole of `from` to the part of `to` that starts at element `offset`.
    fn new(from: &Place, to: &Place, offset: usize) -> Copy {
        let mut dims: Vec<(usize, isize, isize)> = Vec::new();
        for (d, &n) in from.layout.sizes.iter().enumerate() {
            let (s, t) = (from.layout.strides[d] as isize, to.layout.strides[d] as isize);
            match dims.last_mut() {
                _ if n == 1 => {}
                Some((m, a, b)) if *a == s * n as isize && *b == t * n as isize => {
                    (*m, *a, *b) = (*m * n, s, t)
                }
                _ => dims.push((n, s, t)),
            }
        }
        Copy { size: from.dtype.size(), dims, from: from.layout.offset, to: to.layout.offset + offset }
    }

    unsafe fn run(&self, to: *mut u8, from: *const u8) {
        // SAFETY: passed on.
        unsafe {
            let (to, from) = (to.add(self.to * self.size), from.add(self.from * self.size));
            self.level(&self.dims, to, from);
        }
    }

    unsafe fn level(&self, dims: &[(usize, isize, isize)], to: *mut u8, from: *const u8) {
        let size = self.size as isize;
        // SAFETY: the caller's promise: both tensors have these elements.
        unsafe {
            match dims {
                [] => convert::copy(self.size, to, 1, from, 1, 1),
                &[(n, s, t)] => convert::copy(self.size, to, t, from, s, n),
                &[(n, s, t), ref rest @ ..] => {
                    for i in 0..n as isize {
                        self.level(rest, to.offset(i * t * size), from.offset(i * s * size));
                    }
                }
            }
        }
    }
}

/// Runs `op` on operands at `reads`, with the result at `write`; pointers are the operands', then the result's.
/// `shared` has [`shared_bytes`] bytes.
///
/// # Safety
/// The pointers must be those of the places.
pub(super) unsafe fn run(op: &Op, reads: &[Place], write: &Place, pointers: Pointers<'_>, shared: *mut u8) {
    let p = pointers.0;
    let out = p[reads.len()];
    // SAFETY: passed on.
    unsafe {
        match op {
            Op::Pad { lo, value, .. } => {
                fill(write, out, *value);
                let at: usize = lo.sizes().iter().zip(&write.layout.strides).map(|(a, b)| a * b).sum();
                Copy::new(&reads[0], write, at).run(out, p[0]);
            }
            Op::Flip { axes } => {
                let x = &reads[0];
                let mut copy = Copy { dims: Vec::new(), ..Copy::new(x, write, 0) };
                for (d, &n) in x.layout.sizes.iter().enumerate() {
                    let (s, t) = (x.layout.strides[d] as isize, write.layout.strides[d] as isize);
                    let turned = axes.contains(d, x.layout.sizes.len());
                    if turned {
                        copy.from += n.saturating_sub(1) * x.layout.strides[d];
                    }
                    copy.dims.push((n, if turned { -s } else { s }, t));
                }
                if write.layout.count() > 0 {
                    copy.run(out, p[0]);
                }
            }
            Op::SliceUpdate { axis } => {
                let (x, u) = (&reads[0], &reads[1]);
                let axis = axis.resolve(x.layout.sizes.len()).unwrap_or(0);
                if p[0] != out {
                    Copy::new(x, write, 0).run(out, p[0]);
                }
                let room = x.layout.sizes[axis].saturating_sub(u.layout.sizes[axis]) as i64;
                let start = integer(reads[2].dtype, p[2], reads[2].layout.offset).clamp(0, room) as usize;
                Copy::new(u, write, start * write.layout.strides[axis]).run(out, p[1]);
            }
            Op::IndexAdd { axis, .. } => index_add(axis.0 as usize, reads, write, p, shared),
            Op::ScatterAdd { axis, .. } => {
                scatter_add(axis.resolve(write.layout.sizes.len()).unwrap_or(0), reads, write, p, shared)
            }
            Op::Argmax { axis, .. } | Op::Argmin { axis, .. } => {
                let axis = axis.resolve(reads[0].layout.sizes.len()).unwrap_or(0);
                arg_best(axis, matches!(op, Op::Argmax { .. }), &reads[0], p[0], out);
            }
            Op::Cumsum { axis, reverse } => {
                let axis = axis.resolve(reads[0].layout.sizes.len()).unwrap_or(0);
                cumsum(axis, reverse.is_yes(), &reads[0], p[0], out);
            }
            Op::KeySplit { index, .. } => derive(reads, p, index.value().unwrap_or(0) as u64, 2, out),
            Op::FoldIn => {
                let d = integer(reads[1].dtype, p[1], reads[1].layout.offset);
                derive(reads, p, d as u64, 3, out)
            }
            Op::DebugPrint { label } => {
                Copy::new(&reads[0], write, 0).run(out, p[0]);
                print(label.as_str(), write, out);
            }
            _ => unreachable!("`supports` refused it when it was compiled"),
        }
    }
}

/// Whether [`run`] has a kernel for `op`.
pub(super) fn supports(op: &Op) -> bool {
    use Op::*;
    matches!(
        op,
        Pad { .. }
            | Flip { .. }
            | SliceUpdate { .. }
            | IndexAdd { .. }
            | ScatterAdd { .. }
            | Argmax { .. }
            | Argmin { .. }
            | Cumsum { .. }
            | KeySplit { .. }
            | FoldIn
            | DebugPrint { .. }
    )
}

/// Bytes of shared memory that [`run`] needs: sums in f32 for 16-bit results.
pub(super) fn shared_bytes(op: &Op, write: &Place) -> usize {
    match (op, write.dtype) {
        (Op::IndexAdd { .. } | Op::ScatterAdd { .. }, DType::F16 | DType::BF16) => write.layout.count() * 4,
        _ => 0,
    }
}

unsafe fn fill(write: &Place, out: *mut u8, value: Lit) {
    let (n, size) = (write.layout.count(), write.dtype.size());
    let word = super::program::constant(value, write.dtype).to_ne_bytes();
    // SAFETY: the caller's tensor is row-major and has `n` elements.
    unsafe {
        if word == [0; 8] {
            return out.write_bytes(0, n * size);
        }
        // One element, then twice as many each time.
        let mut done = n.min(1);
        convert::store(write.dtype, out, 1, word.as_ptr(), done);
        while done < n {
            let more = done.min(n - done);
            convert::copy(size, out.add(done * size), 1, out, 1, more);
            done += more;
        }
    }
}

/// The integer at element `at`.
unsafe fn integer(dtype: DType, p: *const u8, at: usize) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        match dtype {
            DType::I64 => *(p as *const i64).add(at),
            DType::I32 => *(p as *const i32).add(at) as i64,
            DType::U32 => *(p as *const u32).add(at) as i64,
            _ => *p.add(at) as i64,
        }
    }
}

unsafe fn derive(reads: &[Place], p: &[*mut u8], counter: u64, tag: u32, out: *mut u8) {
    let Place { layout, .. } = &reads[0];
    // SAFETY: a key is two words.
    unsafe {
        let word = |i: usize| *(p[0] as *const u32).add(layout.offset + i * layout.strides[0]);
        let new = random::philox([word(0), word(1)], counter, tag);
        *(out as *mut [u32; 2]) = [new[0], new[1]];
    }
}

/// Calls `f(element of a, place)` for every element of a strided tensor in row-major order.
fn each(place: &Place, mut f: impl FnMut(usize, usize)) {
    let sizes = &place.layout.sizes;
    let mut at = vec![0; sizes.len()];
    let mut element = place.layout.offset;
    for i in 0..place.layout.count() {
        f(element, i);
        for d in (0..sizes.len()).rev() {
            at[d] += 1;
            element += place.layout.strides[d];
            if at[d] < sizes[d] {
                break;
            }
            element -= at[d] * place.layout.strides[d];
            at[d] = 0;
        }
    }
}

/// The sums, where a 16-bit type needs wider ones: `shared`, to be narrowed by [`narrow`].
fn sums(write: &Place, out: *mut u8, shared: *mut u8) -> *mut u8 {
    if matches!(write.dtype, DType::F16 | DType::BF16) { shared } else { out }
}

unsafe fn narrow(write: &Place, out: *mut u8, shared: *mut u8) {
    if matches!(write.dtype, DType::F16 | DType::BF16) {
        // SAFETY: `shared` holds an f32 for each element of the result.
        unsafe { convert::store(write.dtype, out, 1, shared, write.layout.count()) };
    }
}

macro_rules! by_rep {
    ($rep:expr, $f:ident($($arg:expr),*)) => {
        match $rep {
            Rep::F32 => $f::<f32>($($arg),*),
            Rep::F64 => $f::<f64>($($arg),*),
            Rep::I64 => $f::<i64>($($arg),*),
            Rep::I32 => $f::<i32>($($arg),*),
            Rep::U32 => $f::<u32>($($arg),*),
            Rep::U8 => $f::<u8>($($arg),*),
        }
    };
}

/// Addition, wrapping for integers.
trait Plus: std::marker::Copy + Default + PartialOrd {
    fn plus(self, y: Self) -> Self;
}

macro_rules! plus {
    ($($t:ty, $f:expr;)*) => {$(
        impl Plus for $t {
            #[inline(always)]
            fn plus(self, y: $t) -> $t { let f: fn($t, $t) -> $t = $f; f(self, y) }
        }
    )*};
}

plus! {
    f32, |x, y| x + y;
    f64, |x, y| x + y;
    i64, i64::wrapping_add;
    i32, i32::wrapping_add;
    u32, u32::wrapping_add;
    u8, u8::wrapping_add;
}

/// An element in register form.
unsafe fn read<T: Plus>(dtype: DType, p: *const u8, at: usize) -> T {
    let mut x = T::default();
    // SAFETY: the caller's promise; `T` is the register type of `dtype`.
    unsafe { convert::load(dtype, &raw mut x as *mut u8, p.add(at * dtype.size()), 1, 1) };
    x
}

unsafe fn index_add(axis: usize, reads: &[Place], write: &Place, p: &[*mut u8], shared: *mut u8) {
    let to = sums(write, p[2], shared);
    let rep = Rep::of(write.dtype);
    // SAFETY: passed on; the sums hold an element for each of the result's.
    unsafe {
        to.write_bytes(0, write.layout.count() * rep.size());
        by_rep!(rep, index_add_as(axis, reads, write, p, to));
        narrow(write, p[2], shared);
    }
}

unsafe fn index_add_as<T: Plus>(axis: usize, reads: &[Place], write: &Place, p: &[*mut u8], to: *mut u8) {
    let (u, i) = (&reads[0], &reads[1]);
    let outer: usize = write.layout.sizes[..axis].iter().product();
    let inner: usize = write.layout.sizes[axis + 1..].iter().product();
    let (extent, indices) = (write.layout.sizes[axis], i.layout.count());
    let to = to as *mut T;
    let mut list = Vec::with_capacity(indices);
    // SAFETY: the caller's promise; indices are checked against the extent.
    unsafe {
        each(i, |e, _| list.push(integer(i.dtype, p[1], e)));
        let packed = u.layout.is_contiguous() && Rep::of(u.dtype).size() == u.dtype.size();
        if packed {
            let from = (p[0] as *const T).add(u.layout.offset);
            for o in 0..outer {
                for (j, &k) in list.iter().enumerate() {
                    if k < 0 || k as usize >= extent {
                        continue;
                    }
                    let sum =
                        std::slice::from_raw_parts_mut(to.add((o * extent + k as usize) * inner), inner);
                    let add = std::slice::from_raw_parts(from.add((o * indices + j) * inner), inner);
                    for (s, &a) in sum.iter_mut().zip(add) {
                        *s = s.plus(a);
                    }
                }
            }
            return;
        }
        each(u, |e, place| {
            let (o, j, c) = (place / inner / indices, place / inner % indices, place % inner);
            let k = list[j];
            if k >= 0 && (k as usize) < extent {
                let sum = to.add((o * extent + k as usize) * inner + c);
                *sum = (*sum).plus(read(u.dtype, p[0], e));
            }
        });
    }
}

unsafe fn scatter_add(axis: usize, reads: &[Place], write: &Place, p: &[*mut u8], shared: *mut u8) {
    let to = sums(write, p[2], shared);
    let rep = Rep::of(write.dtype);
    // SAFETY: passed on.
    unsafe {
        to.write_bytes(0, write.layout.count() * rep.size());
        by_rep!(rep, scatter_add_as(axis, reads, write, p, to));
        narrow(write, p[2], shared);
    }
}

unsafe fn scatter_add_as<T: Plus>(axis: usize, reads: &[Place], write: &Place, p: &[*mut u8], to: *mut u8) {
    let (u, i) = (&reads[0], &reads[1]);
    let inner: usize = u.layout.sizes[axis + 1..].iter().product();
    let (n, extent) = (u.layout.sizes[axis], write.layout.sizes[axis]);
    let to = to as *mut T;
    let mut list = Vec::with_capacity(i.layout.count());
    // SAFETY: the caller's promise; indices are checked against the extent.
    unsafe {
        each(i, |e, _| list.push(integer(i.dtype, p[1], e)));
        each(u, |e, place| {
            let (o, c) = (place / inner / n, place % inner);
            let k = list[place];
            if k >= 0 && (k as usize) < extent {
                let sum = to.add((o * extent + k as usize) * inner + c);
                *sum = (*sum).plus(read(u.dtype, p[0], e));
            }
        });
    }
}

unsafe fn arg_best(axis: usize, greatest: bool, x: &Place, p: *const u8, out: *mut u8) {
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(x.dtype), arg_best_as(axis, greatest, x, p, out)) }
}

unsafe fn arg_best_as<T: Plus>(axis: usize, greatest: bool, x: &Place, p: *const u8, out: *mut u8) {
    let mut lines = x.clone();
    let (n, step) = (x.layout.sizes[axis], x.layout.strides[axis]);
    lines.layout.sizes[axis] = 1;
    each(&lines, |e, place| {
        // SAFETY: the caller's promise.
        unsafe {
            let (mut best, mut at) = (T::default(), 0);
            for j in 0..n {
                let y: T = read(x.dtype, p, e + j * step);
                // NaN is greater and lesser than anything, as in `amax` and `amin`; the first one counts.
                let better = if greatest { y > best } else { y < best };
                let nan = y.partial_cmp(&y).is_none() && best.partial_cmp(&best).is_some();
                if j == 0 || better || nan {
                    (best, at) = (y, j);
                }
            }
            *(out as *mut i64).add(place) = at as i64;
        }
    });
}

unsafe fn cumsum(axis: usize, reverse: bool, x: &Place, p: *const u8, out: *mut u8) {
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(x.dtype), cumsum_as(axis, reverse, x, p, out)) }
}

unsafe fn cumsum_as<T: Plus>(axis: usize, reverse: bool, x: &Place, p: *const u8, out: *mut u8) {
    let mut lines = x.clone();
    let (n, step) = (x.layout.sizes[axis], x.layout.strides[axis]);
    let inner: usize = x.layout.sizes[axis + 1..].iter().product();
    lines.layout.sizes[axis] = 1;
    let size = x.dtype.size();
    each(&lines, |e, place| {
        let mut sum = T::default();
        for j in 0..n {
            let j = if reverse { n - 1 - j } else { j };
            // SAFETY: the caller's promise.
            unsafe {
                sum = sum.plus(read(x.dtype, p, e + j * step));
                let to = (place / inner * n + j) * inner + place % inner;
                convert::store(x.dtype, out.add(to * size), 1, &raw const sum as *const u8, 1);
            }
        }
    });
}

/// Prints a tensor's type and its first elements to standard error.
unsafe fn print(label: &str, x: &Place, p: *const u8) {
    let n = x.layout.count().min(16);
    let mut list = Vec::new();
    for i in 0..n {
        // SAFETY: the caller's tensor is row-major and has these elements.
        list.push(unsafe {
            match Rep::of(x.dtype) {
                Rep::F32 => read::<f32>(x.dtype, p, i).to_string(),
                Rep::F64 => read::<f64>(x.dtype, p, i).to_string(),
                _ => integer(x.dtype, p, i).to_string(),
            }
        });
    }
    let more = if x.layout.count() > n { ", .." } else { "" };
    eprintln!("{label}: {}{:?} [{}{more}]", x.dtype, x.layout.sizes, list.join(", "));
}
