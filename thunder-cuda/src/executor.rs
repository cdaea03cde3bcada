//! The executor: compiles a fused trace to launches with one arena.

use crate::codegen::{self, Arg as KernelArg, Group, Kernel, Lowered};
use crate::runtime::{
    DeviceBuffer, Function, Gpu, Instance, Program, ProgramStep, Slot, Staged, Start, Timer,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use thunder_core::error::Error;
use thunder_core::exec::{
    Arg, Backend, Buffer, Executable, Memory, MemoryStats, Place, Plan, Report, Returned, Step, StepReport,
    plan,
};
use thunder_core::item::Options;
use thunder_core::kernel::schedule::Launch as Limits;
use thunder_core::kernel::target::Target;
use thunder_core::op::Op;
use thunder_core::trace::{Kind, Loc, Trace};
use thunder_core::types::Ty;

/// Device `ordinal` as a backend. There is one for the whole process, so that its memory and its kernels are shared.
///
/// # Errors
/// There is no driver, it is too old, there is no such device, or NVRTC or cuBLASLt is missing. The message says which.
pub fn backend(ordinal: usize) -> Result<Arc<dyn Backend>, Error> {
    Ok(Arc::new(Cuda { gpu: gpu(ordinal)? }))
}

/// A timer on device `ordinal`.
///
/// # Errors
/// As [`backend`].
pub fn timer(ordinal: usize) -> Result<Timer, Error> {
    Timer::new(&gpu(ordinal)?)
}

/// The vendor's name of device `ordinal`.
///
/// # Errors
/// As [`backend`].
pub fn model(ordinal: usize) -> Result<String, Error> {
    Ok(gpu(ordinal)?.model.clone())
}

fn gpu(ordinal: usize) -> Result<Arc<Gpu>, Error> {
    static OPEN: Mutex<Option<HashMap<usize, Arc<Gpu>>>> = Mutex::new(None);
    let mut open = OPEN.lock().unwrap_or_else(|e| e.into_inner());
    let open = open.get_or_insert_default();
    if let Some(gpu) = open.get(&ordinal) {
        return Ok(gpu.clone());
    }
    let gpu = Gpu::open(ordinal)?;
    open.insert(ordinal, gpu.clone());
    Ok(gpu)
}

struct Cuda {
    gpu: Arc<Gpu>,
}

impl Backend for Cuda {
    fn name(&self) -> String {
        format!("cuda:{}", self.gpu.ordinal)
    }

    fn target(&self) -> Target {
        Target::Gpu(self.gpu.target.clone())
    }

    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error> {
        Ok(Arc::new(self.gpu.upload(bytes)?))
    }

    fn download(&self, buffer: &Buffer, out: &mut [u8]) -> Result<(), Error> {
        self.gpu.download(DeviceBuffer::of(buffer, &self.gpu)?, out)
    }

    fn fill(&self, element: &[u8], count: usize) -> Result<Buffer, Error> {
        Ok(Arc::new(self.gpu.fill(element, count)?))
    }

    fn synchronize(&self) -> Result<(), Error> {
        self.gpu.enter()?;
        self.gpu.synchronize()
    }

    fn memory_stats(&self) -> MemoryStats {
        self.gpu.memory_stats()
    }

    fn reset_peak_memory(&self) {
        self.gpu.reset_peak_memory();
    }

    fn trim(&self) {
        // If the driver reports an error here, it reports it again at the next call.
        let _ = self.gpu.trim();
    }

    fn claims(&self, op: &Op, args: &[Ty]) -> bool {
        codegen::claims(op, args)
    }

    fn compile(
        &self,
        trace: &Trace,
        donated: &[bool],
        options: Options,
    ) -> Result<Arc<dyn Executable>, Error> {
        Ok(Arc::new(CudaExecutable::new(trace, donated, options, &self.gpu)?))
    }
}

/// A compiled trace.
struct CudaExecutable {
    gpu: Arc<Gpu>,
    plan: Plan,
    params: Vec<usize>,
    program: Program,
    instance: Mutex<Option<Instance>>,
    report: Report,
}

impl CudaExecutable {
    fn new(
        trace: &Trace,
        donated: &[bool],
        options: Options,
        gpu: &Arc<Gpu>,
    ) -> Result<CudaExecutable, Error> {
        let plan = plan(trace, donated, codegen::writes)?;
        let mut lowered = Vec::new();
        for step in &plan.steps {
            lowered.push(codegen::lower(trace, step, &gpu.target)?);
        }
        let groups = codegen::groups(trace, &plan.steps, &plan.outs, &lowered);
        let kernels_of_group = |g: &Group| match &g.batch {
            Some((kernel, _)) => vec![kernel.clone()],
            None => kernels_of(&lowered[g.steps[0]]).cloned().collect(),
        };
        let kernels: Vec<Kernel> = groups.iter().flat_map(kernels_of_group).collect();
        let functions = gpu.functions(&kernels.iter().collect::<Vec<_>>())?;
        let mut functions = functions.into_iter();
        let (mut launches, mut steps) = (Vec::new(), Vec::new());
        let (mut scratch, mut counters) = (0, 0);
        for group in &groups {
            let (step, low) = (&plan.steps[group.steps[0]], &lowered[group.steps[0]]);
            let loc = step.work.line(trace);
            let mut launch = |what| launches.push(ProgramStep { what, loc });
            if let Some((kernel, rows)) = &group.batch {
                let Some(function) = functions.next() else { break };
                let args = table(*rows, group.steps.iter().map(|&i| (&plan.steps[i], &lowered[i])));
                launch(start(kernel, function, args, gpu, loc)?);
                let all =
                    group.steps.iter().flat_map(|&i| launch_reports(trace, &plan.steps[i], &lowered[i]));
                steps.push(StepReport {
                    name: kernel.entry.clone(),
                    results: format!("{}, and {} more", step.results(), group.steps.len() - 1),
                    source: kernel.source.clone(),
                    line: loc,
                    bytes: all.map(|r| r.bytes).sum(),
                    flops: 0,
                });
                continue;
            }
            for kernel in kernels_of(low) {
                let Some(function) = functions.next() else { break };
                let args = kernel.args.iter().map(|a| slot(a, &step.reads, &step.writes, counters)).collect();
                scratch = scratch.max(kernel.launch.scratch);
                counters += kernel.launch.counters * 4;
                launch(start(kernel, function, args, gpu, loc)?);
            }
            match low {
                Lowered::Kernels(_) => {}
                Lowered::Print(_, label) => {
                    launch(Start::Print { label: label.clone(), place: step.writes[0].clone() });
                }
                Lowered::Zeros => {
                    let (write, bytes) = (&step.writes[0], step.writes[0].bytes());
                    launch(Start::Clear { at: start_of(write), bytes });
                }
                Lowered::Product(shape) => launch(Start::Product {
                    product: gpu.product(shape)?,
                    args: step.reads.iter().chain(&step.writes).map(start_of).collect(),
                }),
            }
            steps.extend(launch_reports(trace, step, low));
        }
        let params: Vec<usize> = trace.body.params.iter().map(|&p| trace.ty(p).bytes()).collect();
        // `debug_print` reads its value on the host between launches, which a graph can't do.
        let whole = options.cuda_graph && !launches.iter().any(|l| matches!(l.what, Start::Print { .. }));
        let staged = whole.then(|| {
            let kept = params.iter().copied().enumerate().filter(|(i, _)| !donated[*i]);
            Staged::new(kept, plan.outs.iter().map(|o| o.bytes).enumerate())
        });
        let program = Program { launches, arena: plan.arena_bytes, scratch, counters, staged };
        let report = plan.report(steps);
        Ok(CudaExecutable { gpu: gpu.clone(), plan, params, program, instance: Mutex::default(), report })
    }

    fn start(&self, params: &[u64], outs: &[u64], fresh: &[bool]) -> Result<(), Error> {
        let mut instance = self.instance.lock().unwrap_or_else(|e| e.into_inner());
        let mut ready = match instance.take() {
            Some(ready) => ready,
            None => Instance::new(&self.gpu, &self.program)?,
        };
        // A failed run may leave counters that are not zero, so its instance is dropped.
        ready.run(&self.gpu, &self.program, params, outs, fresh)?;
        *instance = Some(ready);
        Ok(())
    }
}

impl Executable for CudaExecutable {
    fn run(&self, args: &mut Vec<Arg>) -> Result<Vec<Buffer>, Error> {
        let name = || format!("cuda:{}", self.gpu.ordinal);
        if args.len() != self.params.len() {
            let message = format!("{} arguments for {} parameters", args.len(), self.params.len());
            return Err(Error::Backend { device: name(), message });
        }
        self.gpu.enter()?;
        let mut params = Vec::with_capacity(args.len());
        for (arg, &bytes) in args.iter().zip(&self.params) {
            let block = DeviceBuffer::of(buffer(arg), &self.gpu)?;
            if block.bytes() < bytes {
                let message = format!("an argument of {} bytes where {bytes} are read", block.bytes());
                return Err(Error::Backend { device: name(), message });
            }
            params.push(block.ptr);
        }
        let (mut outs, mut fresh) = (Vec::new(), Vec::new());
        for out in &self.plan.outs {
            if let Some(donor) = out.donor
                && let Arg::Donated(b) = &mut args[donor]
                && Arc::get_mut(b).is_some_and(|b| b.bytes() == out.bytes)
            {
                outs.push(params[donor]);
                fresh.push(None);
                continue;
            }
            let block = self.gpu.allocate(out.bytes)?;
            outs.push(block.ptr);
            fresh.push(Some(Arc::new(block) as Buffer));
        }
        let own: Vec<bool> = fresh.iter().map(Option::is_some).collect();
        self.start(&params, &outs, &own)?;
        let results = self.plan.results.iter().map(|r| match *r {
            Returned::Out(k) => match (&fresh[k], self.plan.outs[k].donor) {
                (Some(block), _) => block.clone(),
                (None, Some(donor)) => buffer(&args[donor]).clone(),
                (None, None) => unreachable!("what is not fresh was donated"),
            },
            Returned::Param(i) => buffer(&args[i]).clone(),
        });
        let results = results.collect();
        args.clear();
        Ok(results)
    }

    fn donors(&self) -> Vec<usize> {
        self.plan.donors()
    }

    fn report(&self) -> Report {
        self.report.clone()
    }

    fn held_bytes(&self) -> usize {
        self.report.steps.iter().map(|s| 2048 + s.source.len()).sum()
    }
}

fn buffer(arg: &Arg) -> &Buffer {
    let (Arg::Borrowed(buffer) | Arg::Donated(buffer)) = arg;
    buffer
}

fn kernels_of(low: &Lowered) -> impl Iterator<Item = &Kernel> {
    match low {
        Lowered::Kernels(list) | Lowered::Print(list, _) => list.iter(),
        Lowered::Product(_) | Lowered::Zeros => [].iter(),
    }
}

fn start_of(p: &Place) -> Slot {
    let (base, offset) = p.start();
    Slot::At(base, offset)
}

fn slot(arg: &KernelArg, reads: &[Place], writes: &[Place], counters: usize) -> Slot {
    match *arg {
        KernelArg::Read(i) => start_of(&reads[i]),
        KernelArg::Write(i) => start_of(&writes[i]),
        KernelArg::Scratch => Slot::Scratch,
        KernelArg::Counters => Slot::Counters(counters),
        KernelArg::U32(n) => Slot::Bits(u64::from(n)),
        KernelArg::U64(n) => Slot::Bits(n),
        KernelArg::F32(x) => Slot::Bits(u64::from(x.to_bits())),
        KernelArg::F64(x) => Slot::Bits(x.to_bits()),
    }
}

/// The start of a kernel. This is the only place that checks a grid against the limits of the device.
fn start(kernel: &Kernel, function: Function, args: Vec<Slot>, gpu: &Gpu, loc: Loc) -> Result<Start, Error> {
    let &Limits { grid, threads, shared, .. } = &kernel.launch;
    let Kernel { entry, .. } = kernel;
    if (0..3).any(|d| grid[d] > gpu.target.grid[d]) {
        let message = format!(
            "kernel `{entry}` would need a grid of {grid:?} blocks; the device launches {:?} at most\n  at {loc}",
            gpu.target.grid
        );
        return Err(Error::Backend { device: format!("cuda:{}", gpu.ordinal), message });
    }
    let grid = grid.map(|n| n as u32);
    let (threads, shared) = (threads as u32, shared as u32);
    Ok(Start::Kernel { entry: entry.clone(), function, grid, threads, shared, args })
}

/// The arguments of a batch: the index of the first block of each step, then the arguments of each step.
fn table<'a>(rows: usize, list: impl Iterator<Item = (&'a Step, &'a Lowered)>) -> Vec<Slot> {
    let (mut first, mut args, mut blocks, mut count) = (Vec::new(), Vec::new(), 0, 0);
    for (step, low) in list {
        for kernel in kernels_of(low) {
            first.push(Slot::Bits(blocks));
            blocks += kernel.launch.grid[0] as u64;
            args.extend(kernel.args.iter().map(|a| slot(a, &step.reads, &step.writes, 0)));
            count += 1;
        }
    }
    // Unused rows, which no block reaches.
    first.resize(rows, Slot::Bits(u64::MAX));
    args.resize(rows * (args.len() / count.max(1)), Slot::Bits(0));
    first.extend(args);
    first
}

/// One entry for each launch. The first one has the bytes that the whole step moves.
fn launch_reports(trace: &Trace, step: &Step, low: &Lowered) -> Vec<StepReport> {
    let op = match step.work.inst().map(|inst| trace.data(inst).kind) {
        None => Some("copy".to_string()),
        Some(Kind::Op(op)) => Some(op.name().to_string()),
        Some(_) => None,
    };
    let mut reports: Vec<StepReport> = kernels_of(low)
        .map(|k| {
            let name = op.clone().unwrap_or_else(|| k.entry.clone());
            StepReport { name, source: k.source.clone(), ..StepReport::default() }
        })
        .collect();
    match low {
        Lowered::Product(_) => {
            let k = step.reads[0].layout.sizes.last().copied().unwrap_or(0);
            let flops = 2 * step.writes[0].layout.count() * k;
            let name = op.unwrap_or_default();
            reports.push(StepReport { name, source: "cuBLASLt".into(), flops, ..StepReport::default() });
        }
        Lowered::Zeros => {
            reports.push(StepReport { name: "zeros".into(), ..StepReport::default() });
        }
        Lowered::Kernels(_) | Lowered::Print(..) => {}
    }
    let line = step.work.line(trace);
    for report in &mut reports {
        (report.line, report.results) = (line, step.results());
    }
    if let Some(first) = reports.first_mut() {
        first.bytes = step.bytes();
    }
    reports
}
