//! Tensors that a device makes by itself: what is drawn or converted there never passes through the host.

use super::{Key, RawTensor, traced};
use crate::device::Device;
use crate::error::Error;
use crate::exec::{Arg, Buffer};
use crate::item::Options;
use crate::op::Op;
use crate::trace::{Builder, Trace, Value};
use crate::transform::fuse;
use crate::types::{DType, Elem, Shape, Ty, TyRef};

/// Runs a trace of primitive operations on `device`: `build` appends them, given the operands' values.
fn run(
    device: Device,
    name: &str,
    operands: &[(&Buffer, Ty)],
    build: impl FnOnce(&mut Builder<'_>, &[Value]) -> Value,
) -> Result<RawTensor, Error> {
    let mut trace = Trace::new(name);
    let params: Vec<Value> =
        operands.iter().enumerate().map(|(i, (_, ty))| trace.param(format!("x{i}"), *ty)).collect();
    let mut b = Builder::new(&mut trace);
    let result = build(&mut b, &params);
    trace.body.insts = b.finish();
    trace.body.results = vec![result];
    let ty = TyRef::new(trace.ty(result));
    let (trace, _) = fuse::run(&trace, &device.backend().target());
    let exe = device.backend().compile(&trace, &vec![false; operands.len()], Options::default())?;
    let mut args = operands.iter().map(|(buffer, _)| Arg::Borrowed(Buffer::clone(buffer))).collect();
    let buffer = exe.run(&mut args)?.pop();
    let buffer = buffer.ok_or_else(|| Error::Internal { pass: name.into(), what: "no result".into() })?;
    Ok(RawTensor::Concrete { buffer, ty, device })
}

/// Normal elements with mean 0 and standard deviation `std`, drawn in f64 and rounded to `dtype` once.
pub(super) fn normal(
    device: Device,
    key: Key,
    std: f64,
    dtype: DType,
    sizes: &[usize],
) -> Result<RawTensor, Error> {
    let words: Vec<u8> = key.words().iter().flat_map(|w| w.to_ne_bytes()).collect();
    let key = device.backend().upload(&words)?;
    run(device, "normal", &[(&key, Ty::of(DType::U32, &[2]))], |b, params| {
        let elem = Elem::Known(DType::F64);
        let mut x = b.op(Op::Normal { elem, shape: Shape::of(sizes) }, &[params[0]]);
        if std != 1.0 {
            x = b.mul_c(x, std);
        }
        b.cast(x, dtype)
    })
}

impl RawTensor {
    /// The same tensor with its elements rounded to `dtype`, as the operation `cast` does it; shared if it has that
    /// type already.
    ///
    /// # Errors
    /// A tensor that is being traced; a device failure.
    pub fn cast(&self, dtype: DType) -> Result<RawTensor, Error> {
        match self {
            RawTensor::Concrete { ty, .. } if ty.dtype() == dtype => Ok(self.clone()),
            RawTensor::Concrete { buffer, ty, device } => {
                run(*device, "cast", &[(buffer, **ty)], |b, params| b.cast(params[0], dtype))
            }
            _ => Err(traced()),
        }
    }

    /// Zeros of type `dtype` with the shape of this tensor, on its device.
    ///
    /// # Errors
    /// A tensor that is being traced; a device without memory.
    pub fn zeros_like(&self, dtype: DType) -> Result<RawTensor, Error> {
        let RawTensor::Concrete { ty, device, .. } = self else { return Err(traced()) };
        let buffer = device.backend().fill(&vec![0; dtype.size()], ty.count())?;
        Ok(RawTensor::Concrete { buffer, ty: TyRef::new(ty.with_dtype(dtype)), device: *device })
    }
}
