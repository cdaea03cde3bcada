//! A compiled trace on the CPU: its steps, and the memory of one run.

use super::gemm::Gemm;
use super::host;
use super::memory::{Frame, HostBuffer, Recycler};
use super::operands::Pointers;
use super::ops;
use super::program::{self, Program};
use crate::error::Error;
use crate::exec::{
    Arg, Base, Buffer, Executable, Loop, Memory, Place, Plan, Report, Returned, Step, StepReport, Work, plan,
};
use crate::kernel::choose;
use crate::op::Op;
use crate::trace::{Kind, Loc, Trace, Walk};
use crate::transform::memory::ALIGN;
use std::sync::Arc;

/// Shorter inner sides of a space are walked together, so that vectorised loops are long.
const INNER: usize = 48;

/// What a step runs.
enum Launch {
    Program(Box<Program>),
    Gemm(Gemm),
    Own(Box<Own>),
}

/// An operation with a kernel of its own.
struct Own {
    op: Op,
    kernel: ops::Kernel,
    reads: Vec<Place>,
    write: Place,
}

/// A step with its pointers.
struct Ready {
    name: String,
    launch: Launch,
    /// Where each operand's first element lies, then each result's: the memory, and bytes from its start.
    starts: Vec<(Base, usize)>,
    line: Loc,
    bytes: usize,
}

/// A compiled trace.
pub(super) struct Compiled {
    plan: Plan,
    params: Vec<usize>,
    steps: Vec<Ready>,
    frame_bytes: usize,
    shared_at: usize,
    home: Arc<Recycler>,
}

impl Compiled {
    /// Compiles `trace`.
    pub fn new(trace: &Trace, donated: &[bool], home: Arc<Recycler>) -> Result<Compiled, Error> {
        let plan = plan(trace, donated, |_, _| true)?;
        let mut steps = Vec::new();
        for step in &plan.steps {
            steps.push(ready(trace, step)?);
        }
        let shared = steps.iter().map(|s| s.launch.shared_bytes()).max().unwrap_or(0);
        let shared_at = plan.arena_bytes.next_multiple_of(ALIGN);
        let params = trace.body.params.iter().map(|&p| trace.ty(p).bytes()).collect();
        let frame_bytes = shared_at + shared;
        Ok(Compiled { plan, params, steps, frame_bytes, shared_at, home })
    }

    fn execute(&self, args: &mut Vec<Arg>, frame: &mut Frame) -> Result<Vec<Buffer>, Error> {
        frame.args.clear();
        frame.outs.clear();
        frame.fresh.clear();
        for (arg, &bytes) in args.iter().zip(&self.params) {
            let (Arg::Borrowed(buffer) | Arg::Donated(buffer)) = arg;
            let host = HostBuffer::of(buffer)?;
            if host.bytes() < bytes {
                let message = format!("an argument of {} bytes where {bytes} are read", host.bytes());
                return Err(Error::Backend { device: "cpu".into(), message });
            }
            frame.args.push(host.ptr());
        }
        for out in &self.plan.outs {
            if let Some(donor) = out.donor
                && let Arg::Donated(buffer) = &mut args[donor]
                && Arc::get_mut(buffer).is_some_and(|b| b.bytes() == out.bytes)
            {
                frame.outs.push(frame.args[donor]);
                frame.fresh.push(None);
                continue;
            }
            let fresh = HostBuffer::new(out.bytes, &self.home)?;
            frame.outs.push(fresh.ptr());
            frame.fresh.push(Some(Arc::new(fresh)));
        }
        let start = frame.arena.ptr();
        for step in &self.steps {
            frame.pointers.clear();
            for &(base, offset) in &step.starts {
                let base = match base {
                    Base::Param(i) => frame.args[i],
                    Base::Out(k) => frame.outs[k],
                    Base::Arena(at) => start.wrapping_add(at),
                };
                frame.pointers.push(base.wrapping_add(offset));
            }
            // SAFETY: the plan gives every operand and result memory of its size: arguments were checked,
            // results made, and the arena is this frame's own.
            unsafe { step.launch.run(Pointers::new(&frame.pointers), start.wrapping_add(self.shared_at)) };
        }
        // A buffer returned more than once is shared; each argument is moved where it is returned last.
        let mut results: Vec<Buffer> = Vec::with_capacity(self.plan.results.len());
        for r in &self.plan.results {
            results.push(match *r {
                Returned::Out(k) => match (&frame.fresh[k], self.plan.outs[k].donor) {
                    (Some(fresh), _) => fresh.clone(),
                    (None, Some(donor)) => buffer(&args[donor]),
                    (None, None) => unreachable!("what is not fresh was donated"),
                },
                Returned::Param(i) => buffer(&args[i]),
            });
        }
        frame.fresh.clear();
        args.clear();
        Ok(results)
    }
}

fn buffer(arg: &Arg) -> Buffer {
    let (Arg::Borrowed(buffer) | Arg::Donated(buffer)) = arg;
    buffer.clone()
}

impl Executable for Compiled {
    fn run(&self, args: &mut Vec<Arg>) -> Result<Vec<Buffer>, Error> {
        if args.len() != self.params.len() {
            let message = format!("{} arguments for {} parameters", args.len(), self.params.len());
            return Err(Error::Backend { device: "cpu".into(), message });
        }
        let mut frame = self.home.frame(self.frame_bytes)?;
        let results = self.execute(args, &mut frame);
        // What a refused run made goes back; the lists keep their room.
        frame.fresh.clear();
        self.home.give_frame(frame);
        results
    }

    fn held_bytes(&self) -> usize {
        let step = |s: &Ready| match &s.launch {
            Launch::Program(p) => 2048 + p.source.len(),
            _ => 1024,
        };
        self.steps.iter().map(step).sum()
    }

    fn donors(&self) -> Vec<usize> {
        self.plan.donors()
    }

    fn report(&self) -> Report {
        let steps = self.steps.iter().zip(&self.plan.steps).map(|(s, planned)| {
            let (source, flops) = match &s.launch {
                Launch::Program(p) => (p.source.clone(), p.flops),
                Launch::Gemm(g) => (format!("{g:?}"), g.flops()),
                Launch::Own(own) => (format!("{:?}", own.op), 0),
            };
            let (name, results) = (s.name.clone(), planned.results());
            StepReport { name, results, source, line: s.line, bytes: s.bytes, flops }
        });
        self.plan.report(steps.collect())
    }
}

impl Launch {
    fn shared_bytes(&self) -> usize {
        match self {
            Launch::Program(p) => p.shared_bytes,
            Launch::Gemm(g) => g.shared_bytes(),
            Launch::Own(own) => ops::shared_bytes(&own.op, &own.write),
        }
    }

    unsafe fn run(&self, pointers: Pointers<'_>, shared: *mut u8) {
        // SAFETY: passed on.
        unsafe {
            match self {
                Launch::Program(p) => p.run(pointers, shared),
                Launch::Gemm(g) => g.run(pointers, shared),
                Launch::Own(own) => {
                    let Own { kernel, reads, write, .. } = &**own;
                    kernel.run(&ops::Call { reads, write, pointers, shared })
                }
            }
        }
    }
}

fn ready(trace: &Trace, step: &Step) -> Result<Ready, Error> {
    let starts = step.reads.iter().chain(&step.writes).map(Place::start).collect();
    let bytes = step.bytes();
    let shared: Vec<bool> = step.in_place.iter().map(Option::is_some).collect();
    let (name, launch) = match &step.work {
        Work::Loop(nest) => {
            let name = name_of(trace, nest);
            let nest = step.nest(&nest.region, &nest.operands).with_inner_of(INNER);
            let program = program::compile(&nest, &choose::host(&nest, host::target()), &shared);
            (name, Launch::Program(Box::new(program)))
        }
        Work::Op(inst) => {
            let data = trace.data(*inst);
            match &data.kind {
                Kind::Op(op @ (Op::Matmul | Op::MatmulWide { .. })) => {
                    let gemm = Gemm::new(&step.reads[0], &step.reads[1], &step.writes[0]);
                    (op.name().to_string(), Launch::Gemm(gemm))
                }
                Kind::Op(op) if let Some(kernel) = ops::kernel(op) => {
                    let (op, reads, write) = (*op, step.reads.clone(), step.writes[0].clone());
                    (op.label().to_string(), Launch::Own(Box::new(Own { op, kernel, reads, write })))
                }
                kind => {
                    let op = match kind {
                        Kind::Op(op) => op.label().to_string(),
                        other => format!("{other:?}"),
                    };
                    return Err(Error::Unclaimed { op, device: "cpu".into(), loc: data.loc });
                }
            }
        }
    };
    Ok(Ready { name, launch, starts, line: step.work.line(trace), bytes })
}

/// What `explain` calls a loop nest.
fn name_of(trace: &Trace, nest: &Loop) -> String {
    let name = match nest.inst.map(|inst| trace.data(inst).kind) {
        None => "copy",
        Some(Kind::Op(op)) => return op.name().to_string(),
        Some(_) => match nest.region.walk {
            Walk::Pointwise => "fused[pointwise]",
            Walk::Rows { .. } => "fused[rows]",
            Walk::Columns { .. } => "fused[columns]",
        },
    };
    name.into()
}
