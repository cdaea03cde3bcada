//! Operations with a kernel of their own: what moves elements by blocks, adds at indices, or runs along an axis.

mod along;
mod indexed;

use super::kernels::{Rep, convert};
use super::operands::{Pointers, Tensor};
use super::random;
use crate::exec::Place;
use crate::op::{Lit, Op};

/// A copy between two strided tensors of the same extents.
#[derive(Clone, Debug)]
struct Copy {
    size: usize,
    /// (extent, step of the source, step of the target), outermost first.
    dims: Vec<(usize, isize, isize)>,
    /// Elements from the first one of the source, and of the target.
    from: usize,
    to: usize,
}

impl Copy {
    /// From the whole of `from` to the part of `to` that starts `offset` elements after its first one.
    fn new(from: Tensor<'_>, to: Tensor<'_>, offset: usize) -> Copy {
        let mut dims: Vec<(usize, isize, isize)> = Vec::new();
        for (d, &n) in from.sizes().iter().enumerate() {
            let (s, t) = (from.strides()[d] as isize, to.strides()[d] as isize);
            match dims.last_mut() {
                _ if n == 1 => {}
                Some((m, a, b)) if *a == s * n as isize && *b == t * n as isize => {
                    (*m, *a, *b) = (*m * n, s, t)
                }
                _ => dims.push((n, s, t)),
            }
        }
        Copy { size: from.dtype().size(), dims, from: 0, to: offset }
    }

    /// Copies. The tensors must be those of [`Copy::new`].
    unsafe fn run(&self, to: Tensor<'_>, from: Tensor<'_>) {
        if from.count() > 0 {
            // SAFETY: passed on.
            unsafe { self.level(&self.dims, to.at(self.to), from.at(self.from)) };
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

macro_rules! by_rep {
    ($rep:expr, $($f:ident)::+($($arg:expr),*)) => {
        match $rep {
            Rep::F32 => $($f)::+::<f32>($($arg),*),
            Rep::F64 => $($f)::+::<f64>($($arg),*),
            Rep::I64 => $($f)::+::<i64>($($arg),*),
            Rep::I32 => $($f)::+::<i32>($($arg),*),
            Rep::U32 => $($f)::+::<u32>($($arg),*),
            Rep::U8 => $($f)::+::<u8>($($arg),*),
        }
    };
}

/// Runs `op` on operands at `reads`, with the result at `write`; pointers are the operands', then the result's.
/// `shared` has [`shared_bytes`] bytes.
///
/// # Safety
/// The pointers must be those of the places.
pub(super) unsafe fn run(op: &Op, reads: &[Place], write: &Place, pointers: Pointers<'_>, shared: *mut u8) {
    let arg = |i: usize| Tensor::new(pointers.first(i), &reads[i]);
    let (x, out) = (arg(0), Tensor::new(pointers.first(reads.len()), write));
    // SAFETY: passed on.
    unsafe {
        match op {
            Op::Pad { lo, value, .. } => {
                fill(out, *value);
                let at: usize = lo.sizes().iter().zip(out.strides()).map(|(a, b)| a * b).sum();
                Copy::new(x, out, at).run(out, x);
            }
            Op::Flip { axes } => {
                let mut copy = Copy { dims: Vec::new(), ..Copy::new(x, out, 0) };
                for (d, &n) in x.sizes().iter().enumerate() {
                    let (s, t) = (x.strides()[d] as isize, out.strides()[d] as isize);
                    let turned = axes.contains(d, x.sizes().len());
                    if turned {
                        copy.from += n.saturating_sub(1) * x.strides()[d];
                    }
                    copy.dims.push((n, if turned { -s } else { s }, t));
                }
                copy.run(out, x);
            }
            Op::SliceUpdate { axis } => {
                let (u, at) = (arg(1), arg(2));
                let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
                if !x.is(&out) {
                    Copy::new(x, out, 0).run(out, x);
                }
                let room = x.sizes()[axis].saturating_sub(u.sizes()[axis]) as i64;
                let start = at.integer(0).clamp(0, room) as usize;
                Copy::new(u, out, start * out.strides()[axis]).run(out, u);
            }
            Op::IndexAdd { axis, .. } => {
                by_rep!(Rep::of(out.dtype()), indexed::index_add(axis.0 as usize, x, arg(1), out))
            }
            Op::ScatterAdd { axis, .. } => {
                let axis = axis.resolve(out.sizes().len()).unwrap_or(0);
                by_rep!(Rep::of(out.dtype()), indexed::scatter_add(axis, x, arg(1), out, shared))
            }
            Op::Argmax { axis, .. } | Op::Argmin { axis, .. } => {
                let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
                let greatest = matches!(op, Op::Argmax { .. });
                by_rep!(Rep::of(x.dtype()), along::best(axis, greatest, x, out))
            }
            Op::Cumsum { axis, reverse } => {
                let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
                by_rep!(Rep::of(x.dtype()), along::cumsum(axis, reverse.is_yes(), x, out))
            }
            Op::KeySplit { index, .. } => derive(x, index.value().unwrap_or(0) as u64, 2, out),
            Op::FoldIn => derive(x, arg(1).integer(0) as u64, 3, out),
            Op::DebugPrint { label } => {
                Copy::new(x, out, 0).run(out, x);
                print(label.as_str(), out);
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

/// Bytes of shared memory that [`run`] needs: the sums of a few lines of the result.
pub(super) fn shared_bytes(op: &Op, write: &Place) -> usize {
    match op {
        Op::ScatterAdd { axis, .. } => {
            let axis = axis.resolve(write.layout.sizes.len()).unwrap_or(0);
            indexed::scatter_bytes(&write.layout.sizes, axis)
        }
        _ => 0,
    }
}

unsafe fn fill(out: Tensor<'_>, value: Lit) {
    let (n, size) = (out.count(), out.dtype().size());
    let word = super::program::constant(value, out.dtype()).to_ne_bytes();
    // SAFETY: the caller's tensor is row-major and has `n` elements.
    unsafe {
        if word == [0; 8] {
            return out.at(0).write_bytes(0, n * size);
        }
        // One element, then twice as many each time.
        let mut done = n.min(1);
        convert::store(out.dtype(), out.at(0), 1, word.as_ptr(), done);
        while done < n {
            let more = done.min(n - done);
            convert::copy(size, out.at(done), 1, out.at(0), 1, more);
            done += more;
        }
    }
}

unsafe fn derive(key: Tensor<'_>, counter: u64, tag: u32, out: Tensor<'_>) {
    // SAFETY: a key is two words.
    unsafe {
        let word = |i: usize| key.read::<u32>(i * key.strides()[0]);
        let new = random::philox([word(0), word(1)], counter, tag);
        *(out.at(0) as *mut [u32; 2]) = [new[0], new[1]];
    }
}

/// A number in register form. Sums of f32 run in f64: an f32 holds 24 bits, and so loses all that is added to a sum
/// of some ten million elements of like size.
trait Number: std::marker::Copy + Default + PartialOrd + Send + Sync {
    /// What sums run in.
    type Sum: std::marker::Copy + Default;
    fn plus(self, sum: Self::Sum) -> Self::Sum;
    fn of(sum: Self::Sum) -> Self;
}

macro_rules! number {
    ($($t:ty, $sum:ty, $f:expr;)*) => {$(
        impl Number for $t {
            type Sum = $sum;
            #[inline(always)]
            fn plus(self, sum: $sum) -> $sum { let f: fn($sum, $sum) -> $sum = $f; f(sum, self as $sum) }
            #[inline(always)]
            fn of(sum: $sum) -> $t { sum as $t }
        }
    )*};
}

number! {
    f32, f64, |x, y| x + y;
    f64, f64, |x, y| x + y;
    i64, i64, i64::wrapping_add;
    i32, i32, i32::wrapping_add;
    u32, u32, u32::wrapping_add;
    u8, u8, u8::wrapping_add;
}

/// Prints a tensor's type and its first elements to standard error.
unsafe fn print(label: &str, x: Tensor<'_>) {
    let n = x.count().min(16);
    let mut list = Vec::new();
    for i in 0..n {
        // SAFETY: the caller's tensor is row-major and has these elements.
        list.push(unsafe {
            match Rep::of(x.dtype()) {
                Rep::F32 => x.read::<f32>(i).to_string(),
                Rep::F64 => x.read::<f64>(i).to_string(),
                _ => x.integer(i).to_string(),
            }
        });
    }
    let more = if x.count() > n { ", .." } else { "" };
    let text = format!("{label}: {}{:?} [{}{more}]\n", x.dtype(), x.sizes(), list.join(", "));
    // A standard error that takes nothing is no reason to fail.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}
