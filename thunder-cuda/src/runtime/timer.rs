//! Measures the time of device work for benchmarks, with events, a cold cache, and hidden launch overhead.

use super::{Gpu, check, cu};
use crate::codegen::{Arg, Kernel};
use std::sync::Arc;
use thunder_core::error::Error;
use thunder_core::kernel::schedule::Launch;

/// Measures runs on a device as `peers.py` does. Before each run it reads 256 MiB, which evicts the operands from the
/// second-level cache, and lets the device spin for about a millisecond, which hides the launch overhead.
pub struct Timer {
    gpu: Arc<Gpu>,
    events: [cu::CUevent; 2],
    flush: super::compiler::Function,
    spin: super::compiler::Function,
    memory: super::DeviceBuffer,
}

const FLUSH: usize = 256 << 20;

const SOURCE: &str = r#"
extern "C" __global__ void flush(const uint4* p, unsigned n, unsigned* out) {
    unsigned sum = 0;
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        const uint4 v = p[i];
        sum ^= v.x ^ v.y ^ v.z ^ v.w;
    }
    if (sum == 0x12345678u) *out = sum;
}
extern "C" __global__ void spin(unsigned cycles) {
    const long long start = clock64();
    while (clock64() - start < cycles) {}
}
"#;

impl Timer {
    pub(crate) fn new(gpu: &Arc<Gpu>) -> Result<Timer, Error> {
        super::symbols::timer()?;
        let kernel = |entry: &str| Kernel {
            entry: entry.into(),
            source: SOURCE.into(),
            args: vec![Arg::Scratch],
            launch: Launch::new([1; 3], 1),
            loops: None,
        };
        let functions = gpu.functions(&[&kernel("flush"), &kernel("spin")])?;
        let memory = gpu.allocate(FLUSH)?;
        gpu.clear(memory.ptr, FLUSH)?;
        let mut events = [std::ptr::null_mut(); 2];
        for e in &mut events {
            // SAFETY: writes a new event.
            check(unsafe { cu::cuEventCreate(e, 0) }, "making an event")?;
        }
        Ok(Timer { gpu: gpu.clone(), events, flush: functions[0], spin: functions[1], memory })
    }

    /// The median milliseconds of `repeats` runs of `work`.
    ///
    /// # Errors
    /// The error of `work`, or a device failure.
    pub fn median(&self, repeats: usize, mut work: impl FnMut() -> Result<(), Error>) -> Result<f32, Error> {
        let mut times = Vec::new();
        for _ in 0..3 {
            work()?;
        }
        for _ in 0..repeats {
            self.gpu.enter()?;
            let (mut p, mut n, mut out) = (self.memory.ptr, (FLUSH / 16) as u32, self.memory.ptr);
            let mut cycles = 1_700_000u32;
            let mut first: [*mut std::ffi::c_void; 3] =
                [(&raw mut p).cast(), (&raw mut n).cast(), (&raw mut out).cast()];
            let mut second: [*mut std::ffi::c_void; 1] = [(&raw mut cycles).cast()];
            let blocks = self.gpu.target.resident(256) as u32;
            let (stream, none) = (self.gpu.stream, std::ptr::null_mut());
            // SAFETY: the arguments are those of the kernels above, and live until the calls return.
            unsafe {
                let list = first.as_mut_ptr();
                check(
                    cu::cuLaunchKernel(self.flush.0, blocks, 1, 1, 256, 1, 1, 0, stream, list, none),
                    "flushing",
                )?;
                let list = second.as_mut_ptr();
                check(cu::cuLaunchKernel(self.spin.0, 1, 1, 1, 1, 1, 1, 0, stream, list, none), "spinning")?;
                check(cu::cuEventRecord(self.events[0], stream), "recording")?;
            }
            work()?;
            let mut ms = 0.0;
            // SAFETY: both events are recorded, and the stream is waited for.
            unsafe {
                check(cu::cuEventRecord(self.events[1], stream), "recording")?;
                self.gpu.synchronize()?;
                check(cu::cuEventElapsedTime_v2(&mut ms, self.events[0], self.events[1]), "timing")?;
            }
            times.push(ms);
        }
        times.sort_by(f32::total_cmp);
        Ok(times[times.len() / 2])
    }

    /// The median milliseconds of a copy of `bytes` bytes on the device.
    ///
    /// # Errors
    /// Out of memory, or a device failure.
    pub fn copy(&self, bytes: usize, repeats: usize) -> Result<f32, Error> {
        let (from, to) = (self.gpu.allocate(bytes)?, self.gpu.allocate(bytes)?);
        self.gpu.clear(from.ptr, bytes)?;
        self.median(repeats, || {
            // SAFETY: both blocks have these bytes.
            check(unsafe { cu::cuMemcpyDtoDAsync_v2(to.ptr, from.ptr, bytes, self.gpu.stream) }, "copying")
        })
    }
}
