//! CUDA C++ from fused regions and from the operations that have kernels of their own.
//!
//! Nothing here needs CUDA: sources are text, and tests compare them with golden files. A source is
//! self-contained, names its values by their place in the region (so that equal regions of different layers
//! are one kernel), and says in comments which values of the trace they are and where the user wrote them.

mod batch;
mod custom;
mod expr;
mod print;
pub mod product;
mod text;

pub use batch::{Group, groups};
pub use text::canonical;

use product::Shape;
use thunder_core::error::Error;
use thunder_core::exec::{Layout, Place, Step, Work};
use thunder_core::kernel::region::{self, Region};
use thunder_core::kernel::schedule::{Launch, Schedule};
use thunder_core::kernel::target::Gpu;
use thunder_core::kernel::{choose, ir, lower, nest::Operand, verify};
use thunder_core::op::Op;
use thunder_core::trace::{Kind, Loc, Trace, Value};
use thunder_core::types::{DType, Ty};

/// One kernel: its source, and how it is launched.
#[derive(Clone, PartialEq, Debug)]
pub struct Kernel {
    /// The name of the function in the source.
    pub entry: String,
    /// The source, with comments; [`canonical`] is what is compiled.
    pub source: String,
    /// The arguments, in order.
    pub args: Vec<Arg>,
    /// How it is launched; the launch checks the grid against the device.
    pub launch: Launch,
    /// What the source was printed from, if several launches may be one; see [`groups`].
    pub loops: Option<Box<ir::Kernel>>,
}

/// An argument of a kernel.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Arg {
    /// A pointer to the first element of operand `i`.
    Read(usize),
    /// A pointer to the first element of result `i`.
    Write(usize),
    /// A pointer to the scratch memory.
    Scratch,
    /// A pointer to the counters.
    Counters,
    /// An extent.
    U32(u32),
    /// An extent of a space of 2^31 points or more.
    U64(u64),
    /// A constant.
    F32(f32),
    /// A constant.
    F64(f64),
}

/// What a step of a plan becomes.
#[derive(Clone, Debug)]
pub enum Lowered {
    /// Kernels, one after another. None if there is nothing to write.
    Kernels(Vec<Kernel>),
    /// A matrix product of floats, for the library.
    Product(Box<Shape>),
    /// Zeros: a product of matrices without columns.
    Zeros,
    /// The kernels, then the result is printed under this label.
    Print(Vec<Kernel>, String),
}

/// Lowers a step of a plan of `trace` for the device `gpu`.
///
/// # Errors
/// An operation that has no kernel here.
pub fn lower(trace: &Trace, step: &Step, gpu: &Gpu) -> Result<Lowered, Error> {
    if step.writes.iter().all(|w| w.layout.count() == 0) {
        return Ok(Lowered::Kernels(Vec::new()));
    }
    let inst = match &step.work {
        Work::Loop(nest) => {
            return Ok(Lowered::Kernels(fused(trace, &nest.region, &nest.operands, step, gpu)?));
        }
        Work::Op(inst) => *inst,
    };
    let data = trace.data(inst);
    let kernels = match &data.kind {
        Kind::Op(Op::Matmul | Op::MatmulWide { .. }) if step.reads.iter().any(|r| r.layout.count() == 0) => {
            return Ok(Lowered::Zeros);
        }
        Kind::Op(op @ (Op::Matmul | Op::MatmulWide { .. })) if step.writes[0].dtype.is_float() => {
            match Shape::of(&step.reads[0], &step.reads[1], &step.writes[0]) {
                Some(shape) => return Ok(Lowered::Product(Box::new(shape))),
                None => opaque(trace, step, op, data.loc, gpu)?,
            }
        }
        Kind::Op(op @ Op::Linear { .. }) => {
            let step = &as_matrices(step);
            let [x, w, bias] = &step.reads[..] else {
                return Err(internal("a linear map without bias"));
            };
            match Shape::of(x, w, &step.writes[0]).and_then(|s| s.with_bias(bias)) {
                Some(shape) if step.reads.iter().all(|r| r.layout.count() > 0) => {
                    return Ok(Lowered::Product(Box::new(shape)));
                }
                _ => opaque(trace, step, op, data.loc, gpu)?,
            }
        }
        Kind::Op(Op::DebugPrint { label }) => {
            let (value, from, to) = (data.args[0], &step.reads[0], &step.writes[0]);
            let region = region::copy(value, from.dtype, &from.layout.sizes, &to.layout.strides);
            let kernels = fused(trace, &region, &[value], step, gpu)?;
            return Ok(Lowered::Print(kernels, label.as_str().to_string()));
        }
        Kind::Op(Op::Custom { op, .. }) => custom::kernel(*op, step, data.loc).map(|k| vec![k]),
        Kind::Op(op) => opaque(trace, step, op, data.loc, gpu)?,
        _ => None,
    };
    let Some(kernels) = kernels else {
        let op = match &data.kind {
            Kind::Op(op) => op.label().to_string(),
            other => format!("{other:?}"),
        };
        return Err(Error::Unclaimed { op, device: "cuda".into(), loc: data.loc });
    };
    Ok(Lowered::Kernels(kernels))
}

/// Whether the library runs this operation whole: a linear map, the bias added before the result is rounded.
pub fn claims(op: &Op, args: &[Ty]) -> bool {
    let bias = matches!(op, Op::Linear { bias } if bias.is_yes());
    bias && args.iter().all(|t| t.elem == args[0].elem)
        && matches!(args[0].dtype(), DType::F32 | DType::F16 | DType::BF16)
}

/// A linear map's step, its operands as those of a matrix product: a vector is a row, and the weight is turned.
fn as_matrices(step: &Step) -> Step {
    let mut step = step.clone();
    for l in [&mut step.reads[0].layout, &mut step.writes[0].layout] {
        if l.sizes.len() == 1 {
            l.sizes.insert(0, 1);
            l.strides.insert(0, 0);
        }
    }
    step.reads[1].layout.sizes.swap(0, 1);
    step.reads[1].layout.strides.swap(0, 1);
    step
}

/// The kernels of a region whose operands `params` lie where the step reads.
fn fused(
    trace: &Trace,
    region: &Region,
    params: &[Value],
    step: &Step,
    gpu: &Gpu,
) -> Result<Vec<Kernel>, Error> {
    let nest = step.nest(region, params);
    let kernel = |schedule: &Schedule| {
        let loops = lower::lower(&nest, schedule);
        checked(&loops, gpu)?;
        Ok(print::print(loops, trace, Loc::NONE))
    };
    choose::gpu(&nest, gpu).iter().map(kernel).collect()
}

/// The kernels of an operation that no loop nest holds, if it has some.
fn opaque(trace: &Trace, step: &Step, op: &Op, loc: Loc, gpu: &Gpu) -> Result<Option<Vec<Kernel>>, Error> {
    let reads: Vec<Operand> = step.reads.iter().map(Place::operand).collect();
    let in_place = step.in_place.first() == Some(&Some(0));
    let Some(list) = lower::opaque(op, &reads, &step.writes[0].operand(), in_place, gpu) else {
        return Ok(None);
    };
    let kernel = |loops: ir::Kernel| {
        checked(&loops, gpu)?;
        // Each is a launch of its own.
        Ok(Kernel { loops: None, ..print::print(loops, trace, loc) })
    };
    list.into_iter().map(kernel).collect::<Result<_, Error>>().map(Some)
}

/// Checks the loops of a kernel. What breaks a rule is a mistake of the lowering.
fn checked(loops: &ir::Kernel, gpu: &Gpu) -> Result<(), Error> {
    verify::verify(loops, gpu).map_err(|what| Error::Internal { pass: "lower".into(), what })
}

/// Whether a matrix product can be written so: the library's results are row-major, with rows apart.
pub fn writes(dtype: DType, to: &Layout) -> bool {
    let [.., rows, columns] = to.sizes[..] else { return false };
    let [.., row, column] = to.strides[..] else { return false };
    dtype.is_float() && (columns == 1 || column == 1) && (rows == 1 || row >= columns)
}

fn internal(what: &str) -> Error {
    Error::Internal { pass: "cuda".into(), what: what.into() }
}
