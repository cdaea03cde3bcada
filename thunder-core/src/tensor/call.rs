//! Operations whose result's type comes from a literal: the macro writes the calls out.

use super::record;
use super::{RawTensor, Shape, Tensor, TensorArg};
use crate::op::{Label, Op, Pattern};
use crate::recorder;
use crate::tensor::rank::stored;
use crate::types::{Axis, Element, Extent, Num};

/// The `index`th of `n` parts along `dim`.
#[track_caller]
fn part<E: Element, S: Shape>(x: &Tensor<E, S>, n: usize, index: usize, dim: i32) -> Tensor<E, S> {
    let op = Op::Chunk { n: Extent::new(n), axis: Axis(stored(dim)), index: Extent::new(index) };
    Tensor::from_raw(record::op(op, &[x.raw()]))
}

/// `x @ w` for each row of `x`, which has any leading dimensions: what `x.matmul(w)` becomes for `x: (S, In)`.
#[track_caller]
pub fn matmul_rows<E: Num, S: Shape, W: TensorArg<E, (usize, usize)>>(
    x: &Tensor<E, S>,
    w: W,
) -> Tensor<E, S> {
    Tensor::from_raw(record::op(Op::Matmul, &[x.raw(), w.flat().raw()]))
}

/// `x @ y` of matrices that have the same leading dimensions: what `x.matmul(y)` becomes for `x: (S, N, K)`.
#[track_caller]
pub fn matmul_each<E: Num, S: Shape, Y: TensorArg<E, S>>(x: &Tensor<E, S>, y: Y) -> Tensor<E, S> {
    Tensor::from_raw(record::op(Op::Matmul, &[x.raw(), y.flat().raw()]))
}

/// `w @ y` of one matrix with those of `y`: what `w.matmul(y)` becomes for `y: (S, K, M)`.
#[track_caller]
pub fn matmul_columns<E: Num, S: Shape, Y: TensorArg<E, S>>(
    w: &Tensor<E, (usize, usize)>,
    y: Y,
) -> Tensor<E, S> {
    Tensor::from_raw(record::op(Op::Matmul, &[w.raw(), y.flat().raw()]))
}

/// The `N` equal parts along `dim`: what `x.chunk(N, dim)` becomes.
#[track_caller]
pub fn chunk<const N: usize, E: Element, S: Shape>(x: &Tensor<E, S>, dim: i32) -> [Tensor<E, S>; N] {
    let mut parts = Vec::with_capacity(N);
    for i in 0..N {
        parts.push(part(x, N, i, dim));
    }
    match parts.try_into() {
        Ok(parts) => parts,
        Err(_) => unreachable!("N parts were made"),
    }
}

/// The `n` equal parts along `dim`, each an iteration of the loop `site`: what `x.chunk_vec(n, dim)` becomes.
#[track_caller]
pub fn chunk_vec<E: Element, S: Shape>(x: &Tensor<E, S>, n: usize, dim: i32, site: u16) -> Vec<Tensor<E, S>> {
    if n == 0 {
        recorder::fail_text::<()>("`chunk_vec`: a tensor is cut into 1 part or more, not 0");
    }
    // Of an empty dimension there are as many parts as one asks for, to a bound.
    let size = x.shape().sizes().into_iter().max().unwrap_or(0);
    if n > size.max(1 << 16) {
        recorder::fail_text::<()>(&format!("`chunk_vec`: {n} parts of a tensor with extents up to {size}"));
        return vec![part(x, 1, 0, dim)];
    }
    let mut parts = Vec::with_capacity(n);
    for i in 0..n {
        recorder::iter(site);
        parts.push(part(x, n, i, dim));
    }
    parts
}

/// What `x.rearrange(|…| …)` becomes.
#[track_caller]
pub fn rearrange<E: Element, S: Shape, Out: Shape>(x: &Tensor<E, S>, pattern: Pattern) -> Tensor<E, Out> {
    let ty = x.raw().ty();
    let mut pattern = pattern;
    if let Some(ty) = ty
        && ty.shape.rank() == pattern.inputs as usize
    {
        pattern.extents = pattern.solve(&ty.shape);
    }
    Tensor::from_raw(record::op(Op::Rearrange { pattern }, &[x.raw()]))
}

/// Operands of an [`einsum`], as a tuple of references.
pub trait Tuple<Shapes> {
    /// The element type.
    type E: Element;
    /// The operands.
    fn raw(&self) -> Vec<RawTensor>;
}

macro_rules! tuples {
    ($(($($s:ident $i:tt),*);)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<El: Element, $($s: Shape),*> Tuple<($($s,)*)> for ($(&Tensor<El, $s>,)*) {
            type E = El;
            fn raw(&self) -> Vec<RawTensor> { vec![$(self.$i.raw().clone()),*] }
        }
    )*};
}

tuples! { (A 0); (A 0, B 1); (A 0, B 1, C 2); }

/// What `einsum("…", &a, &b)` becomes.
#[track_caller]
pub fn einsum<Shapes, Out: Shape, T: Tuple<Shapes>>(spec: &str, operands: T) -> Tensor<T::E, Out> {
    let raw = operands.raw();
    let args: Vec<&RawTensor> = raw.iter().collect();
    Tensor::from_raw(record::op(Op::Einsum { spec: Label::new(spec) }, &args))
}
