//! Each rule, by a kernel that breaks it.

use super::verify;
use crate::kernel::ir::{ArrayInfo, Expr, Kernel, Note, Space, Stmt, Type, Var};
use crate::kernel::lower::lower;
use crate::kernel::nest::{Nest, Operand};
use crate::kernel::region::{self, Region};
use crate::kernel::target::Gpu;
use crate::kernel::{choose, layout::Layout};
use crate::op::{Flag, Op};
use crate::trace::{Builder, Trace};
use crate::types::{Axes, DType, Ty};

/// The kernel that adds up `f32[rows, n]` along `axis`.
fn sum(rows: usize, n: usize, axis: i32) -> Kernel {
    let mut trace = Trace::new("sum");
    let x = trace.param("x", Ty::of(DType::F32, &[rows, n]));
    let mut b = Builder::new(&mut trace);
    let y = b.op(Op::Sum { axes: Axes::new(&[axis]), keepdim: Flag::No }, &[x]);
    let inst = b.finish()[0];
    let kept = trace.ty(y).sizes();
    kernel(&region::of_op(&trace, inst).expect("a region"), &[x], &[rows, n], &kept)
}

fn kernel(region: &Region, params: &[crate::trace::Value], from: &[usize], to: &[usize]) -> Kernel {
    let operand = |sizes: &[usize]| Operand { dtype: DType::F32, layout: Layout::contiguous(sizes) };
    let nest = Nest::new(region, params, vec![operand(from)], vec![operand(to)], &[None]);
    let schedule = &choose::gpu(&nest, &Gpu::H100)[0];
    let kernel = lower(&nest, schedule);
    verify(&kernel, &Gpu::H100).unwrap_or_else(|e| panic!("{e}\n{kernel}"));
    kernel
}

/// A kernel that copies 1000 elements.
fn copy() -> Kernel {
    let mut trace = Trace::new("copy");
    let x = trace.param("x", Ty::of(DType::F32, &[1000]));
    kernel(&region::copy(x, DType::F32, &[1000], &[1]), &[x], &[1000], &[1000])
}

#[track_caller]
fn refused(kernel: &Kernel, because: &str) {
    let error = verify(kernel, &Gpu::H100).expect_err(because);
    assert!(error.contains(because), "{error}\n{kernel}");
}

#[test]
fn memory_is_read_and_written_inside() {
    let mut k = copy();
    k.body.retain(|s| !matches!(s, Stmt::Exit(_)));
    refused(&k, "`p0` has 1000 elements");
    let mut k = sum(64, 1000, 1);
    k.pointers[1].elements = 63;
    refused(&k, "`q0` has 63 elements");
    for (rows, axis) in [(4, 1), (100_000, 0)] {
        let mut k = sum(rows, 100_000, axis);
        assert!(k.launch.scratch > 0 || k.launch.grid[0] > 100, "{k}");
        k.launch.scratch = k.launch.scratch.saturating_sub(8);
        if k.launch.counters > 0 {
            refused(&k, "elements; 1 are read or written");
        }
    }
}

#[test]
fn a_result_has_one_writer() {
    let mut k = copy();
    let last = k.body[k.body.len() - 1].clone();
    k.body.push(last);
    refused(&k, "`q0` is written twice");
    // Every thread of a row would store its sum.
    let mut k = sum(64, 1000, 1);
    let Some(Stmt::If(_, body)) = k.body.pop() else { panic!("the first thread stores: {k}") };
    k.body.extend(body);
    refused(&k, "every thread of a block writes one element of `q0`");
}

#[test]
fn all_threads_reach_a_barrier() {
    let mut k = copy();
    k.body.push(Stmt::Barrier);
    refused(&k, "a barrier stands where only some threads of a block are");
    let mut k = sum(64, 1000, 1);
    let body = std::mem::take(&mut k.body);
    k.body = vec![Stmt::If(Expr::Thread.lt(7), body)];
    refused(&k, "a reduction across threads stands where only some threads of a block are");
}

#[test]
fn variables_are_defined_once_and_seen() {
    let mut k = copy();
    let Stmt::Let(v, value, _) = k.body[0].clone() else { panic!("an index first: {k}") };
    k.body.insert(1, Stmt::Let(v, value, Note::None));
    refused(&k, "`i` is defined where it is in sight already");
    let mut k = copy();
    k.body.remove(0);
    refused(&k, "`i` is used where it is not in sight");
    let mut k = copy();
    k.body.insert(1, Stmt::Assign(Var(1), Expr::Num(0)));
    refused(&k, "`i` is assigned, but is no mutable variable");
}

#[test]
fn a_block_fits_the_device() {
    let mut k = copy();
    k.launch.threads = 2048;
    refused(&k, "2048 threads a block");
    let mut k = copy();
    k.launch.shared = 300 << 10;
    refused(&k, "307200 more do not fit a block");
    let mut k = copy();
    let extents = vec![64, 1000];
    k.arrays.push(ArrayInfo {
        name: "tile".into(),
        space: Space::Shared,
        ty: Type::elem(DType::F32),
        extents,
        most: None,
    });
    refused(&k, "256000 bytes of shared memory");
}
