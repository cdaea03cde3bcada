//! Kernels that users write for operations of their own.

use super::text::Code;
use super::{Arg, Kernel};
use thunder_core::exec::{Place, Step};
use thunder_core::kernel::schedule::Launch;
use thunder_core::op::CustomRef;
use thunder_core::trace::Loc;
use thunder_core::types::Ty;

/// The kernel of a custom operation, if its definition has one for CUDA. The plan makes its operands row-major.
pub(super) fn kernel(op: CustomRef, step: &Step, loc: Loc) -> Option<Kernel> {
    let kernel = op.definition()?.cuda()?;
    let ty = |p: &Place| Ty::of(p.dtype, &p.layout.sizes);
    let types: Vec<Ty> = step.reads.iter().map(ty).collect();
    let launch = (kernel.launch)(&types, ty(&step.writes[0]));
    let mut args: Vec<Arg> = (0..step.reads.len()).map(Arg::Read).collect();
    args.push(Arg::Write(0));
    args.extend(launch.extents.iter().map(|&n| Arg::U32(n)));
    let mut code = Code::default();
    kernel.source.trim_matches('\n').lines().for_each(|l| code.line(l));
    let source = code.finish(&format!("// {}  {loc}\n\n", op.name()));
    let (entry, shared) = (kernel.entry.to_string(), launch.shared);
    let launch = Launch { shared, ..Launch::new(launch.grid, launch.threads as usize) };
    Some(Kernel { entry, source, args, launch, loops: None })
}
