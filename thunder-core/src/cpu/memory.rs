//! Host memory for tensors, recycled so that a steady state allocates none (`tests/steady_state.rs`).

use crate::error::Error;
use crate::exec::{Buffer, Memory};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

/// Alignment of every block: a cache line, and more than any vector needs.
const ALIGN: usize = 64;
/// The most idle blocks of one size that are kept.
const KEEP: usize = 64;

/// An aligned block of bytes, zeros at first.
pub(super) struct Block {
    ptr: NonNull<u8>,
    capacity: usize,
}

// SAFETY: a block owns its bytes; who may write them is settled by the `Arc` around the buffer.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// A new block of at least `bytes` bytes.
    pub fn new(bytes: usize) -> Result<Block, Error> {
        let capacity = class(bytes);
        let oom = || Error::OutOfMemory { device: "cpu".into(), bytes };
        let layout = Layout::from_size_align(capacity, ALIGN).map_err(|_| oom())?;
        // SAFETY: the layout has a size above 0.
        let ptr = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(oom)?;
        Ok(Block { ptr, capacity })
    }

    /// Its first byte.
    pub fn ptr(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: made by `alloc_zeroed` with this very layout, which was valid there.
        unsafe { dealloc(self.ptr.as_ptr(), Layout::from_size_align_unchecked(self.capacity, ALIGN)) }
    }
}

/// The capacity given for a request: a few sizes per power of two, so that blocks are found again.
fn class(bytes: usize) -> usize {
    let bytes = bytes.max(ALIGN);
    let step = (bytes.next_power_of_two() / 8).max(ALIGN);
    bytes.next_multiple_of(step)
}

/// Idle blocks by capacity.
#[derive(Default)]
pub(super) struct Recycler {
    idle: Mutex<Vec<(usize, Vec<Block>)>>,
}

impl Recycler {
    fn take(&self, bytes: usize) -> Result<Block, Error> {
        let capacity = class(bytes);
        if let Ok(mut idle) = self.idle.lock()
            && let Ok(at) = idle.binary_search_by_key(&capacity, |e| e.0)
            && let Some(block) = idle[at].1.pop()
        {
            return Ok(block);
        }
        Block::new(bytes)
    }

    fn give(&self, block: Block) {
        let Ok(mut idle) = self.idle.lock() else { return };
        match idle.binary_search_by_key(&block.capacity, |e| e.0) {
            Ok(at) if idle[at].1.len() < KEEP => idle[at].1.push(block),
            Ok(_) => {}
            Err(at) => idle.insert(at, (block.capacity, vec![block])),
        }
    }
}

/// A tensor's memory on the host.
pub(super) struct HostBuffer {
    block: Option<Block>,
    bytes: usize,
    home: Arc<Recycler>,
}

impl HostBuffer {
    /// A buffer of `bytes` bytes with arbitrary content.
    pub fn new(bytes: usize, home: &Arc<Recycler>) -> Result<HostBuffer, Error> {
        Ok(HostBuffer { block: Some(home.take(bytes)?), bytes, home: home.clone() })
    }

    /// Its first byte. Whoever writes through it must hold the only reference to the buffer.
    pub fn ptr(&self) -> *mut u8 {
        self.block.as_ref().map_or(std::ptr::null_mut(), Block::ptr)
    }

    /// The host buffer behind `buffer`.
    pub fn of(buffer: &Buffer) -> Result<&HostBuffer, Error> {
        let text = "a buffer of another device";
        let error = || Error::Backend { device: "cpu".into(), message: text.into() };
        (**buffer).as_any().downcast_ref().ok_or_else(error)
    }
}

impl Drop for HostBuffer {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            self.home.give(block);
        }
    }
}

impl Memory for HostBuffer {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
