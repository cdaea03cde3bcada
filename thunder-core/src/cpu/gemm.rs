//! Matrix products, through the `gemm` crate's single-threaded kernel on pieces that this crate's threads take.

use super::kernels::{Rep, convert};
use super::operands::Pointers;
use super::threads;
use crate::exec::Place;
use crate::types::DType;

/// Multiply-adds below which a product stays on the calling thread.
const ALONE: usize = 1 << 19;

/// Multiply-adds of a piece of a large product: what a core does in a fifth of a millisecond.
const PIECE: usize = 1 << 23;
/// Multiply-adds from which a product is cut into four pieces at least.
const SHARED: usize = 1 << 21;
/// The least columns of a strip.
const STRIP: usize = 64;
/// Pieces have a multiple of so many rows and columns: whole vectors of the kernels.
const UNIT: usize = 16;

/// Dropped with this thread's thread locals.
struct Alive;

impl Drop for Alive {
    fn drop(&mut self) {}
}

thread_local! {
    /// Touched before the `gemm` crate's own thread local, so that neither is there if one is not.
    static ALIVE: Alive = const { Alive };
}

/// Runs `f` where the `gemm` crate has the thread local that it wants: on a new thread in the destructors of thread
/// locals.
fn with_slab(f: impl Fn() + Sync) {
    let alive = ALIVE.try_with(|_| ()).is_ok();
    let elsewhere = || std::thread::scope(|s| std::thread::Builder::new().spawn_scoped(s, &f).is_ok());
    if alive || !elsewhere() {
        f();
    }
}

/// A planned batch of matrix products.
#[derive(Clone, Debug)]
pub(super) struct Gemm {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    /// The operands' type.
    dtype: DType,
    /// The result's: theirs, or f32 where they are 16-bit floats.
    result: DType,
    /// (extent, step in a, step in b, step in c) of each batch dimension.
    batch: Vec<(usize, usize, usize, usize)>,
    a: Matrix,
    b: Matrix,
    c: Matrix,
    /// Rows and columns of the result that one task computes.
    band: usize,
    strip: usize,
}

/// A strided matrix in memory.
#[derive(Clone, Copy, Debug)]
struct Matrix {
    rs: usize,
    cs: usize,
}

/// Rows and columns of the pieces that a product of `m` rows and `n` columns is cut into: fixed by the shape, so that
/// the result is too. Each piece brings the right-hand side's part into the kernel's order first, so strips of columns
/// come before bands of rows.
fn pieces(m: usize, n: usize, k: usize) -> (usize, usize) {
    let work = m * n * k;
    let least = if work < SHARED { 1 } else { 4 };
    let count = (work / PIECE).max(least);
    let cut = |size: usize, parts: usize, least: usize| {
        size.div_ceil(parts.clamp(1, size.div_ceil(least).max(1)))
            .next_multiple_of(UNIT)
            .clamp(1, size.max(1))
    };
    let strip = cut(n, count, STRIP);
    let band = cut(m, count.div_ceil(n.div_ceil(strip).max(1)), UNIT);
    (band, strip)
}

impl Gemm {
    /// Plans `c = a @ b`.
    pub fn new(a: &Place, b: &Place, c: &Place) -> Gemm {
        let matrix = |p: &Place| {
            let r = p.layout.sizes.len();
            Matrix { rs: p.layout.strides[r - 2], cs: p.layout.strides[r - 1] }
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
        let (band, strip) = if batch.is_empty() { pieces(m, n, k) } else { (m.max(1), n.max(1)) };
        Gemm { m, n, k, dtype: a.dtype, result: c.dtype, batch, a: ma, b: mb, c: mc, band, strip }
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
            DType::F16 | DType::BF16 => self.tasks() * self.piece_bytes(),
            _ => 0,
        }
    }

    /// Bytes of a piece's operands and result in f32.
    fn piece_bytes(&self) -> usize {
        (self.band * self.k + self.k * self.strip + self.band * self.strip) * 4
    }

    fn tasks(&self) -> usize {
        self.batches() * self.m.div_ceil(self.band) * self.n.div_ceil(self.strip)
    }

    /// Multiplies. Pointers are `a`, `b`, `c`.
    ///
    /// # Safety
    /// They must be those of the places it was planned for; `shared` must have [`Gemm::shared_bytes`] bytes.
    pub unsafe fn run(&self, pointers: Pointers<'_>, shared: *mut u8) {
        let (bands, strips) = (self.m.div_ceil(self.band), self.n.div_ceil(self.strip));
        let pieces = (bands * strips).max(1);
        let shared = shared as usize;
        let each = self.piece_bytes();
        let task = |t: usize| {
            let (mut i, piece) = (t / pieces, t % pieces);
            let (row, col) = (piece / strips * self.band, piece % strips * self.strip);
            let (mut a, mut b, mut c) = (0, 0, 0);
            for &(size, sa, sb, sc) in self.batch.iter().rev() {
                let at = i % size;
                i /= size;
                (a, b, c) = (a + at * sa, b + at * sb, c + at * sc);
            }
            a += row * self.a.rs;
            b += col * self.b.cs;
            c += row * self.c.rs + col * self.c.cs;
            let (m, n) = (self.band.min(self.m - row), self.strip.min(self.n - col));
            let (size, result) = (self.dtype.size(), self.result.size());
            let of = |i: usize, at: usize| pointers.first(i).wrapping_add(at * size);
            let out = pointers.first(2).wrapping_add(c * result);
            // SAFETY: the places hold these matrices; tasks write disjoint pieces of the result.
            unsafe { self.piece(m, n, of(0, a), of(1, b), out, (shared + t * each) as *mut u8) }
        };
        let tasks = self.tasks();
        with_slab(|| {
            if self.m * self.n * self.k * self.batches() < ALONE || tasks == 1 {
                (0..tasks).for_each(&task);
            } else {
                threads::run(tasks, &task);
            }
        });
    }

    /// One product of `m` rows and `n` columns.
    unsafe fn piece(&self, m: usize, n: usize, a: *mut u8, b: *mut u8, c: *mut u8, wide: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.dtype {
                DType::F32 => self.multiply::<f32>(m, n, a, self.a, b, self.b, c, self.c, 0.0, 1.0),
                DType::F64 => self.multiply::<f64>(m, n, a, self.a, b, self.b, c, self.c, 0.0, 1.0),
                DType::F16 | DType::BF16 => {
                    let to = |at: usize| wide.wrapping_add(at * 4);
                    let (fa, fb, fc) = (to(0), to(m * self.k), to(m * self.k + self.k * n));
                    let packed = |cols: usize| Matrix { rs: cols, cs: 1 };
                    self.widen(fa, a, self.a, m, self.k);
                    self.widen(fb, b, self.b, self.k, n);
                    let (pa, pb, pc) = (packed(self.k), packed(n), packed(n));
                    if self.result == DType::F32 {
                        return self.multiply::<f32>(m, n, fa, pa, fb, pb, c, self.c, 0.0, 1.0);
                    }
                    self.multiply::<f32>(m, n, fa, pa, fb, pb, fc, pc, 0.0, 1.0);
                    for r in 0..m {
                        let to = c.wrapping_add(r * self.c.rs * 2);
                        convert::store(self.dtype, to, self.c.cs as isize, fc.wrapping_add(r * n * 4), n);
                    }
                }
                DType::I64 => {
                    self.integers::<i64>(m, n, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))
                }
                DType::I32 => {
                    self.integers::<i32>(m, n, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))
                }
                DType::U32 => {
                    self.integers::<u32>(m, n, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))
                }
                DType::U8 | DType::Bool => {
                    self.integers::<u8>(m, n, a, b, c, |s, x, y| s.wrapping_add(x.wrapping_mul(y)))
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
        n: usize,
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
                n,
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
        n: usize,
        a: *mut u8,
        b: *mut u8,
        c: *mut u8,
        f: impl Fn(T, T, T) -> T,
    ) {
        let (a, b, c) = (a as *const T, b as *const T, c as *mut T);
        for i in 0..m {
            for j in 0..n {
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
