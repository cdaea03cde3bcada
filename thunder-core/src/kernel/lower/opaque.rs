//! Operations with a kernel of their own, which no loop nest holds: what moves elements by blocks, adds at indices, or runs
//! along an axis.

mod along;
mod indexed;
mod movement;

use super::build::{Build, is_wide};
use crate::kernel::ir::{Expr, Kernel, Pointer, Scalar, Stmt, Type, Unroll, long_sum};
use crate::kernel::layout::Layout;
use crate::kernel::nest::Operand;
use crate::kernel::schedule::Launch;
use crate::kernel::target::Gpu;
use crate::op::{Op, class};
use crate::types::{Axis, DType};

/// Threads of a block.
const THREADS: usize = 256;

/// The kernels that compute `op`, one after another, from operands that lie at `reads` to `write`, which is the memory of
/// the first operand if `in_place`; `None` for an operation that a loop nest holds, or that is decomposed.
pub fn opaque(op: &Op, reads: &[Operand], write: &Operand, in_place: bool, gpu: &Gpu) -> Option<Vec<Kernel>> {
    let call = Call { op, reads, write };
    let rank = reads[0].layout.sizes.len();
    let at = |axis: &Axis| axis.resolve(rank).unwrap_or(0);
    let empty = |i: usize| reads[i].layout.count() == 0;
    Some(vec![match op {
        Op::Cat { axis } => movement::cat(call, at(axis)),
        Op::Pad { lo, value, .. } => movement::pad(call, &lo.sizes(), *value),
        Op::Flip { axes } => {
            movement::flip(call, &(0..rank).map(|d| axes.contains(d, rank)).collect::<Vec<_>>())
        }
        // Nothing changes.
        Op::SliceUpdate { .. } if in_place && empty(1) => return Some(Vec::new()),
        Op::SliceUpdate { axis } => movement::slice_update(call, at(axis), in_place),
        // Nothing is added.
        Op::IndexAdd { .. } | Op::ScatterAdd { .. } if empty(0) || empty(1) => indexed::zeros(call),
        Op::IndexAdd { axis, .. } => return Some(indexed::index_add(call, axis.0 as usize, gpu)),
        Op::ScatterAdd { axis, .. } => indexed::scatter_add(call, at(axis)),
        Op::Argmax { axis, .. } => along::best(call, at(axis), true),
        Op::Argmin { axis, .. } => along::best(call, at(axis), false),
        Op::Cumsum { axis, reverse } => along::cumsum(call, at(axis), reverse.is_yes()),
        Op::KeySplit { index, .. } => derive(call, Expr::Num(index.value().unwrap_or(0)), 2),
        Op::FoldIn => derive_at(call),
        Op::Matmul | Op::MatmulWide { .. } | Op::Linear { .. } => matmul(call),
        // What a user defines brings its own text.
        Op::Custom { .. } => return None,
        // What is in a loop nest, or decomposed; a debug print copies.
        class!(Op, Creation) | class!(Op, UnaryNum) | class!(Op, UnaryFloat) => return None,
        class!(Op, Test) | class!(Op, UnaryLogic) | class!(Op, Binary) => return None,
        class!(Op, Compare) | class!(Op, BinaryLogic) | class!(Op, Elementwise) => return None,
        class!(Op, Reduce) | class!(Op, View) | class!(Op, Lookup) => return None,
        class!(Op, Draw) | class!(Op, Identity) | class!(Op, Effect) => return None,
        #[allow(unreachable_patterns, reason = "the pattern of a class has `Op::Linear` again")]
        class!(Op, CompositeUnary)
        | class!(Op, CompositeReduce)
        | class!(Op, CompositeAlong)
        | class!(Op, Composite) => {
            return None;
        }
    }])
}

/// An operation with its operands in memory.
#[derive(Clone, Copy)]
struct Call<'a> {
    op: &'a Op,
    reads: &'a [Operand],
    write: &'a Operand,
}

/// A kernel under construction.
struct Opaque {
    kernel: Kernel,
    open: Vec<Vec<Stmt>>,
    /// How the operands lie, in vectors where they are moved so.
    reads: Vec<Layout>,
    write: Layout,
    /// Where they start.
    p: Vec<Pointer>,
    q: Pointer,
    /// The result's element type, and elements that are moved as one.
    dtype: DType,
    width: usize,
}

impl Build for Opaque {
    fn parts(&mut self) -> (&mut Kernel, &mut Vec<Vec<Stmt>>) {
        (&mut self.kernel, &mut self.open)
    }
}

/// The most elements that can be moved as one along the last dimension, as the layouts of the first `data` operands and
/// of the result allow, and more extents along it.
fn width(call: Call<'_>, data: usize, lasts: &[usize]) -> usize {
    let size = call.write.dtype.size();
    let Some(last) = call.write.layout.sizes.len().checked_sub(1) else { return 1 };
    let fits = |w: usize| {
        let one = |o: &Operand| {
            let l = &o.layout;
            l.sizes[last].is_multiple_of(w)
                && l.strides[last] == 1
                && l.offset.is_multiple_of(w)
                && l.strides[..last].iter().all(|s| s.is_multiple_of(w))
        };
        w * size <= 16
            && call.reads[..data].iter().chain([call.write]).all(one)
            && lasts.iter().all(|n| n.is_multiple_of(w))
    };
    [16, 8, 4, 2].into_iter().find(|&w| fits(w)).unwrap_or(1)
}

impl Opaque {
    /// Starts a kernel where the first `data` operands, and the result, are moved `width` elements at a time.
    fn new(call: Call<'_>, width: usize, data: usize) -> Opaque {
        let reach = call.reads.iter().chain([call.write]).map(|o| o.reach().max(o.layout.count()));
        let kernel = Kernel {
            name: call.op.name().into(),
            dims: call.write.layout.sizes.clone(),
            schedule: String::new(),
            wide: is_wide(reach.max().unwrap_or(0)),
            params: Vec::new(),
            vars: Vec::new(),
            arrays: Vec::new(),
            pointers: Vec::new(),
            body: Vec::new(),
            launch: Launch::new([1; 3], THREADS),
            rows: 1,
        };
        let unit = |o: &Operand| Type::vector(o.dtype, width);
        let scaled = |o: &Operand| {
            let mut l = o.layout.clone();
            if let Some(last) = l.sizes.len().checked_sub(1) {
                l.sizes[last] /= width;
                l.strides[..last].iter_mut().for_each(|s| *s /= width);
            }
            l
        };
        let mut o = Opaque {
            kernel,
            open: vec![Vec::new()],
            reads: call.reads[..data].iter().map(scaled).collect(),
            write: scaled(call.write),
            p: Vec::new(),
            q: Pointer(0),
            dtype: call.write.dtype,
            width,
        };
        o.reads.extend(call.reads[data..].iter().map(|r| r.layout.clone()));
        for (i, r) in call.reads.iter().enumerate() {
            let ty = if i < data { unit(r) } else { r.ty() };
            let pointer = o.operand(i, r, ty, false);
            o.p.push(pointer);
        }
        o.q = o.result(0, call.write, unit(call.write), false);
        o
    }

    /// A thread for each element of `sizes`: its number and its coordinates.
    fn each(&mut self, sizes: &[usize]) -> (Expr, Vec<Expr>) {
        let all: usize = sizes.iter().product();
        let count = self.extent("count", all);
        self.kernel.launch.grid[0] = all.div_ceil(THREADS).max(1);
        let i = self.set("i", Type::INDEX, Expr::Block(0).index() * THREADS + Expr::Thread);
        self.push(Stmt::Exit(i.clone().ge(count)));
        let at = self.coordinates(&i, sizes);
        (i, at)
    }

    /// The coordinates of the linear index `i`.
    fn coordinates(&mut self, i: &Expr, sizes: &[usize]) -> Vec<Expr> {
        (0..sizes.len())
            .map(|d| {
                if sizes[d] == 1 {
                    return Expr::Num(0);
                }
                let over = i.clone() / sizes[d + 1..].iter().product::<usize>().max(1);
                let first = sizes[..d].iter().all(|&n| n == 1);
                self.set(format!("c{d}"), Type::INDEX, if first { over } else { over % sizes[d] })
            })
            .collect()
    }

    /// The element of operand `i` at coordinates `at`, as it lies in memory.
    fn load(&self, i: usize, at: &[Expr]) -> Expr {
        Expr::Load(self.p[i], Box::new(address(&self.reads[i], at)))
    }

    /// The same, widened to the type that sums run in.
    fn term(&self, i: usize, at: &[Expr]) -> Expr {
        self.load(i, at).wide().cast(long_sum(self.dtype))
    }

    /// A sum as it lies in memory.
    fn rounded(&self, sum: impl Into<Expr>) -> Expr {
        Expr::As(self.dtype, Box::new(sum.into().cast(Type::computed(self.dtype))))
    }

    fn finish(mut self) -> Kernel {
        self.kernel.body = self.open.pop().unwrap_or_default();
        self.kernel
    }
}

/// The element at coordinates `at`.
fn address(l: &Layout, at: &[Expr]) -> Expr {
    let terms = at.iter().zip(&l.strides).zip(&l.sizes).filter(|(_, n)| **n != 1);
    terms.fold(Expr::Num(0), |sum, ((c, s), _)| sum + c.clone() * *s)
}

/// Coordinates with that of `axis` replaced.
fn with(at: &[Expr], axis: usize, c: Expr) -> Vec<Expr> {
    let mut list = at.to_vec();
    list[axis] = c;
    list
}

/// A key made of a key: two words of one Philox block, a thread each.
fn key(mut o: Opaque, counter: Expr, stream: u32) -> Kernel {
    let step = o.reads[0].strides[0];
    let block = Expr::Philox { key: o.p[0], step, at: Box::new(counter), stream };
    let words = o.set("w", Type { scalar: Scalar::Words, lanes: 1 }, block);
    let word = |k: usize| Box::new(Expr::Word(Box::new(words.clone()), k));
    let own = Expr::If(Box::new(Expr::Thread.is(0)), word(0), word(1));
    o.push(Stmt::Store(o.q, Expr::Thread, own));
    o.kernel.launch.threads = 2;
    o.finish()
}

fn derive(call: Call<'_>, counter: Expr, stream: u32) -> Kernel {
    key(Opaque::new(call, 1, 0), counter, stream)
}

fn derive_at(call: Call<'_>) -> Kernel {
    let o = Opaque::new(call, 1, 0);
    let data = Expr::Load(o.p[1], Box::new(Expr::Num(0)));
    let counter = data.cast(Type { scalar: Scalar::U64, lanes: 1 });
    key(o, counter, 3)
}

/// The matrix product of what the library does not take, integers above all: one thread an element.
fn matmul(call: Call<'_>) -> Kernel {
    let mut o = Opaque::new(call, 1, 0);
    let sizes = o.write.sizes.clone();
    let rank = sizes.len();
    let (_, c) = o.each(&sizes);
    let ty = long_sum(o.dtype);
    let inner = o.reads[0].sizes[o.reads[0].sizes.len() - 1];
    let sum = o.mutable("sum", ty, Expr::Num(0));
    let k = o.var("k", Type::INDEX);
    let body = o.block(|o| {
        let lead = |i: usize| c[rank - o.reads[i].sizes.len()..rank - 2].to_vec();
        let a = o.term(0, &[lead(0), vec![c[rank - 2].clone(), k.into()]].concat());
        let b = o.term(1, &[lead(1), vec![k.into(), c[rank - 1].clone()]].concat());
        o.push(Stmt::Assign(sum, Expr::Var(sum) + a * b));
    });
    o.repeat(k, Expr::Num(0), inner.into(), Expr::Num(1), Unroll::Free, body);
    if o.reads.len() > 2 {
        let bias = o.term(2, &[c[rank - 1].clone()]);
        o.push(Stmt::Assign(sum, Expr::Var(sum) + bias));
    }
    let (to, value) = (address(&o.write, &c), o.rounded(sum));
    o.push(Stmt::Store(o.q, to, value));
    o.finish()
}
