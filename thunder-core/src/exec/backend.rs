//! The boundary to a device: its memory, and what runs there.

use crate::error::Error;
use crate::item::Options;
use crate::kernel::target::Target;
use crate::op::Op;
use crate::trace::{Loc, Trace};
use crate::types::Ty;
use std::any::Any;
use std::sync::Arc;

/// Memory of a device, shared by the tensors that read it. Unique when one tensor holds it.
pub type Buffer = Arc<dyn Memory>;

/// A block of device memory.
pub trait Memory: Any + Send + Sync {
    /// Its size in bytes.
    fn bytes(&self) -> usize;
    /// For the backend that made it.
    fn as_any(&self) -> &dyn Any;
}

/// What a device's memory is used for, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct MemoryStats {
    /// Held by tensors and by the working memory of calls, as it was allocated: rounded up.
    pub in_use: usize,
    /// The most that was in use at once.
    pub peak: usize,
    /// Taken from the system: what is in use, and what is kept for later calls.
    pub reserved: usize,
}

/// An argument of a run.
pub enum Arg {
    /// Only read.
    Borrowed(Buffer),
    /// May be written over, if nothing else holds it.
    Donated(Buffer),
}

impl Arg {
    /// The buffer.
    pub fn into_buffer(self) -> Buffer {
        match self {
            Arg::Borrowed(buffer) | Arg::Donated(buffer) => buffer,
        }
    }
}

/// A device: where tensors live, and the executors that run there.
pub trait Backend: Send + Sync {
    /// The device's name: `cpu`, `cuda:0`.
    fn name(&self) -> String;
    /// The device, as kernels are chosen for it.
    fn target(&self) -> Target;
    /// Copies host bytes to new device memory.
    ///
    /// # Errors
    /// Out of memory, or a device failure.
    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error>;
    /// Copies a buffer's first bytes to the host, after all work that writes it.
    ///
    /// # Errors
    /// A device failure, or a buffer of another backend.
    fn download(&self, buffer: &Buffer, out: &mut [u8]) -> Result<(), Error>;
    /// New memory with `count` copies of the bytes of one element.
    ///
    /// # Errors
    /// Out of memory, or a device failure.
    fn fill(&self, element: &[u8], count: usize) -> Result<Buffer, Error> {
        self.upload(&element.repeat(count))
    }
    /// Waits for all work that was started on the device; nothing to do where a call does its work itself.
    ///
    /// # Errors
    /// A failure of that work.
    fn synchronize(&self) -> Result<(), Error> {
        Ok(())
    }
    /// The bytes that the device's memory is used for.
    fn memory_stats(&self) -> MemoryStats {
        MemoryStats::default()
    }
    /// Sets the peak of [`Backend::memory_stats`] back to what is in use.
    fn reset_peak_memory(&self) {}
    /// Gives memory that nothing holds back to the system.
    fn trim(&self) {}
    /// Whether an executor here runs this composite whole; otherwise it is decomposed.
    fn claims(&self, op: &Op, args: &[Ty]) -> bool;
    /// Makes a fused trace runnable; `donated` says which parameters may be written over, `options` how it is to be
    /// run, where this backend knows the option.
    ///
    /// # Errors
    /// An operation that nothing here runs, or a failed compilation.
    fn compile(
        &self,
        trace: &Trace,
        donated: &[bool],
        options: Options,
    ) -> Result<Arc<dyn Executable>, Error>;
}

/// A compiled trace.
pub trait Executable: Send + Sync {
    /// Runs it: one argument a parameter, one buffer a result. Safe to call from several threads at once.
    ///
    /// # Errors
    /// Out of memory, with `args` as they were; or a device failure.
    fn run(&self, args: &mut Vec<Arg>) -> Result<Vec<Buffer>, Error>;
    /// The parameters whose memory results take, where nothing else holds it; none for an executable that writes over
    /// nothing.
    fn donors(&self) -> Vec<usize> {
        Vec::new()
    }
    /// What was planned, for `explain`.
    fn report(&self) -> Report;
    /// About how many bytes of memory it keeps for itself while it is in the cache; see
    /// [`Budget`](crate::call::cache::Budget).
    fn held_bytes(&self) -> usize {
        0
    }
}

/// What an executable will do, in numbers.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One entry a launch, in order.
    pub steps: Vec<StepReport>,
    /// Bytes of the arguments.
    pub argument_bytes: usize,
    /// Bytes of the results that get memory of their own: those that take a donated argument's are not among them.
    pub result_bytes: usize,
    /// Bytes of the planned arena, which holds the intermediates.
    pub arena_bytes: usize,
    /// Bytes of arguments, arena and new results together.
    pub peak_bytes: usize,
}

/// One launch.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// What it is: `fused[rows]`, `matmul`.
    pub name: String,
    /// Its results' element types and shapes: `f32[64, 128]`.
    pub results: String,
    /// Its source: generated code, or the program it interprets.
    pub source: String,
    /// The source line that it comes from; of several fused instructions, the first one's.
    pub line: Loc,
    /// Bytes read and written, each tensor once.
    pub bytes: usize,
    /// Floating-point operations.
    pub flops: usize,
}
