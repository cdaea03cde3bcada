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

/// A device that kernels are chosen for.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    /// A CUDA device.
    Gpu(Gpu),
    /// The CPU executor.
    Cpu(Cpu),
}
