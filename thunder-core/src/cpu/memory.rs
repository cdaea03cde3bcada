//! Host memory for tensors, recycled so that a steady state allocates none (`tests/steady_state.rs`).

use crate::error::Error;
use crate::exec::{Buffer, Memory, MemoryStats};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::any::Any;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

/// Alignment of every block: a cache line, and more than any vector needs.
const ALIGN: usize = 64;
/// The most idle blocks of one size that are kept.
const KEEP: usize = 64;
/// Idle bytes that are kept whatever was in use.
const ALWAYS_KEPT: usize = 64 << 20;

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

/// Blocks that nothing holds, by capacity, and the arenas that no call uses.
#[derive(Default)]
pub(super) struct Recycler {
    idle: Mutex<Idle>,
    frames: Mutex<Vec<Frame>>,
}

#[derive(Default)]
struct Idle {
    /// By capacity, in order.
    classes: Vec<Class>,
    /// Bytes of all idle blocks, of those in use, and the most that were in use at once.
    idle: usize,
    used: usize,
    peak: usize,
    /// Counts the blocks handed out.
    time: u64,
    /// Bytes of all arenas, and the most that arenas and blocks in use had together since it was last asked to forget.
    arenas: usize,
    measured: usize,
}

/// The idle blocks of one capacity.
struct Class {
    capacity: usize,
    blocks: Vec<Block>,
    /// When one was asked for last.
    asked: u64,
}

impl Idle {
    /// The place of a capacity's class.
    fn class(&mut self, capacity: usize) -> usize {
        match self.classes.binary_search_by_key(&capacity, |c| c.capacity) {
            Ok(at) => at,
            Err(at) => {
                self.classes.insert(at, Class { capacity, blocks: Vec::new(), asked: self.time });
                at
            }
        }
    }

    /// Counts `bytes` more in use.
    fn take(&mut self, bytes: usize) {
        self.used += bytes;
        self.peak = self.peak.max(self.used);
        self.measured = self.measured.max(self.used + self.arenas);
    }

    /// An arena grew, or went.
    fn arena(&mut self, from: usize, to: usize) {
        self.arenas = self.arenas + to - from;
        self.measured = self.measured.max(self.used + self.arenas);
    }

    /// Takes blocks out while more is idle than was ever in use, those of the capacity least recently asked for first.
    fn surplus(&mut self) -> Vec<Block> {
        let mut out = Vec::new();
        while self.idle > self.peak.max(ALWAYS_KEPT) {
            let full = self.classes.iter_mut().filter(|c| !c.blocks.is_empty());
            let Some(class) = full.min_by_key(|c| c.asked) else { break };
            self.idle -= class.capacity;
            out.extend(class.blocks.pop());
        }
        out
    }
}

impl Recycler {
    fn take(&self, bytes: usize) -> Result<Block, Error> {
        let capacity = class(bytes);
        let mut found = None;
        if let Ok(mut idle) = self.idle.lock() {
            idle.time += 1;
            let (at, time) = (idle.class(capacity), idle.time);
            idle.classes[at].asked = time;
            found = idle.classes[at].blocks.pop();
            if found.is_some() {
                idle.idle -= capacity;
            }
            idle.take(capacity);
        }
        match found {
            Some(block) => Ok(block),
            None => self.block(bytes).inspect_err(|_| self.gone(capacity)),
        }
    }

    /// A new block; where there is no memory for it, what is idle is given back, and it is tried again.
    fn block(&self, bytes: usize) -> Result<Block, Error> {
        Block::new(bytes).or_else(|_| {
            self.trim();
            Block::new(bytes)
        })
    }

    /// Blocks of so many bytes are not in use any more.
    fn gone(&self, capacity: usize) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.used -= capacity;
        }
    }

    fn give(&self, block: Block) {
        let Ok(mut idle) = self.idle.lock() else { return };
        idle.used -= block.capacity;
        let at = idle.class(block.capacity);
        if idle.classes[at].blocks.len() < KEEP {
            idle.idle += block.capacity;
            idle.classes[at].blocks.push(block);
        }
        let surplus = idle.surplus();
        drop(idle);
        drop(surplus);
    }

    /// Gives all idle memory back to the system.
    pub fn trim(&self) {
        let idle = self.idle.lock().map(|mut idle| {
            (idle.idle, idle.peak) = (0, idle.used);
            std::mem::take(&mut idle.classes)
        });
        let frames = self.frames.lock().map(|mut frames| std::mem::take(&mut *frames)).unwrap_or_default();
        frames.iter().for_each(|f| self.arena_is(f.arena.capacity, 0));
        drop((idle, frames));
    }

    /// What is in use: blocks of tensors, and arenas.
    pub fn stats(&self) -> MemoryStats {
        let Ok(idle) = self.idle.lock() else { return MemoryStats::default() };
        let in_use = idle.used + idle.arenas;
        MemoryStats { in_use, peak: idle.measured, reserved: in_use + idle.idle }
    }

    /// Forgets what was in use before.
    pub fn reset_peak(&self) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.measured = idle.used + idle.arenas;
        }
    }

    fn arena_is(&self, from: usize, to: usize) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.arena(from, to);
        }
    }

    /// A new arena in place of one of `old` bytes.
    fn arena(&self, old: usize, bytes: usize) -> Result<Block, Error> {
        self.arena_is(old, 0);
        let arena = self.block(bytes)?;
        self.arena_is(0, arena.capacity);
        Ok(arena)
    }

    /// A frame with an arena of at least `bytes` bytes, which its holder has alone. There are as many as calls that ever
    /// ran at once, all functions share them, and they only grow.
    pub fn frame(&self, bytes: usize) -> Result<Frame, Error> {
        let found = self.frames.lock().ok().and_then(|mut frames| {
            let fits = |f: &Frame| f.arena.capacity >= bytes;
            // The smallest that is large enough, else the largest.
            let best = (0..frames.len()).min_by_key(|&i| match fits(&frames[i]) {
                true => (false, frames[i].arena.capacity),
                false => (true, usize::MAX - frames[i].arena.capacity),
            });
            best.map(|i| frames.swap_remove(i))
        });
        match found {
            Some(frame) if frame.arena.capacity >= bytes => Ok(frame),
            Some(Frame { arena, args, outs, fresh, pointers }) => {
                let old = arena.capacity;
                drop(arena);
                Ok(Frame { arena: self.arena(old, bytes)?, args, outs, fresh, pointers })
            }
            None => Ok(Frame {
                arena: self.arena(0, bytes)?,
                args: Vec::new(),
                outs: Vec::new(),
                fresh: Vec::new(),
                pointers: Vec::new(),
            }),
        }
    }

    /// Takes a frame back.
    pub fn give_frame(&self, frame: Frame) {
        if let Ok(mut frames) = self.frames.lock() {
            frames.push(frame);
        }
    }
}

/// The memory of one run: the arena, and the lists a run fills.
pub(super) struct Frame {
    pub arena: Block,
    pub args: Vec<*mut u8>,
    pub outs: Vec<*mut u8>,
    pub fresh: Vec<Option<Buffer>>,
    pub pointers: Vec<*mut u8>,
}

// SAFETY: the pointers are only used during a run, which holds the frame alone.
unsafe impl Send for Frame {}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(home: &Recycler) -> usize {
        home.idle.lock().unwrap().idle
    }

    /// Blocks of ever other sizes do not pile up: at most as much is idle as was in use at once.
    #[test]
    fn idle_blocks_have_a_bound() {
        let home = Arc::new(Recycler::default());
        for k in 1..200 {
            drop(HostBuffer::new(k << 20, &home).unwrap());
            assert!(idle(&home) <= ALWAYS_KEPT.max(256 << 20));
        }
        home.trim();
        assert_eq!(idle(&home), 0);
    }

    /// Buffers and arenas count as in use, the peak is kept until it is set back, and what is idle is reserved.
    #[test]
    fn memory_is_counted() {
        let home = Arc::new(Recycler::default());
        let large = HostBuffer::new(1 << 20, &home).unwrap();
        let frame = home.frame(1 << 21).unwrap();
        let all = (1 << 20) + (1 << 21);
        assert_eq!(home.stats(), MemoryStats { in_use: all, peak: all, reserved: all });
        drop(large);
        assert_eq!(home.stats(), MemoryStats { in_use: 1 << 21, peak: all, reserved: all });
        home.reset_peak();
        assert_eq!(home.stats().peak, 1 << 21);
        home.give_frame(frame);
        home.trim();
        assert_eq!(home.stats(), MemoryStats { in_use: 0, peak: 1 << 21, reserved: 0 });
    }

    /// A frame is alone in its holder's hands, and the next holder's arena is at least as large.
    #[test]
    fn frames_grow_and_are_shared() {
        let home = Arc::new(Recycler::default());
        let (a, b) = (home.frame(1000).unwrap(), home.frame(10).unwrap());
        assert_ne!(a.arena.ptr(), b.arena.ptr());
        let large = a.arena.ptr();
        home.give_frame(a);
        home.give_frame(b);
        let c = home.frame(900).unwrap();
        assert_eq!(c.arena.ptr(), large);
        home.give_frame(c);
        let d = home.frame(1 << 20).unwrap();
        home.give_frame(d);
        assert_eq!(home.frames.lock().unwrap().len(), 2);
    }
}
