//! Operands and results in memory. Their addresses are those of their first elements, the offset of a view
//! included, so that no kernel can forget it; the rest is reached through a layout: a [`Tensor`]'s here, an
//! `Access` in a register program, the steps of a matrix in a product.

use super::kernels::convert;
use crate::exec::Place;
use crate::op::{Elements, ElementsMut, Input, Output};
use crate::types::DType;
use std::ops::Range;

/// The first elements of a step's operands, then of its results, shared by the threads that run it.
#[derive(Clone, Copy)]
pub(super) struct Pointers<'a>(&'a [*mut u8]);

impl<'a> Pointers<'a> {
    /// Of these addresses.
    pub fn new(first: &'a [*mut u8]) -> Pointers<'a> {
        Pointers(first)
    }

    /// The first element of operand or result `i`.
    pub fn first(&self, i: usize) -> *mut u8 {
        self.0[i]
    }
}

// SAFETY: threads read operands, which nothing writes meanwhile, and write disjoint parts of the results.
unsafe impl Sync for Pointers<'_> {}
// SAFETY: as above.
unsafe impl Send for Pointers<'_> {}

/// The elements of a tensor by their type.
macro_rules! elements {
    ($kind:ident, $f:ident($x:expr)) => {
        match $x.dtype() {
            DType::F64 => $kind::F64($f($x)),
            DType::F32 => $kind::F32($f($x)),
            DType::F16 => $kind::F16($f($x)),
            DType::BF16 => $kind::BF16($f($x)),
            DType::I64 => $kind::I64($f($x)),
            DType::I32 => $kind::I32($f($x)),
            DType::U32 => $kind::U32($f($x)),
            DType::U8 => $kind::U8($f($x)),
            DType::Bool => $kind::Bool($f($x)),
        }
    };
}

/// # Safety
/// As of [`Tensor::input`], and `T` must be the type of the elements.
unsafe fn slice<'a, T>(x: &Tensor<'a>) -> &'a [T] {
    // An empty tensor may have no memory.
    if x.count() == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(x.first as *const T, x.count()) }
}

/// # Safety
/// As of [`Tensor::output`], and `T` must be the type of the elements.
unsafe fn slice_mut<'a, T>(x: &Tensor<'a>) -> &'a mut [T] {
    if x.count() == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(x.first as *mut T, x.count()) }
}

/// An operand or a result of an operation with a kernel of its own.
#[derive(Clone, Copy)]
pub(super) struct Tensor<'a> {
    first: *mut u8,
    place: &'a Place,
}

// SAFETY: as for `Pointers`.
unsafe impl Sync for Tensor<'_> {}
// SAFETY: as above.
unsafe impl Send for Tensor<'_> {}

impl<'a> Tensor<'a> {
    /// The tensor at `place`, whose first element lies at `first`.
    pub fn new(first: *mut u8, place: &'a Place) -> Tensor<'a> {
        Tensor { first, place }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.place.dtype
    }

    /// The extents.
    pub fn sizes(&self) -> &'a [usize] {
        &self.place.layout.sizes
    }

    /// The step between neighbours along each dimension, in elements.
    pub fn strides(&self) -> &'a [usize] {
        &self.place.layout.strides
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.place.layout.count()
    }

    /// The address `elements` elements after the first one.
    pub fn at(&self, elements: usize) -> *mut u8 {
        self.first.wrapping_add(elements * self.dtype().size())
    }

    /// How many elements after the first one each element lies whose other coordinates are 0, in row-major order of
    /// the dimensions `dims`.
    pub fn offsets(&self, dims: Range<usize>) -> Vec<usize> {
        let mut all = vec![0];
        for d in dims {
            let (n, step) = (self.sizes()[d], self.strides()[d]);
            all = all.iter().flat_map(|&at| (0..n).map(move |i| at + i * step)).collect();
        }
        all
    }

    /// The integer `elements` elements after the first one.
    ///
    /// # Safety
    /// There must be such an element.
    pub unsafe fn integer(&self, elements: usize) -> i64 {
        let p = self.at(elements);
        // SAFETY: the caller's promise.
        unsafe {
            match self.dtype() {
                DType::I64 => *(p as *const i64),
                DType::I32 => *(p as *const i32) as i64,
                DType::U32 => *(p as *const u32) as i64,
                _ => *p as i64,
            }
        }
    }

    /// The element `elements` elements after the first one, in register form.
    ///
    /// # Safety
    /// There must be such an element, and `T` be the register type of its type.
    pub unsafe fn read<T: Default>(&self, elements: usize) -> T {
        let mut x = T::default();
        // SAFETY: the caller's promise.
        unsafe { convert::load(self.dtype(), &raw mut x as *mut u8, self.at(elements), 1, 1) };
        x
    }

    /// The elements of a row-major tensor, for a kernel of the user's.
    ///
    /// # Safety
    /// It must be row-major, with its elements in memory, which nothing writes during `'a`.
    pub unsafe fn input(&self) -> Input<'a> {
        // SAFETY: the caller's promise.
        let elements = unsafe { elements!(Elements, slice(self)) };
        Input { shape: self.sizes(), elements }
    }

    /// The elements of a row-major tensor, to be written by a kernel of the user's.
    ///
    /// # Safety
    /// It must be row-major, with its elements in memory, which nothing else uses during `'a`.
    pub unsafe fn output(&self) -> Output<'a> {
        // SAFETY: the caller's promise.
        let elements = unsafe { elements!(ElementsMut, slice_mut(self)) };
        Output { shape: self.sizes(), elements }
    }

    /// Whether results can be taken over in place: the same memory under the same layout.
    pub fn is(&self, other: &Tensor<'_>) -> bool {
        self.first == other.first && self.place.layout.strides == other.place.layout.strides
    }
}
