//! Operations with a kernel of their own: what moves elements by blocks, adds at indices, or runs along an axis.

mod along;
mod indexed;

use super::kernels::{Rep, convert};
use super::operands::{Pointers, Tensor};
use super::random;
use crate::exec::Place;
use crate::op::{CpuKernel, Input, Lit, Op, class};
use crate::types::{Axes, Axis};

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

/// What a kernel runs on.
pub(super) struct Call<'a> {
    pub reads: &'a [Place],
    pub write: &'a Place,
    /// Those of the operands, then that of the result.
    pub pointers: Pointers<'a>,
    /// [`shared_bytes`] bytes.
    pub shared: *mut u8,
}

impl<'a> Call<'a> {
    fn arg(&self, i: usize) -> Tensor<'a> {
        Tensor::new(self.pointers.first(i), &self.reads[i])
    }

    fn out(&self) -> Tensor<'a> {
        Tensor::new(self.pointers.first(self.reads.len()), self.write)
    }
}

/// A kernel of an operation, with its attributes.
pub(super) struct Kernel(Box<dyn Fn(&Call<'_>) + Send + Sync>);

impl Kernel {
    /// Runs it.
    ///
    /// # Safety
    /// The pointers of the call must be those of its places.
    pub unsafe fn run(&self, call: &Call<'_>) {
        (self.0)(call)
    }
}

/// The kernel that `op` has, if it has one of its own here.
pub(super) fn kernel(op: &Op) -> Option<Kernel> {
    macro_rules! run {
        ($f:ident($($arg:expr),*)) => {
            // SAFETY: `Kernel::run` is the only caller, and passes its promise on.
            Kernel(Box::new(move |c| unsafe { $f(c, $($arg),*) }))
        };
    }
    Some(match *op {
        Op::Pad { lo, value, .. } => run!(pad(&lo.sizes(), value)),
        Op::Flip { axes } => run!(flip(axes)),
        Op::SliceUpdate { axis } => run!(slice_update(axis)),
        Op::IndexAdd { axis, .. } => run!(index_add(axis)),
        Op::ScatterAdd { axis, .. } => run!(scatter_add(axis)),
        Op::Argmax { axis, .. } => run!(arg_best(axis, true)),
        Op::Argmin { axis, .. } => run!(arg_best(axis, false)),
        Op::Cumsum { axis, reverse } => run!(cumsum(axis, reverse.is_yes())),
        Op::KeySplit { index, .. } => run!(key_split(index.value().unwrap_or(0))),
        Op::FoldIn => run!(fold_in()),
        Op::DebugPrint { label } => run!(debug_print(label.as_str())),
        Op::Custom { op, .. } => {
            let f = op.definition()?.cpu()?;
            run!(custom(f))
        }
        // Several operands are one loop nest; products are the library's.
        Op::Cat { .. } | class!(Op, Contract) => return None,
        class!(Op, Creation) | class!(Op, UnaryNum) | class!(Op, UnaryFloat) | class!(Op, Test) => {
            return None;
        }
        class!(Op, UnaryLogic) | class!(Op, Binary) | class!(Op, Compare) => return None,
        class!(Op, BinaryLogic) | class!(Op, Elementwise) | class!(Op, Reduce) => return None,
        class!(Op, View) | class!(Op, Lookup) | class!(Op, Draw) | class!(Op, Identity) => return None,
        class!(Op, CompositeUnary)
        | class!(Op, CompositeReduce)
        | class!(Op, CompositeAlong)
        | class!(Op, Composite) => return None,
    })
}

unsafe fn pad(c: &Call<'_>, lo: &[usize], value: Lit) {
    let (x, out) = (c.arg(0), c.out());
    let at: usize = lo.iter().zip(out.strides()).map(|(a, b)| a * b).sum();
    // SAFETY: passed on.
    unsafe {
        fill(out, value);
        Copy::new(x, out, at).run(out, x);
    }
}

unsafe fn flip(c: &Call<'_>, axes: Axes) {
    let (x, out) = (c.arg(0), c.out());
    let mut copy = Copy { dims: Vec::new(), ..Copy::new(x, out, 0) };
    for (d, &n) in x.sizes().iter().enumerate() {
        let (s, t) = (x.strides()[d] as isize, out.strides()[d] as isize);
        let turned = axes.contains(d, x.sizes().len());
        if turned {
            copy.from += n.saturating_sub(1) * x.strides()[d];
        }
        copy.dims.push((n, if turned { -s } else { s }, t));
    }
    // SAFETY: passed on.
    unsafe { copy.run(out, x) }
}

unsafe fn slice_update(c: &Call<'_>, axis: Axis) {
    let (x, u, out) = (c.arg(0), c.arg(1), c.out());
    let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
    // SAFETY: passed on.
    unsafe {
        if !x.is(&out) {
            Copy::new(x, out, 0).run(out, x);
        }
        let room = x.sizes()[axis].saturating_sub(u.sizes()[axis]) as i64;
        let start = c.arg(2).integer(0).clamp(0, room) as usize;
        Copy::new(u, out, start * out.strides()[axis]).run(out, u);
    }
}

unsafe fn index_add(c: &Call<'_>, axis: Axis) {
    let out = c.out();
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(out.dtype()), indexed::index_add(axis.0 as usize, c.arg(0), c.arg(1), out)) }
}

unsafe fn scatter_add(c: &Call<'_>, axis: Axis) {
    let out = c.out();
    let axis = axis.resolve(out.sizes().len()).unwrap_or(0);
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(out.dtype()), indexed::scatter_add(axis, c.arg(0), c.arg(1), out, c.shared)) }
}

unsafe fn arg_best(c: &Call<'_>, axis: Axis, greatest: bool) {
    let x = c.arg(0);
    let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(x.dtype()), along::best(axis, greatest, x, c.out())) }
}

unsafe fn cumsum(c: &Call<'_>, axis: Axis, reverse: bool) {
    let x = c.arg(0);
    let axis = axis.resolve(x.sizes().len()).unwrap_or(0);
    // SAFETY: passed on.
    unsafe { by_rep!(Rep::of(x.dtype()), along::cumsum(axis, reverse, x, c.out())) }
}

unsafe fn key_split(c: &Call<'_>, index: usize) {
    // SAFETY: passed on.
    unsafe { derive(c.arg(0), index as u64, 2, c.out()) }
}

unsafe fn fold_in(c: &Call<'_>) {
    // SAFETY: passed on.
    unsafe { derive(c.arg(0), c.arg(1).integer(0) as u64, 3, c.out()) }
}

unsafe fn custom(c: &Call<'_>, f: CpuKernel) {
    // SAFETY: the plan makes the operands of such an operation row-major, and its result shares no memory with them.
    unsafe {
        let inputs: Vec<Input<'_>> = (0..c.reads.len()).map(|i| c.arg(i).input()).collect();
        f(&inputs, &mut c.out().output());
    }
}

unsafe fn debug_print(c: &Call<'_>, label: &str) {
    let (x, out) = (c.arg(0), c.out());
    // SAFETY: passed on.
    unsafe {
        Copy::new(x, out, 0).run(out, x);
        print(label, out);
    }
}

/// Bytes of shared memory that the kernel of `op` needs: the sums of a few lines of the result.
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
