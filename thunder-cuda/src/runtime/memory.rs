//! Device memory. Freed blocks are cached and used again, because an allocation by the driver stops the device.

use super::{Gpu, check, cu};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use thunder_core::error::Error;
use thunder_core::exec::{Buffer, Memory, MemoryStats};

/// Unused blocks, by size.
#[derive(Default)]
pub(super) struct Pool {
    free: BTreeMap<usize, Vec<cu::CUdeviceptr>>,
    stats: MemoryStats,
}

impl Pool {
    /// Takes back a block that nothing holds any more.
    fn give(&mut self, capacity: usize, ptr: cu::CUdeviceptr) {
        self.stats.in_use -= capacity;
        self.free.entry(capacity).or_default().push(ptr);
    }
}

/// A block of device memory, which returns to the pool when dropped. Work that still uses it is earlier in the stream than
/// the work of its next owner.
pub(crate) struct DeviceBuffer {
    pub ptr: cu::CUdeviceptr,
    bytes: usize,
    capacity: usize,
    gpu: Arc<Gpu>,
}

impl Memory for DeviceBuffer {
    fn bytes(&self) -> usize {
        self.bytes
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Drop for DeviceBuffer {
    fn drop(&mut self) {
        if let Ok(mut pool) = self.gpu.pool.lock() {
            pool.give(self.capacity, self.ptr);
        }
    }
}

impl DeviceBuffer {
    /// The device memory behind a buffer of device `gpu`.
    pub fn of<'a>(buffer: &'a Buffer, gpu: &Gpu) -> Result<&'a DeviceBuffer, Error> {
        match buffer.as_any().downcast_ref::<DeviceBuffer>() {
            Some(b) if b.gpu.ordinal == gpu.ordinal => Ok(b),
            _ => Err(super::absent("a buffer of another device")),
        }
    }
}

/// Rounds a size, so that a freed block fits later requests.
fn rounded(bytes: usize) -> usize {
    match bytes {
        0..=512 => 512,
        b if b <= 1 << 20 => b.next_power_of_two(),
        b => b.next_multiple_of(2 << 20),
    }
}

/// The memory for intermediate values, shared by all calls on a device: one block, as large as the largest call needs.
#[derive(Default)]
pub(super) struct Arena {
    ptr: cu::CUdeviceptr,
    capacity: usize,
}

impl Arena {
    /// The address of at least `bytes` bytes. It is valid until a call needs more, or unused memory is freed.
    pub fn of(&mut self, gpu: &Gpu, bytes: usize) -> Result<cu::CUdeviceptr, Error> {
        if self.capacity < bytes {
            let old = std::mem::take(self);
            if old.capacity > 0 {
                // Work that still uses it is earlier in the stream than the work of its next owner.
                let mut pool = gpu.pool.lock().map_err(|_| super::absent("the memory pool is broken"))?;
                pool.give(old.capacity, old.ptr);
            }
            let (capacity, ptr) = gpu.block(bytes)?;
            *self = Arena { ptr, capacity };
        }
        Ok(self.ptr)
    }
}

impl Gpu {
    /// Uninitialised memory of `bytes` bytes.
    pub fn allocate(self: &Arc<Gpu>, bytes: usize) -> Result<DeviceBuffer, Error> {
        let (capacity, ptr) = self.block(bytes)?;
        Ok(DeviceBuffer { ptr, bytes, capacity, gpu: self.clone() })
    }

    /// A block of at least `bytes` bytes: its size, and its address.
    fn block(&self, bytes: usize) -> Result<(usize, cu::CUdeviceptr), Error> {
        self.enter()?;
        let need = rounded(bytes);
        let mut pool = self.pool.lock().map_err(|_| super::absent("the memory pool is broken"))?;
        // A somewhat larger block is used; a much larger one is left for larger requests.
        let found =
            pool.free.range(need..=need + need / 4).find(|(_, list)| !list.is_empty()).map(|(c, _)| *c);
        let taken = found.and_then(|c| Some((c, pool.free.get_mut(&c)?.pop()?)));
        let block = match taken {
            Some(block) => block,
            None => {
                let block = (need, self.fresh(need, &mut pool)?);
                pool.stats.reserved += need;
                block
            }
        };
        pool.stats.in_use += block.0;
        pool.stats.peak = pool.stats.peak.max(pool.stats.in_use);
        Ok(block)
    }

    /// What device memory is used for.
    pub fn memory_stats(&self) -> MemoryStats {
        self.pool.lock().map(|pool| pool.stats).unwrap_or_default()
    }

    /// Sets the peak back to what is in use.
    pub fn reset_peak_memory(&self) {
        if let Ok(mut pool) = self.pool.lock() {
            pool.stats.peak = pool.stats.in_use;
        }
    }

    /// Returns unused memory to the driver.
    pub fn trim(&self) -> Result<(), Error> {
        self.enter()?;
        let mut pool = self.pool.lock().map_err(|_| super::absent("the memory pool is broken"))?;
        self.free_idle(&mut pool)
    }

    fn free_idle(&self, pool: &mut Pool) -> Result<(), Error> {
        self.synchronize()?;
        let mut blocks: Vec<(usize, cu::CUdeviceptr)> = std::mem::take(&mut pool.free)
            .into_iter()
            .flat_map(|(capacity, list)| list.into_iter().map(move |ptr| (capacity, ptr)))
            .collect();
        // Not while a call starts work in the arena. That call may be the one that needs memory.
        if let Ok(mut arena) = self.arena.try_lock()
            && arena.capacity > 0
        {
            let Arena { ptr, capacity } = std::mem::take(&mut *arena);
            pool.stats.in_use -= capacity;
            blocks.push((capacity, ptr));
        }
        for (capacity, block) in blocks {
            // SAFETY: nothing holds a block of the pool, no call starts work in the arena, and all work is done.
            check(unsafe { cu::cuMemFree_v2(block) }, "freeing memory")?;
            pool.stats.reserved -= capacity;
        }
        Ok(())
    }

    fn fresh(&self, bytes: usize, pool: &mut Pool) -> Result<cu::CUdeviceptr, Error> {
        let mut ptr = 0;
        // SAFETY: writes the address of a new block.
        let mut code = unsafe { cu::cuMemAlloc_v2(&mut ptr, bytes) };
        if code == cu::CUresult::CUDA_ERROR_OUT_OF_MEMORY {
            self.free_idle(pool)?;
            // SAFETY: as above.
            code = unsafe { cu::cuMemAlloc_v2(&mut ptr, bytes) };
        }
        if code == cu::CUresult::CUDA_ERROR_OUT_OF_MEMORY {
            return Err(Error::OutOfMemory { device: format!("cuda:{}", self.ordinal), bytes });
        }
        check(code, "allocating memory")?;
        Ok(ptr)
    }

    /// A new block with `count` copies of one element, of 1, 2, 4 or 8 bytes.
    pub fn fill(self: &Arc<Gpu>, element: &[u8], count: usize) -> Result<DeviceBuffer, Error> {
        let buffer = self.allocate(element.len() * count)?;
        let (to, stream) = (buffer.ptr, self.stream);
        if count == 0 {
            return Ok(buffer);
        }
        // SAFETY: the block has these bytes, and is aligned to 256.
        let code = unsafe {
            match *element {
                [byte] => cu::cuMemsetD8Async(to, byte, count, stream),
                [a, b] => cu::cuMemsetD16Async(to, u16::from_ne_bytes([a, b]), count, stream),
                [a, b, c, d] => cu::cuMemsetD32Async(to, u32::from_ne_bytes([a, b, c, d]), count, stream),
                // Each half of an element is a column of a matrix with rows of 8 bytes.
                [a, b, c, d, e, f, g, h] => {
                    let (low, high) = (u32::from_ne_bytes([a, b, c, d]), u32::from_ne_bytes([e, f, g, h]));
                    if low == high {
                        return check(cu::cuMemsetD32Async(to, low, 2 * count, stream), "filling memory")
                            .map(|()| buffer);
                    }
                    check(cu::cuMemsetD2D32Async(to, 8, low, 1, count, stream), "filling memory")?;
                    cu::cuMemsetD2D32Async(to + 4, 8, high, 1, count, stream)
                }
                _ => return Err(super::absent(&format!("an element of {} bytes", element.len()))),
            }
        };
        check(code, "filling memory")?;
        Ok(buffer)
    }

    /// Writes zeros.
    pub fn clear(&self, ptr: cu::CUdeviceptr, bytes: usize) -> Result<(), Error> {
        self.clear_on(self.stream, ptr, bytes)
    }

    /// Writes zeros, on this stream.
    pub fn clear_on(&self, stream: cu::CUstream, ptr: cu::CUdeviceptr, bytes: usize) -> Result<(), Error> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the caller's block has these bytes.
        check(unsafe { cu::cuMemsetD8Async(ptr, 0, bytes, stream) }, "clearing memory")
    }

    /// Copies from one block to another.
    pub fn copy(&self, to: cu::CUdeviceptr, from: cu::CUdeviceptr, bytes: usize) -> Result<(), Error> {
        // SAFETY: both blocks have these bytes, and the call holds them.
        check(unsafe { cu::cuMemcpyDtoDAsync_v2(to, from, bytes, self.stream) }, "copying")
    }

    /// Copies host bytes to a new block.
    pub fn upload(self: &Arc<Gpu>, bytes: &[u8]) -> Result<DeviceBuffer, Error> {
        let buffer = self.allocate(bytes.len())?;
        let mut staging = self.staging.lock().map_err(|_| super::absent("the staging memory is broken"))?;
        let mut done = 0;
        for chunk in bytes.chunks(Staging::SIZE / 2) {
            let at = staging.room(self, chunk.len())?;
            // SAFETY: `room` gave this much pinned memory that no copy in flight reads, and the block is new.
            unsafe {
                std::ptr::copy_nonoverlapping(chunk.as_ptr(), at, chunk.len());
                let to = buffer.ptr + done as u64;
                check(cu::cuMemcpyHtoDAsync_v2(to, at.cast(), chunk.len(), self.stream), "uploading")?;
            }
            done += chunk.len();
        }
        Ok(buffer)
    }

    /// Copies a block's first bytes to the host, after all work before.
    pub fn download(&self, from: &DeviceBuffer, out: &mut [u8]) -> Result<(), Error> {
        self.enter()?;
        if out.len() > from.bytes {
            let text = format!("{} bytes asked of a buffer of {}", out.len(), from.bytes);
            return Err(super::absent(&text));
        }
        self.download_from(from.ptr, out)
    }

    /// Copies device memory to the host, after all work before.
    pub fn download_from(&self, from: cu::CUdeviceptr, out: &mut [u8]) -> Result<(), Error> {
        let mut staging = self.staging.lock().map_err(|_| super::absent("the staging memory is broken"))?;
        let mut done = 0;
        for chunk in out.chunks_mut(Staging::SIZE) {
            self.synchronize()?;
            staging.at = 0;
            let at = staging.room(self, chunk.len())?;
            // SAFETY: the block has these bytes, and the pinned memory is free after the wait above.
            unsafe {
                check(
                    cu::cuMemcpyDtoHAsync_v2(at.cast(), from + done as u64, chunk.len(), self.stream),
                    "downloading",
                )?;
                self.synchronize()?;
                std::ptr::copy_nonoverlapping(at, chunk.as_mut_ptr(), chunk.len());
            }
            done += chunk.len();
        }
        Ok(())
    }
}

/// Pinned host memory for copies. It is filled from its start, and reused when the copies are done.
pub(super) struct Staging {
    base: *mut u8,
    at: usize,
}

impl Default for Staging {
    fn default() -> Staging {
        Staging { base: std::ptr::null_mut(), at: 0 }
    }
}

impl Staging {
    const SIZE: usize = 16 << 20;

    /// Pinned memory of `bytes` bytes, at most [`Staging::SIZE`].
    fn room(&mut self, gpu: &Gpu, bytes: usize) -> Result<*mut u8, Error> {
        if self.base.is_null() {
            let mut base = std::ptr::null_mut();
            // SAFETY: writes the address of a new block, kept for the process's life.
            check(unsafe { cu::cuMemAllocHost_v2(&mut base, Staging::SIZE) }, "allocating pinned memory")?;
            self.base = base.cast();
        }
        if self.at + bytes > Staging::SIZE {
            gpu.synchronize()?;
            self.at = 0;
        }
        let at = self.base.wrapping_add(self.at);
        self.at += bytes.next_multiple_of(64);
        Ok(at)
    }
}
