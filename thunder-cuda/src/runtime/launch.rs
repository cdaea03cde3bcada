//! Prepared launches: a run fills in addresses and calls the driver, or launches a graph.

use super::compiler::Function;
use super::graph::{Captured, Staged};
use super::{DeviceBuffer, Gpu, Product, absent, check_at, cu};
use std::ffi::c_void;
use std::sync::Arc;
use thunder_core::error::Error;
use thunder_core::exec::{Base, Place};
use thunder_core::trace::Loc;

/// An argument: an address that is known when running, or a number.
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

/// A step of the program, and the user's source line that it comes from.
pub(crate) struct ProgramStep {
    pub what: Start,
    pub loc: Loc,
}

/// What a step does.
pub(crate) enum Start {
    /// Starts a kernel.
    Kernel { entry: String, function: Function, grid: [u32; 3], threads: u32, shared: u32, args: Vec<Slot> },
    /// Starts matrix products.
    /// Its operands, then the result.
    Product { product: Arc<Product>, args: Vec<Slot> },
    /// Writes zeros.
    Clear { at: Slot, bytes: usize },
    /// Prints a result.
    Print { label: String, place: Place },
}

/// The launches of an executable, and the memory they share.
pub(crate) struct Program {
    pub launches: Vec<ProgramStep>,
    /// Bytes of the device's arena that intermediates take.
    pub arena: usize,
    /// Bytes of scratch memory, after them.
    pub scratch: usize,
    /// Bytes of counters.
    pub counters: usize,
    /// If the launches run as a graph: the operands and results with fixed addresses.
    pub staged: Option<Staged>,
}

impl Program {
    /// Where the scratch memory begins in the arena.
    fn scratch_at(&self) -> usize {
        self.arena.next_multiple_of(256)
    }

    /// Where the memory of [`Staged`] begins in the arena.
    fn stage_at(&self) -> usize {
        (self.scratch_at() + self.scratch).next_multiple_of(256)
    }

    /// Bytes of the arena that a run uses.
    fn bytes(&self) -> usize {
        self.stage_at() + self.staged.as_ref().map_or(0, |s| s.bytes)
    }
}

/// The state of an executable between runs: its counters, and the argument arrays of its launches.
pub(crate) struct Instance {
    /// The counters, zero between runs. They are not in the arena, where the next call would overwrite them.
    counters: Option<DeviceBuffer>,
    /// The graph, and the addresses of the graph and of the previous run, the arena's address first.
    graph: Option<(Captured, Vec<u64>)>,
    last: Vec<u64>,
    /// The address of the arena that `values` are for.
    arena: u64,
    /// The values of all arguments, in the order of the launches.
    values: Vec<u64>,
    /// Pointers to them, in the form that the driver needs.
    pointers: Vec<*mut c_void>,
    /// The values that a run fills in: index, block, offset in bytes.
    patches: Vec<(usize, Base, usize)>,
    /// The values that are addresses in the arena: index, offset in bytes.
    inside: Vec<(usize, usize)>,
}

// SAFETY: the pointers lead into `values`, which is never resized and moves with them.
unsafe impl Send for Instance {}

impl Instance {
    /// Memory and arguments for `program`.
    pub fn new(gpu: &Arc<Gpu>, program: &Program) -> Result<Instance, Error> {
        let counters = match program.counters {
            0 => None,
            bytes => {
                let block = gpu.allocate(bytes)?;
                gpu.clear(block.ptr, bytes)?;
                Some(block)
            }
        };
        let mut it = Instance {
            counters,
            graph: None,
            last: Vec::new(),
            arena: 0,
            values: Vec::new(),
            pointers: Vec::new(),
            patches: Vec::new(),
            inside: Vec::new(),
        };
        let scratch = program.scratch_at();
        for launch in &program.launches {
            match &launch.what {
                Start::Kernel { args, .. } => args.iter().for_each(|&s| it.slot(s, scratch)),
                Start::Product { args, .. } => args.iter().for_each(|&s| it.slot(s, scratch)),
                Start::Clear { at, .. } => it.slot(*at, scratch),
                Start::Print { place, .. } => {
                    it.slot(Slot::At(place.base, place.layout.offset * place.dtype.size()), scratch)
                }
            }
        }
        it.pointers = it.values.iter_mut().map(|v| std::ptr::from_mut(v).cast()).collect();
        Ok(it)
    }

    fn slot(&mut self, slot: Slot, scratch: usize) {
        let mut arena = |at: usize| {
            self.inside.push((self.values.len(), at));
            0
        };
        let value = match slot {
            Slot::At(Base::Arena(at), offset) => arena(at + offset),
            Slot::At(base, offset) => {
                self.patches.push((self.values.len(), base, offset));
                0
            }
            Slot::Scratch => arena(scratch),
            Slot::Counters(at) => self.counters.as_ref().map_or(0, |c| c.ptr) + at as u64,
            Slot::Bits(bits) => bits,
        };
        self.values.push(value);
    }

    /// Starts every launch, in order, in the device's arena, which this call holds until all are started; `params` and `outs` are the addresses of the call's blocks, and `fresh` says
    /// which of the results lie in memory of their own.
    pub fn run(
        &mut self,
        gpu: &Arc<Gpu>,
        program: &Program,
        params: &[u64],
        outs: &[u64],
        fresh: &[bool],
    ) -> Result<(), Error> {
        let mut arena = gpu.arena.lock().map_err(|_| absent("the arena is broken"))?;
        let base = arena.of(gpu, program.bytes())?;
        if base != self.arena {
            self.inside.iter().for_each(|&(at, offset)| self.values[at] = base + offset as u64);
            self.arena = base;
        }
        let stage = base + program.stage_at() as u64;
        let Some(staged) = &program.staged else { return self.start(gpu, gpu.stream, program, params, outs) };
        // Small operands and results are copied to fixed addresses, so that the graph stays valid.
        let (mut inside, mut results) = (params.to_vec(), outs.to_vec());
        for &(i, at, bytes) in &staged.params {
            inside[i] = stage + at as u64;
            gpu.copy(inside[i], params[i], bytes)?;
        }
        for &(k, at, _) in staged.outs.iter().filter(|(k, ..)| fresh[*k]) {
            results[k] = stage + at as u64;
        }
        // If the arena has moved, a graph with the old address is not launched any more.
        let addresses = [&[base][..], &inside, &results].concat();
        if let Some((graph, known)) = &self.graph
            && *known == addresses
        {
            graph.launch(gpu)?;
        } else if self.last == addresses {
            // The same addresses twice in a row: now a graph pays.
            let graph = match self.graph.take() {
                Some((graph, _)) => graph,
                None => Captured::default(),
            };
            let graph = graph.capture(gpu, |stream| self.start(gpu, stream, program, &inside, &results))?;
            graph.launch(gpu)?;
            self.graph = Some((graph, addresses));
        } else {
            self.start(gpu, gpu.stream, program, &inside, &results)?;
            self.last = addresses;
        }
        for &(k, at, bytes) in staged.outs.iter().filter(|(k, ..)| fresh[*k]) {
            gpu.copy(outs[k], stage + at as u64, bytes)?;
        }
        Ok(())
    }

    fn start(
        &mut self,
        gpu: &Arc<Gpu>,
        stream: cu::CUstream,
        program: &Program,
        params: &[u64],
        outs: &[u64],
    ) -> Result<(), Error> {
        for &(at, base, offset) in &self.patches {
            let start = match base {
                Base::Param(i) => params[i],
                Base::Out(k) => outs[k],
                Base::Arena(_) => continue,
            };
            self.values[at] = start + offset as u64;
        }
        let mut at = 0;
        for ProgramStep { what, loc } in &program.launches {
            match what {
                Start::Kernel { entry, function, grid, threads, shared, args } => {
                    let list = self.pointers[at..].as_mut_ptr();
                    // SAFETY: the argument array has one entry a parameter of the kernel, of its size, or its only
                    // parameter is a table that all these values are; the blocks that they point to are held by the
                    // call and have the sizes that the plan gives.
                    let code = unsafe {
                        let [x, y, z] = *grid;
                        let none = std::ptr::null_mut();
                        cu::cuLaunchKernel(function.0, x, y, z, *threads, 1, 1, *shared, stream, list, none)
                    };
                    check_at(code, entry, *loc)?;
                    at += args.len();
                }
                Start::Product { product, args } => {
                    let done = gpu.multiply(product, stream, &self.values[at..at + args.len()]);
                    done.map_err(|e| absent(&format!("{e}\n  at {loc}")))?;
                    at += args.len();
                }
                Start::Clear { bytes, .. } => {
                    gpu.clear_on(stream, self.values[at], *bytes)?;
                    at += 1;
                }
                Start::Print { label, place } => {
                    let mut bytes = vec![0; place.layout.count().min(16) * place.dtype.size()];
                    gpu.download_from(self.values[at], &mut bytes)?;
                    super::print::print(label, place, &bytes);
                    at += 1;
                }
            }
        }
        Ok(())
    }
}
