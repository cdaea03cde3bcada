//! What the table knows of an operation that a user defines: its name, its types, and how each executor computes it.

use super::attr::{Attr, AttrRef};
use crate::types::{Extent, Ty};
use half::{bf16, f16};
use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The definition of an operation that a user registers, as a trace holds it; see `thunder::custom`.
pub trait Definition: Any + Sync {
    /// The name, for printed traces and errors.
    fn name(&self) -> &'static str;
    /// How the CPU computes it, if it does.
    fn cpu(&self) -> Option<CpuKernel>;
    /// How CUDA computes it, if it does.
    fn cuda(&self) -> Option<CudaKernel>;
    /// For what reads more of it.
    fn as_any(&self) -> &dyn Any;
}

/// A Rust function that computes the result from the operands, all row-major.
pub type CpuKernel = fn(&[Input<'_>], &mut Output<'_>);

/// A CUDA kernel as source text.
///
/// The source is C++ as NVRTC compiles it, after thunder's own helpers: `f16`, `bf16`, `wide(x)` (a 16-bit float as a
/// `float`) and `as<T>(x)` (rounded to `T`) can be used. It defines `extern "C" __global__ void entry(…)`, which takes a
/// pointer to each operand (`const`), one to the result, then [`CudaLaunch::extents`], each an `unsigned`. Tensors are row-major.
#[derive(Clone, Copy, Debug)]
pub struct CudaKernel {
    /// The name of the kernel in the source.
    pub entry: &'static str,
    /// The source.
    pub source: &'static str,
    /// The launch, from the types of the operands and of the result.
    pub launch: fn(&[Ty], Ty) -> CudaLaunch,
}

/// How a [`CudaKernel`] is launched.
///
/// ```
/// use thunder_core::op::CudaLaunch;
/// let launch = CudaLaunch::each(1000, 256);
/// assert_eq!((launch.grid, launch.threads, launch.extents), ([4, 1, 1], 256, vec![1000]));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CudaLaunch {
    /// Blocks along each dimension.
    pub grid: [usize; 3],
    /// Threads of a block.
    pub threads: u32,
    /// Bytes of dynamic shared memory.
    pub shared: usize,
    /// What follows the pointers among the arguments.
    pub extents: Vec<u32>,
}

impl CudaLaunch {
    /// A thread for each of `count` elements; the kernel takes the count. At least one block.
    pub fn each(count: usize, threads: u32) -> CudaLaunch {
        let blocks = count.div_ceil(threads.max(1) as usize).max(1);
        CudaLaunch { grid: [blocks, 1, 1], threads, shared: 0, extents: vec![count as u32] }
    }
}

/// The elements of an operand, row-major.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Elements<'a> {
    F64(&'a [f64]),
    F32(&'a [f32]),
    F16(&'a [f16]),
    BF16(&'a [bf16]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    U32(&'a [u32]),
    U8(&'a [u8]),
    Bool(&'a [bool]),
}

/// The elements of a result, row-major, to be written.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum ElementsMut<'a> {
    F64(&'a mut [f64]),
    F32(&'a mut [f32]),
    F16(&'a mut [f16]),
    BF16(&'a mut [bf16]),
    I64(&'a mut [i64]),
    I32(&'a mut [i32]),
    U32(&'a mut [u32]),
    U8(&'a mut [u8]),
    Bool(&'a mut [bool]),
}

/// An operand of a [`CpuKernel`].
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The extents.
    pub shape: &'a [usize],
    /// The elements.
    pub elements: Elements<'a>,
}

/// The result of a [`CpuKernel`].
#[derive(Debug)]
pub struct Output<'a> {
    /// The extents.
    pub shape: &'a [usize],
    /// The elements, with any content before.
    pub elements: ElementsMut<'a>,
}

/// A reference to a definition; free in a compile-time trace, where only rustc knows which it is.
#[derive(Clone, Copy)]
pub struct CustomRef(Option<&'static dyn Definition>);

impl CustomRef {
    /// Any operation.
    pub const FREE: CustomRef = CustomRef(None);

    /// The operation that `definition` defines.
    pub const fn new(definition: &'static dyn Definition) -> CustomRef {
        CustomRef(Some(definition))
    }

    /// The definition, in a linked trace.
    pub fn definition(&self) -> Option<&'static dyn Definition> {
        self.0
    }

    /// The operation's name.
    pub fn name(&self) -> &'static str {
        self.0.map_or("_", |d| d.name())
    }

    /// The address of the definition: a static has one.
    fn address(&self) -> usize {
        self.0.map_or(0, |d| std::ptr::from_ref(d).cast::<()>() as usize)
    }
}

impl PartialEq for CustomRef {
    fn eq(&self, other: &CustomRef) -> bool {
        self.address() == other.address() && self.name() == other.name()
    }
}

impl Eq for CustomRef {}

impl Hash for CustomRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl fmt::Debug for CustomRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Attr for CustomRef {
    fn view(&self) -> AttrRef<'_> {
        AttrRef::Custom(*self)
    }
    fn allows(&self, linked: &CustomRef, _: &[Extent]) -> bool {
        self.0.is_none() || self == linked
    }
    fn print(&self, _: &[&str], out: &mut String) {
        out.push_str(self.name());
    }
}
