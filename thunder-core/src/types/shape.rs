//! Shapes and tensor types.

use super::{DType, Elem, Extent};
use std::collections::HashSet;
use std::sync::{LazyLock, RwLock};

/// The greatest rank inside a trace.
pub const MAX_RANK: usize = 8;

/// An axis as the user wrote it. A negative axis counts from the end. It is [`Axis::UNKNOWN`] if it is not a literal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Axis(pub i32);

impl Axis {
    /// An axis that the macro does not know.
    pub const UNKNOWN: Axis = Axis(i32::MIN);

    /// The axis counted from the front for `rank` dimensions; `None` if it is out of range or unknown.
    pub const fn resolve(self, rank: usize) -> Option<usize> {
        let at = if self.0 < 0 { self.0 as isize + rank as isize } else { self.0 as isize };
        if self.0 == i32::MIN || at < 0 || at >= rank as isize { None } else { Some(at as usize) }
    }
}

/// A short list of axes: what to reduce over, or a permutation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Axes {
    len: u8,
    at: [i32; MAX_RANK],
}

impl Axes {
    /// A list that the macro does not know.
    pub const UNKNOWN: Axes = Axes { len: u8::MAX, at: [0; MAX_RANK] };
    /// Every axis.
    pub const ALL: Axes = Axes { len: u8::MAX - 1, at: [0; MAX_RANK] };

    /// The list of these axes. More than [`MAX_RANK`] axes give the unknown list.
    pub const fn new(axes: &[i32]) -> Axes {
        if axes.len() > MAX_RANK {
            return Axes::UNKNOWN;
        }
        let mut at = [0; MAX_RANK];
        let mut i = 0;
        while i < axes.len() {
            at[i] = axes[i];
            i += 1;
        }
        Axes { len: axes.len() as u8, at }
    }

    /// The list of these axes, which are counted from the front.
    pub fn from_usize(axes: impl IntoIterator<Item = usize>) -> Axes {
        let list: Vec<i32> = axes.into_iter().map(|a| a as i32).collect();
        Axes::new(&list)
    }

    /// Whether this is the unknown list.
    pub const fn is_unknown(&self) -> bool {
        self.len == u8::MAX
    }

    /// Whether this is the list of all axes.
    pub const fn is_all(&self) -> bool {
        self.len == u8::MAX - 1
    }

    /// The number of axes, for a shape of rank `rank`.
    pub const fn len(&self, rank: usize) -> usize {
        if self.is_all() { rank } else { self.len as usize }
    }

    /// The `i`th axis as written.
    pub const fn axis(&self, i: usize) -> Axis {
        if self.is_all() { Axis(i as i32) } else { Axis(self.at[i]) }
    }

    /// Whether axis `at`, counted from the front, is in the list for a shape of rank `rank`.
    pub const fn contains(&self, at: usize, rank: usize) -> bool {
        let mut i = 0;
        while i < self.len(rank) {
            if matches!(self.axis(i).resolve(rank), Some(a) if a == at) {
                return true;
            }
            i += 1;
        }
        false
    }

    /// The axes counted from the front, in the given order, without those out of range.
    pub fn resolved(&self, rank: usize) -> Vec<usize> {
        (0..self.len(rank)).filter_map(|i| self.axis(i).resolve(rank)).collect()
    }
}

/// A shape: the leading dimensions of a generic `S: Shape`, if there is one, then the stated extents.
///
/// ```
/// use thunder_core::types::{Axis, Extent, Shape};
/// let s = Shape::of(&[2, 3]).push(Extent::new(4));
/// assert_eq!((s.count(), s.get(Axis(-1))), (24, Extent::new(4)));
/// assert_eq!(format!("{s:?}"), "(2, 3, 4)");
/// ```
#[derive(Clone, Copy, Eq)]
pub struct Shape {
    rank: u8,
    /// The generic shape variable in front (index plus one), or 0.
    pub lead: u8,
    dims: [Extent; MAX_RANK],
}

impl Shape {
    /// A shape of unknown rank and extents.
    pub const UNKNOWN: Shape = Shape { rank: u8::MAX, lead: 0, dims: [Extent::UNKNOWN; MAX_RANK] };
    /// The shape of a scalar.
    pub const SCALAR: Shape = Shape::new(&[]);

    /// The shape with these extents. More than [`MAX_RANK`] extents give the unknown shape.
    pub const fn new(dims: &[Extent]) -> Shape {
        let mut s = Shape { rank: 0, lead: 0, dims: [Extent::UNKNOWN; MAX_RANK] };
        if dims.len() > MAX_RANK {
            return Shape::UNKNOWN;
        }
        let mut i = 0;
        while i < dims.len() {
            s.dims[i] = dims[i];
            i += 1;
        }
        s.rank = dims.len() as u8;
        s
    }

    /// The shape with these concrete extents.
    pub const fn of(dims: &[usize]) -> Shape {
        let mut s = Shape { rank: 0, lead: 0, dims: [Extent::UNKNOWN; MAX_RANK] };
        if dims.len() > MAX_RANK {
            return Shape::UNKNOWN;
        }
        let mut i = 0;
        while i < dims.len() {
            s.dims[i] = Extent::new(dims[i]);
            i += 1;
        }
        s.rank = dims.len() as u8;
        s
    }

    /// A shape of known rank and unknown extents.
    pub const fn of_rank(rank: usize) -> Shape {
        Shape { rank: rank as u8, lead: 0, dims: [Extent::UNKNOWN; MAX_RANK] }
    }

    /// The same shape behind the generic leading dimensions `v`.
    pub const fn with_lead(mut self, v: u8) -> Shape {
        self.lead = v + 1;
        self
    }

    /// Whether the rank is unknown.
    pub const fn is_unknown(&self) -> bool {
        self.rank == u8::MAX
    }

    /// The number of stated dimensions, without generic leading ones.
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// Whether the rank and the generic leading dimensions are the same as in `other`.
    pub const fn is_like(&self, other: &Shape) -> bool {
        self.rank == other.rank && self.lead == other.lead
    }

    /// The `i`th stated extent.
    pub const fn at(&self, i: usize) -> Extent {
        self.dims[i]
    }

    /// The extent at `axis`; unknown if there is no such axis.
    pub const fn get(&self, axis: Axis) -> Extent {
        if self.is_unknown() || (self.lead != 0 && axis.0 >= 0) {
            return Extent::UNKNOWN;
        }
        match axis.resolve(self.rank()) {
            Some(i) => self.dims[i],
            None => Extent::UNKNOWN,
        }
    }

    /// The shape with extent `e` at position `i`.
    pub const fn with(mut self, i: usize, e: Extent) -> Shape {
        self.dims[i] = e;
        self
    }

    /// The shape with `e` appended.
    pub const fn push(mut self, e: Extent) -> Shape {
        if self.is_unknown() || self.rank() == MAX_RANK {
            return Shape::UNKNOWN;
        }
        self.dims[self.rank()] = e;
        self.rank += 1;
        self
    }

    /// The shape with `e` inserted before position `at`.
    pub const fn insert(self, at: usize, e: Extent) -> Shape {
        let mut out = Shape { rank: 0, lead: self.lead, dims: [Extent::UNKNOWN; MAX_RANK] };
        let mut i = 0;
        while i <= self.rank() {
            if i == at {
                out = out.push(e);
            }
            if i < self.rank() {
                out = out.push(self.dims[i]);
            }
            i += 1;
        }
        out
    }

    /// The shape without position `at`.
    pub const fn remove(self, at: usize) -> Shape {
        let mut out = Shape { rank: 0, lead: self.lead, dims: [Extent::UNKNOWN; MAX_RANK] };
        let mut i = 0;
        while i < self.rank() {
            if i != at {
                out = out.push(self.dims[i]);
            }
            i += 1;
        }
        out
    }

    /// The number of elements; unknown if an extent is unknown, or if there are generic leading dimensions.
    pub const fn elems(&self) -> Extent {
        if self.is_unknown() || self.lead != 0 {
            return Extent::UNKNOWN;
        }
        let mut n = Extent::ONE;
        let mut i = 0;
        while i < self.rank() {
            n = n.mul(self.dims[i]);
            i += 1;
        }
        n
    }

    /// The extents.
    pub fn dims(&self) -> &[Extent] {
        &self.dims[..if self.is_unknown() { 0 } else { self.rank() }]
    }

    /// The extents as numbers.
    ///
    /// # Panics
    /// If one is not a number; in a linked trace all are.
    pub fn sizes(&self) -> Vec<usize> {
        self.dims().iter().map(|d| d.value().expect("a linked trace has concrete extents")).collect()
    }

    /// The number of elements, in a linked trace.
    ///
    /// # Panics
    /// If an extent is not a number; in a linked trace all are.
    pub fn count(&self) -> usize {
        self.dims().iter().map(|d| d.value().expect("a linked trace has concrete extents")).product()
    }

    /// Whether a tensor with elements of `size` bytes and these extents is addressable: the product of `size` and all
    /// extents except zeros is at most `isize::MAX`. Strides are such products, also in an empty tensor.
    ///
    /// ```
    /// use thunder_core::types::Shape;
    /// assert!(Shape::fits(&[0, 5], 4));
    /// assert!(!Shape::fits(&[0, usize::MAX], 4));
    /// ```
    pub fn fits(sizes: &[usize], size: usize) -> bool {
        let bytes = sizes.iter().filter(|&&n| n > 0).try_fold(size, |all, &n| all.checked_mul(n));
        bytes.is_some_and(|n| n <= isize::MAX as usize)
    }

    /// The shape with the variables in its extents replaced by `bindings`.
    pub const fn substitute(mut self, bindings: &[Extent]) -> Shape {
        if self.is_unknown() {
            return self;
        }
        let mut i = 0;
        while i < self.rank() {
            self.dims[i] = self.dims[i].substitute(bindings);
            i += 1;
        }
        self
    }
}

/// Only the stated extents are compared, because the unused ones are all equal and shapes are compared often.
impl PartialEq for Shape {
    fn eq(&self, other: &Shape) -> bool {
        self.is_like(other) && self.dims() == other.dims()
    }
}

impl std::hash::Hash for Shape {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.rank, self.lead).hash(state);
        self.dims().iter().for_each(|d| d.hash(state));
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(super::Text::new().shape(self, &[]).as_str())
    }
}

/// The type of a value in a trace: an element type and a shape.
///
/// ```
/// use thunder_core::types::{DType, Ty};
/// let ty = Ty::of(DType::BF16, &[2, 3]);
/// assert_eq!((ty.to_string().as_str(), ty.bytes()), ("bf16[2, 3]", 12));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ty {
    /// The element type.
    pub elem: Elem,
    /// The shape.
    pub shape: Shape,
}

impl Ty {
    /// The unknown type.
    pub const UNKNOWN: Ty = Ty { elem: Elem::Unknown, shape: Shape::UNKNOWN };
    /// A random key: two 32-bit words.
    pub const KEY: Ty = Ty { elem: Elem::Known(DType::U32), shape: Shape::of(&[2]) };

    /// A concrete type.
    pub const fn of(dtype: DType, dims: &[usize]) -> Ty {
        Ty { elem: Elem::Known(dtype), shape: Shape::of(dims) }
    }

    /// The type with this element type and this shape.
    pub const fn new(elem: Elem, shape: Shape) -> Ty {
        Ty { elem, shape }
    }

    /// The same shape with another element type.
    pub const fn with_dtype(self, dtype: DType) -> Ty {
        Ty { elem: Elem::Known(dtype), shape: self.shape }
    }

    /// The element type, in a linked trace.
    ///
    /// # Panics
    /// If it is generic; in a linked trace none is.
    pub fn dtype(&self) -> DType {
        self.elem.known().expect("a linked trace has concrete element types")
    }

    /// The extents as numbers, in a linked trace.
    pub fn sizes(&self) -> Vec<usize> {
        self.shape.sizes()
    }

    /// The number of elements, in a linked trace.
    pub fn count(&self) -> usize {
        self.shape.count()
    }

    /// The size of the value in bytes, in a linked trace.
    pub fn bytes(&self) -> usize {
        self.count() * self.dtype().size()
    }
}

impl std::fmt::Display for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(super::Text::new().ty(self, &[], &[]).as_str())
    }
}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// A handle of a concrete type that is stored once in the process. Calls copy and compare handles.
#[derive(Clone, Copy)]
pub struct TyRef(&'static Ty);

impl TyRef {
    /// The handle of `ty`. A program has few distinct types, and they stay in memory as long as it runs.
    pub fn new(ty: Ty) -> TyRef {
        static KNOWN: LazyLock<RwLock<HashSet<&'static Ty>>> = LazyLock::new(Default::default);
        if let Some(known) = KNOWN.read().unwrap_or_else(|e| e.into_inner()).get(&ty) {
            return TyRef(known);
        }
        let mut known = KNOWN.write().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = known.get(&ty) {
            return TyRef(known);
        }
        let ty: &'static Ty = Box::leak(Box::new(ty));
        known.insert(ty);
        TyRef(ty)
    }

    /// A number that is the same for equal types.
    pub fn id(self) -> u64 {
        std::ptr::from_ref(self.0) as u64
    }
}

impl std::ops::Deref for TyRef {
    type Target = Ty;
    fn deref(&self) -> &Ty {
        self.0
    }
}

impl std::fmt::Display for TyRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
