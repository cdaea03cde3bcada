//! Matrix products, through the `gemm` crate's single-threaded kernel on pieces that this crate's threads take.

use super::interpret::Pointers;
use super::kernels::{Rep, convert};
use super::threads;
use crate::exec::Place;
use crate::types::DType;

/// Multiply-adds below which a product stays on the calling thread.
const ALONE: usize = 1 << 19;

/// A planned batch of matrix products.
#[derive(Clone, Debug)]
pub(super) struct Gemm {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    dtype: DType,
    /// (extent, step in a, step in b, step in c) of each batch dimension.
    batch: Vec<(usize, usize, usize, usize)>,
    a: Matrix,
    b: Matrix,
    c: Matrix,
    /// Rows of the result that one task computes.
    band: usize,
}

/// A strided matrix in memory.
#[derive(Clone, Copy, Debug)]
struct Matrix {
    offset: usize,
    rs: usize,
    cs: usize,
}

impl Gemm {
    /// Plans `c = a @ b`.
    pub fn new(a: &Place, b: &Place, c: &Place) -> Gemm {
        let matrix = |p: &Place| {
            let r = p.layout.sizes.len();
            Matrix { offset: p.layout.offset, rs: p.layout.strides[r - 2], cs: p.layout.strides[r - 1] }
        };
        let rank = c.layout.sizes.len();
        let (mut m, n) = (c.layout.sizes[rank - 2], c.layout.sizes[rank - 1]);
        let k = a.layout.sizes[a.layout.sizes.len() - 1];
        let step = |p: &Place, d: usize| {
            let skip = rank - p.layout.sizes.len();
            if d < skip || p.layout.sizes[d - skip] == 1 { 0 } else { p.layout.strides[d - skip] }
        };
        let mut batch: Vec<(usize, usize, usize, usize)> =
            (0..rank - 2).map(|d| (c.layout.sizes[d], step(a, d), step(b, d), step(c, d))).collect();
        batch.retain(|d| d.0 != 1);
        let (ma, mut mb, mut mc) = (matrix(a), matrix(b), matrix(c));
        let mut ma = ma;
        // A batch that shares its right-hand side, and follows on in memory, is one tall product.
        while let Some(&(size, sa, 0, sc)) = batch.last()
            && (m == 1 || sa == ma.rs * m)
            && (m == 1 || sc == mc.rs * m)
        {
            if m == 1 {
                (ma.rs, mc.rs) = (sa, sc);
            }
            m *= size;
            batch.pop();
        }
        if n == 1 {
            (mb.cs, mc.cs) = (1, 1);
        }
        if m == 1 {
            (ma.rs, mc.rs) = (k.max(1), n.max(1));
        }
        let band = if batch.is_empty() { (m.div_ceil(8)).next_multiple_of(24).clamp(48, 384) } else { m };
        Gemm { m, n, k, dtype: a.dtype, batch, a: ma, b: mb, c: mc, band: band.max(1) }
    }

    /// Floating-point operations.
    pub fn flops(&self) -> usize {
        2 * self.m * self.n * self.k * self.batches()
    }

    fn batches(&self) -> usize {
        self.batch.iter().map(|d| d.0).product()
    }

    /// Bytes of shared memory for operands in f32, where the type has no product of its own.
    pub fn shared_bytes(&self) -> usize {
        match self.dtype {
            DType::F16 | DType::BF16 => {
                threads::count().max(self.tasks()) * (self.m * self.k + self.k * self.n + self.m * self.n) * 4
            }
            _ => 0,
        }
    }

    fn tasks(&self) -> usize {
        self.batches() * self.m.div_ceil(self.band)
    }

    /// Multiplies. Pointers are `a`, `b`, `c`.
    ///
    /// # Safety
    /// They must be those of the places it was planned for; `shared` must have [`Gemm::shared_bytes`] bytes.
    pub unsafe fn run(&self, pointers: Pointers<'_>, shared: *mut u8) {
        let bands = self.m.div_ceil(self.band);
        let shared = shared as usize;
        let each = (self.m * self.k + self.k * self.n + self.m * self.n) * 4;
        let task = |t: usize| {
            let (mut i, row) = (t / bands.max(1), t % bands.max(1) * self.band);
            let (mut a, mut b, mut c) = (self.a.offset, self.b.offset, self.c.offset);
            for &(size, sa, sb, sc) in self.batch.iter().rev() {
                let at = i % size;
                i /= size;
                (a, b, c) = (a + at * sa, b + at * sb, c + at * sc);
            }
            (a, c) = (a + row * self.a.rs, c + row * self.c.rs);
            let m = self.band.min(self.m - row);
            let size = self.dtype.size();
            let of = |i: usize, at: usize| pointers.get(i).wrapping_add(at * size);
            // SAFETY: the places hold these matrices; tasks write disjoint rows of the result.
            unsafe { self.piece(m, of(0, a), of(1, b), of(2, c), (shared + t * each) as *mut u8) }
        };
        let tasks = self.batches() * bands;
        if self.m * self.n * self.k * self.batches() < ALONE || tasks == 1 {
            (0..tasks).for_each(task);
        } else {
            threads::run(tasks, &task);
        }
    }

    /// One product of `m` rows.
    unsafe fn piece(&self, m: usize, a: *mut u8, b: *mut u8, c: *mut u8, wide: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.dtype {
                DType::F32 => self.multiply::<f32>(m, a, self.a, b, self.b, c, self.c, 0.0, 1.0),
                DType::F64 => self.multiply::<f64>(m, a, self.a, b, self.b, c, self.c, 0.0, 1.0),
                DType::F16 | DType::BF16 => {
                    let to = |at: usize| wide.wrapping_add(at * 4);
                    let (fa, fb, fc) = (to(0), to(self.m * self.k), to(self.m * self.k + self.k * self.n));
                    let packed = |cols: usize| Matrix { offset: 0, rs: cols, cs: 1 };
                    self.widen(fa, a, self.a, m, self.k);
                    self.widen(fb, b, self.b, self.k, self.n);
                    let (pa, pb, pc) = (packed(self.k), packed(self.n), packed(self.n));
                    self.multiply::<f32>(m, fa, pa, fb, pb, fc, pc, 0.0, 1.0);
                    for r in 0..m {
                        let to = c.wrapping_add(r * self.c.rs * 2);
                        convert::store(
                            self.dtype,
                            to,
                            self.c.cs as isize,
                            fc.wrapping_add(r * self.n * 4),
                            self.n,
                        );
                    }
                }
                DType::I64 => self.integers::<i64>(m, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y))),
                DType::I32 => self.integers::<i32>(m, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y))),
                DType::U32 => self.integers::<u32>(m, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y))),
                DType::U8 | DType::Bool => {
                    self.integers::<u8>(m, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))
                }
            }
        }
    }

    unsafe fn widen(&self, to: *mut u8, from: *mut u8, x: Matrix, rows: usize, cols: usize) {
        debug_assert_eq!(Rep::of(self.dtype), Rep::F32);
        for r in 0..rows {
            let (to, from) = (to.wrapping_add(r * cols * 4), from.wrapping_add(r * x.rs * 2));
            // SAFETY: the caller's promise.
            unsafe { convert::load(self.dtype, to, from, x.cs as isize, cols) }
        }
    }

    #[allow(clippy::too_many_arguments)]
    unsafe fn multiply<T: 'static>(
        &self,
        m: usize,
        a: *mut u8,
        sa: Matrix,
        b: *mut u8,
        sb: Matrix,
        c: *mut u8,
        sc: Matrix,
        zero: T,
        one: T,
    ) {
        let step = |s: usize| s as isize;
        // SAFETY: the caller's promise: each pointer and its steps describe a matrix in memory.
        unsafe {
            gemm::gemm(
                m,
                self.n,
                self.k,
                c as *mut T,
                step(sc.cs),
                step(sc.rs),
                false,
                a as *const T,
                step(sa.cs),
                step(sa.rs),
                b as *const T,
                step(sb.cs),
                step(sb.rs),
                zero,
                one,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }

    unsafe fn integers<T: Copy + Default>(
        &self,
        m: usize,
        a: *mut u8,
        b: *mut u8,
        c: *mut u8,
        f: impl Fn(T, T, T) -> T,
    ) {
        let (a, b, c) = (a as *const T, b as *const T, c as *mut T);
        for i in 0..m {
            for j in 0..self.n {
                // SAFETY: the caller's promise.
                unsafe {
                    let dot = (0..self.k).fold(T::default(), |s, k| {
                        f(s, *a.add(i * self.a.rs + k * self.a.cs), *b.add(k * self.b.rs + j * self.b.cs))
                    });
                    *c.add(i * self.c.rs + j * self.c.cs) = dot;
                }
            }
        }
    }
}
