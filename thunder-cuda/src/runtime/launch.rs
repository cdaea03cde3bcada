//! Launches with everything prepared: a run fills in addresses and calls the driver.

use super::compiler::Function;
use super::{DeviceBuffer, Gpu, Product, check, cu};
use std::ffi::c_void;
use std::sync::Arc;
use thunder_core::error::Error;
use thunder_core::exec::{Base, Place};

/// An argument: an address that a run or an instance gives, or a number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    /// Bytes from the start of a block.
    At(Base, usize),
    /// The scratch memory.
    Scratch,
    /// Bytes from the start of the counters.
    Counters(usize),
    /// A number.
    Bits(u64),
}

/// What a step does.
pub(crate) enum Launch {
    /// Starts a kernel.
    Kernel { function: Function, grid: [u32; 3], threads: u32, args: Vec<Slot> },
    /// Starts matrix products.
    Product { product: Arc<Product>, args: [Slot; 3] },
    /// Writes zeros.
    Clear { at: Slot, bytes: usize },
    /// Prints a result.
    Print { label: String, place: Place },
}

/// The launches of an executable, and the memory they share.
pub(crate) struct Program {
    pub launches: Vec<Launch>,
    pub arena: usize,
    pub scratch: usize,
    /// Bytes of counters.
    pub counters: usize,
}

/// The memory of one executable: its arena, and the argument arrays of its launches.
pub(crate) struct Instance {
    arena: DeviceBuffer,
    scratch: u64,
    counters: u64,
    /// The values of all arguments, launch by launch.
    values: Vec<u64>,
    /// Their addresses, as the driver wants them.
    pointers: Vec<*mut c_void>,
    /// Which values a run fills in: place, block, bytes from its start.
    patches: Vec<(usize, Base, usize)>,
}

// SAFETY: the pointers lead into `values`, which is never resized and moves with them.
unsafe impl Send for Instance {}

impl Instance {
    /// Memory and arguments for `program`.
    pub fn new(gpu: &Arc<Gpu>, program: &Program) -> Result<Instance, Error> {
        let scratch_at = program.arena.next_multiple_of(256);
        let counters_at = (scratch_at + program.scratch).next_multiple_of(256);
        let arena = gpu.allocate(counters_at + program.counters)?;
        let (scratch, counters) = (arena.ptr + scratch_at as u64, arena.ptr + counters_at as u64);
        gpu.clear(counters, program.counters)?;
        let mut it = Instance {
            arena,
            scratch,
            counters,
            values: Vec::new(),
            pointers: Vec::new(),
            patches: Vec::new(),
        };
        for launch in &program.launches {
            match launch {
                Launch::Kernel { args, .. } => args.iter().for_each(|&s| it.slot(s)),
                Launch::Product { args, .. } => args.iter().for_each(|&s| it.slot(s)),
                Launch::Clear { at, .. } => it.slot(*at),
                Launch::Print { place, .. } => {
                    it.slot(Slot::At(place.base, place.layout.offset * place.dtype.size()))
                }
            }
        }
        it.pointers = it.values.iter_mut().map(|v| std::ptr::from_mut(v).cast()).collect();
        Ok(it)
    }

    fn slot(&mut self, slot: Slot) {
        let value = match slot {
            Slot::At(Base::Arena(at), offset) => self.arena.ptr + (at + offset) as u64,
            Slot::At(base, offset) => {
                self.patches.push((self.values.len(), base, offset));
                0
            }
            Slot::Scratch => self.scratch,
            Slot::Counters(at) => self.counters + at as u64,
            Slot::Bits(bits) => bits,
        };
        self.values.push(value);
    }

    /// Starts every launch, in order; `params` and `outs` are the addresses of the call's blocks.
    pub fn run(&mut self, gpu: &Gpu, program: &Program, params: &[u64], outs: &[u64]) -> Result<(), Error> {
        for &(at, base, offset) in &self.patches {
            let start = match base {
                Base::Param(i) => params[i],
                Base::Out(k) => outs[k],
                Base::Arena(_) => continue,
            };
            self.values[at] = start + offset as u64;
        }
        let mut at = 0;
        for launch in &program.launches {
            match launch {
                Launch::Kernel { function, grid, threads, args } => {
                    let list = self.pointers[at..].as_mut_ptr();
                    // SAFETY: the argument array has one entry a parameter of the kernel, of its size; the blocks
                    // that they point to are held by the call and have the sizes that the plan gives.
                    let code = unsafe {
                        let [x, y, z] = *grid;
                        let none = std::ptr::null_mut();
                        cu::cuLaunchKernel(function.0, x, y, z, *threads, 1, 1, 0, gpu.stream, list, none)
                    };
                    check(code, "starting a kernel")?;
                    at += args.len();
                }
                Launch::Product { product, .. } => {
                    gpu.multiply(product, self.values[at], self.values[at + 1], self.values[at + 2])?;
                    at += 3;
                }
                Launch::Clear { bytes, .. } => {
                    gpu.clear(self.values[at], *bytes)?;
                    at += 1;
                }
                Launch::Print { label, place } => {
                    let mut bytes = vec![0; place.layout.count().min(16) * place.dtype.size()];
                    gpu.download_from(self.values[at], &mut bytes)?;
                    crate::executor::print(label, place, &bytes);
                    at += 1;
                }
            }
        }
        Ok(())
    }
}
