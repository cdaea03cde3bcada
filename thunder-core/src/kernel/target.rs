//! What is known of a device when a kernel is chosen for it.
//!
//! The executor reads it from the device. Tests use the constants here, so that the kernels for an A100, an RTX 4090
//! and an H100 can be compared without one.

/// A CUDA device.
#[derive(Clone, PartialEq, Debug)]
pub struct Gpu {
    /// Its compute capability: `(9, 0)` for an H100.
    pub capability: (u32, u32),
    /// The number of multiprocessors.
    pub multiprocessors: usize,
    /// The most threads that one multiprocessor holds at a time.
    pub threads: usize,
    /// The 32-bit registers of one multiprocessor.
    pub registers: usize,
    /// Bytes of shared memory of one multiprocessor.
    pub shared: usize,
    /// The most bytes of shared memory of one block, which the launch must ask for above 48 KiB.
    pub shared_of_block: usize,
    /// Bytes of the second-level cache.
    pub l2: usize,
    /// Bytes a second between the device's memory and its chip, by the clock and the width of the bus.
    pub bandwidth: f64,
    /// The most blocks along each dimension of a grid.
    pub grid: [usize; 3],
}

/// The most blocks along each dimension of a grid, which is the same for all devices of today.
const GRID: [usize; 3] = [(1 << 31) - 1, 65535, 65535];

impl Gpu {
    /// An H100 of 80 GB with HBM3.
    pub const H100: Gpu = Gpu {
        capability: (9, 0),
        multiprocessors: 132,
        threads: 2048,
        registers: 65536,
        shared: 228 << 10,
        shared_of_block: 227 << 10,
        l2: 50 << 20,
        bandwidth: 3.35e12,
        grid: GRID,
    };
    /// An A100 of 80 GB.
    pub const A100: Gpu = Gpu {
        capability: (8, 0),
        multiprocessors: 108,
        threads: 2048,
        registers: 65536,
        shared: 164 << 10,
        shared_of_block: 163 << 10,
        l2: 40 << 20,
        bandwidth: 2.04e12,
        grid: GRID,
    };
    /// An RTX 4090.
    pub const RTX_4090: Gpu = Gpu {
        capability: (8, 9),
        multiprocessors: 128,
        threads: 1536,
        registers: 65536,
        shared: 100 << 10,
        shared_of_block: 99 << 10,
        l2: 72 << 20,
        bandwidth: 1.01e12,
        grid: GRID,
    };
}

impl Gpu {
    /// The blocks of `threads` threads that the whole device holds at a time, were registers and shared memory no limit.
    ///
    /// ```
    /// assert_eq!(thunder_core::kernel::target::Gpu::H100.resident(256), 132 * 8);
    /// ```
    pub fn resident(&self, threads: usize) -> usize {
        self.multiprocessors * (self.threads / threads.max(1)).max(1)
    }

    /// The bytes of shared memory that a kernel may declare; for more, its launch has to ask.
    pub fn shared_declared(&self) -> usize {
        self.shared_of_block.min(48 << 10)
    }

    /// The bytes of shared memory that each of `blocks` blocks of one multiprocessor may have: the device takes
    /// 1 KiB a block for itself.
    ///
    /// ```
    /// assert_eq!(thunder_core::kernel::target::Gpu::A100.shared_of_each(2), 81 << 10);
    /// ```
    pub fn shared_of_each(&self, blocks: usize) -> usize {
        (self.shared / blocks.max(1)).saturating_sub(1 << 10).min(self.shared_of_block)
    }
}

/// The processor that the CPU executor runs on.
#[derive(Clone, PartialEq, Debug)]
pub struct Cpu {
    /// The threads that share the work.
    pub cores: usize,
    /// Bytes of the first-level data cache of one core.
    pub l1: usize,
    /// Bytes of the second-level cache of one core.
    pub l2: usize,
    /// Bytes of one vector register.
    pub vector: usize,
    /// Bytes a second between memory and all cores.
    pub bandwidth: f64,
}

impl Cpu {
    /// A core of a plain server, for what a machine does not say, and for tests.
    pub const PLAIN: Cpu = Cpu { cores: 1, l1: 32 << 10, l2: 1 << 20, vector: 16, bandwidth: 1e10 };

    /// Elements of a tile: about eight registers of them, in f32, fit the first-level cache.
    ///
    /// ```
    /// assert_eq!(thunder_core::kernel::target::Cpu::PLAIN.tile(), 1024);
    /// ```
    pub fn tile(&self) -> usize {
        let most = (self.l1 / 8 / 4).max(512);
        if most.is_power_of_two() { most } else { most.next_power_of_two() / 2 }
    }

    /// The longest row that a tile holds whole, so that it is read from memory once however often it is reduced: about
    /// eight registers of it, in f32, fit the second-level cache. Longer rows are walked once a reduction.
    ///
    /// ```
    /// assert_eq!(thunder_core::kernel::target::Cpu::PLAIN.row(), 8192);
    /// ```
    pub fn row(&self) -> usize {
        (self.l2 / 8 / 4).clamp(self.tile(), 8 * self.tile())
    }
}

/// A device that kernels are chosen for.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// A CUDA device.
    Gpu(Gpu),
    /// The CPU executor.
    Cpu(Cpu),
}
