//! The derivative of an operation that a user defined, and the definition itself.
//!
//! Reverse mode alone has a derivative: the user's function gives the cotangents of the operands. So the tangent of the
//! result is an instruction that only marks it, [`Op::Custom`] as a `tangent`; transposing it appends the user's function.

use crate::error::Error;
use crate::op::{CpuKernel, CudaKernel, CustomRef, Definition, Flag, Op};
use crate::trace::{Builder, Kind, Loc, Trace, Value};
use crate::types::{Elem, Ty};
use std::any::Any;
use std::collections::HashMap;

/// An operation that a user defines, as a `static`.
///
/// It is computed by each executor that has an implementation, and refused by the others; it is never taken apart, so it
/// must be pure: the same operands give the same result. Under `vmap` it runs once an example.
pub struct CustomOp {
    /// The name, for printed traces and errors.
    pub name: &'static str,
    /// The type of the result, from those of the operands; or why they do not fit.
    pub types: fn(&[Ty]) -> Result<Ty, String>,
    /// The implementation on the CPU.
    pub cpu: Option<CpuKernel>,
    /// The implementation on CUDA.
    pub cuda: Option<CudaKernel>,
    /// The derivative: a trace with parameters of the types given, those of the operands and of the result's cotangent. It
    /// gives the cotangent of each float operand, in order. `thunder::custom::derivative` makes it from a call of a
    /// `#[thunder]` function.
    pub vjp: Option<fn(&[Ty]) -> Result<Trace, Error>>,
}

impl Definition for CustomOp {
    fn name(&self) -> &'static str {
        self.name
    }
    fn cpu(&self) -> Option<CpuKernel> {
        self.cpu
    }
    fn cuda(&self) -> Option<CudaKernel> {
        self.cuda
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The vjp of a custom operation, or the error that it has none.
fn vjp(op: CustomRef, loc: Loc) -> Result<fn(&[Ty]) -> Result<Trace, Error>, Error> {
    let definition = op.definition().and_then(|d| d.as_any().downcast_ref::<CustomOp>());
    definition.and_then(|d| d.vjp).ok_or_else(|| Error::NoDerivative { op: op.name().into(), loc })
}

/// The instruction that marks the tangent of the result.
pub(super) fn tangent(
    op: &Op,
    args: &[Value],
    tangents: &[Option<Value>],
    out: Value,
    b: &mut Builder,
) -> Result<Option<Value>, Error> {
    let Op::Custom { op, tangent, elem, shape } = *op else { return Ok(None) };
    if !b.dtype(out).is_float() {
        return Ok(None);
    }
    // A mark has no derivative: it is gone before another derivative is taken.
    if tangent.is_yes() {
        return Err(forward_only_backward(op, b.loc));
    }
    vjp(op, b.loc)?;
    let mut all = args.to_vec();
    for (&x, t) in args.iter().zip(tangents) {
        if b.dtype(x).is_float() {
            all.push(t.unwrap_or_else(|| b.zeros_like(x)));
        }
    }
    Ok(Some(b.op(Op::Custom { op, tangent: Flag::Yes, elem, shape }, &all)))
}

/// The error of a forward derivative of a custom operation.
pub(crate) fn forward_only_backward(op: CustomRef, loc: Loc) -> Error {
    let text = format!(
        "`{}` has a derivative in reverse mode only: its `vjp`\n\n       help: `grad` or `vjp` in place of `jvp`",
        op.name()
    );
    Error::Type { text, loc }
}

/// The cotangents that the user's function gives. `args` are the operands, then the tangents, which get them.
pub(super) fn cotangents(
    op: CustomRef,
    args: &[Value],
    linear: &[bool],
    ct: Value,
    b: &mut Builder,
) -> Result<Vec<Option<Value>>, Error> {
    let floats = |n: usize| args[..n].iter().filter(|&&x| b.dtype(x).is_float()).count();
    let n = (0..=args.len()).find(|&n| n + floats(n) == args.len()).unwrap_or(args.len());
    let operands: Vec<Value> = args[..n].to_vec();
    let leaves: Vec<Value> = operands.iter().copied().filter(|&x| b.dtype(x).is_float()).collect();
    let types: Vec<Ty> = operands.iter().chain([&ct]).map(|&v| b.ty(v)).collect();
    let trace = vjp(op, b.loc)?(&types)?;
    let found = append(&trace, operands.iter().copied().chain([ct]), b)?;
    let types = |list: &[Value], b: &Builder| list.iter().map(|&v| b.ty(v).to_string()).collect::<Vec<_>>();
    let fits = found.len() == leaves.len() && found.iter().zip(&leaves).all(|(&f, &x)| b.ty(f) == b.ty(x));
    if !fits {
        let (want, got) = (types(&leaves, b).join(", "), types(&found, b).join(", "));
        let text = format!(
            "the `vjp` of `{}` gives ({got}); expected the cotangents of its float operands, ({want})",
            op.name()
        );
        return Err(Error::Type { text, loc: b.loc });
    }
    let cts = found.into_iter().zip(&linear[n..]).map(|(ct, &linear)| linear.then_some(ct));
    Ok(std::iter::repeat_n(None, n).chain(cts).collect())
}

/// Appends a trace of operations on `args`, and gives its results. Instructions keep the place of what they derive.
fn append(trace: &Trace, args: impl Iterator<Item = Value>, b: &mut Builder) -> Result<Vec<Value>, Error> {
    let mut map: HashMap<Value, Value> = trace.body.params.iter().copied().zip(args).collect();
    for inst in trace.insts(&trace.body) {
        let Kind::Op(op) = inst.kind else {
            let what = "a transform is left in the derivative of a custom operation".into();
            return Err(Error::Internal { pass: "differentiate".into(), what });
        };
        let args: Vec<Value> = inst.args.iter().map(|a| map.get(a).copied().unwrap_or(*a)).collect();
        let types: Vec<Ty> = inst.results.iter().map(|&r| trace.ty(r)).collect();
        let results = b.push(Kind::Op(op), args, &types, None);
        map.extend(inst.results.iter().copied().zip(results));
    }
    Ok(trace.body.results.iter().map(|r| map.get(r).copied().unwrap_or(*r)).collect())
}

/// The operation on operands of types `args`, recorded at `loc`.
///
/// # Errors
/// What the definition refutes, or a type that is not concrete.
pub fn applied(definition: &'static CustomOp, args: &[Ty], loc: Loc) -> Result<Op, Error> {
    let refuse = |why: String| Error::Type { text: format!("`{}`: {why}", definition.name), loc };
    let ty = (definition.types)(args).map_err(refuse)?;
    let concrete = ty.elem.known().is_some() && !ty.shape.is_unknown() && ty.shape.lead == 0;
    if !concrete || ty.shape.dims().iter().any(|d| d.value().is_none()) {
        return Err(refuse(format!("its `types` gives {ty}, which is no concrete type")));
    }
    let elem = Elem::Known(ty.dtype());
    Ok(Op::Custom { op: CustomRef::new(definition), tangent: Flag::No, elem, shape: ty.shape })
}
