//! The CPU executor.
//!
//! Fused regions become small register programs (`program`) that are interpreted tile by tile (`interpret`)
//! through vectorised loops (`kernels`) on all cores (`threads`); matrix products go to the `gemm` crate.
//! Compiling takes microseconds an instruction, since no machine code is made.

mod access;
mod executable;
mod gemm;
mod host;
mod interpret;
mod kernels;
mod memory;
mod operands;
mod ops;
mod program;
mod random;
mod threads;

use crate::error::Error;
use crate::exec::{Backend, Buffer, Executable, Memory, MemoryStats};
use crate::item::Options;
use crate::kernel::target::Target;
use crate::op::Op;
use crate::trace::Trace;
use crate::types::Ty;
use executable::Compiled;
use memory::{HostBuffer, Recycler};
use std::sync::{Arc, LazyLock};

/// The CPU as a device. One for the whole process, so that its memory is recycled between functions.
pub fn backend() -> Arc<dyn Backend> {
    static CPU: LazyLock<Arc<Cpu>> = LazyLock::new(|| Arc::new(Cpu { memory: Arc::default() }));
    CPU.clone()
}

struct Cpu {
    memory: Arc<Recycler>,
}

impl Backend for Cpu {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn target(&self) -> Target {
        Target::Cpu(host::target().clone())
    }

    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error> {
        let buffer = HostBuffer::new(bytes.len(), &self.memory)?;
        // SAFETY: the buffer is new, has this many bytes, and nothing else knows it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.ptr(), bytes.len()) };
        Ok(Arc::new(buffer))
    }

    fn download(&self, buffer: &Buffer, out: &mut [u8]) -> Result<(), Error> {
        let host = HostBuffer::of(buffer)?;
        if out.len() > host.bytes() {
            let message = format!("{} bytes asked of a buffer of {}", out.len(), host.bytes());
            return Err(Error::Backend { device: self.name(), message });
        }
        // SAFETY: the buffer has as many bytes, and whoever writes one holds it alone.
        unsafe { std::ptr::copy_nonoverlapping(host.ptr(), out.as_mut_ptr(), out.len()) };
        Ok(())
    }

    fn fill(&self, element: &[u8], count: usize) -> Result<Buffer, Error> {
        let (one, all) = (element.len(), element.len() * count);
        let buffer = HostBuffer::new(all, &self.memory)?;
        let mut filled = one.min(all);
        // SAFETY: the buffer is new, has room for `all` bytes, and nothing else knows it.
        unsafe { std::ptr::copy_nonoverlapping(element.as_ptr(), buffer.ptr(), filled) };
        while filled < all {
            let more = filled.min(all - filled);
            // SAFETY: `filled + more` bytes are in the buffer, and the two halves are apart.
            unsafe { std::ptr::copy_nonoverlapping(buffer.ptr(), buffer.ptr().add(filled), more) };
            filled += more;
        }
        Ok(Arc::new(buffer))
    }

    fn memory_stats(&self) -> MemoryStats {
        self.memory.stats()
    }

    fn reset_peak_memory(&self) {
        self.memory.reset_peak();
    }

    fn trim(&self) {
        self.memory.trim();
    }

    fn claims(&self, _: &Op, _: &[Ty]) -> bool {
        false
    }

    fn compile(&self, trace: &Trace, donated: &[bool], _: Options) -> Result<Arc<dyn Executable>, Error> {
        Ok(Arc::new(Compiled::new(trace, donated, self.memory.clone())?))
    }
}
