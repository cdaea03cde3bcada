//! Host-side conversion of tensors and modules between float types and devices.

use crate::{Device, Error, Module, Tree};
use half::{bf16, f16};
use thunder_core::module::Mapper;
use thunder_core::tensor::{Key, RawTensor, with_memory};
use thunder_core::trace::Loc;
use thunder_core::types::{DType, Element, Float, Ty, with_room, zeroed};

/// The same module with its floats rounded to `F`. Integers, keys and configuration do not change.
///
/// ```
/// use thunder::nn::{self, Linear};
/// use thunder::prelude::*;
///
/// let layer = Linear::<f32>::new(3, 2, false, Key::new(0));
/// let narrow: Linear<bf16> = nn::cast::<bf16, _>(&layer)?;
/// assert_eq!(narrow.weight.dtype().name(), "bf16");
/// # Ok::<(), thunder::Error>(())
/// ```
///
/// # Errors
/// A device failure.
pub fn cast<F: Float, M: Module>(module: &M) -> Result<M::With<F>, Error> {
    remake::<F, M>(module, RawTensor::cast)
}

/// The same module with zeros of type `F` in place of its floats, as initial moments and accumulators.
///
/// ```
/// use thunder::nn::{self, Linear};
/// use thunder::prelude::*;
///
/// let layer = Linear::<bf16>::new(3, 2, false, Key::new(0));
/// let moments: Linear<f32> = nn::zeros_like::<f32, _>(&layer)?;
/// assert_eq!(moments.weight.to_vec(), vec![0.0; 6]);
/// # Ok::<(), thunder::Error>(())
/// ```
///
/// # Errors
/// A device failure.
pub fn zeros_like<F: Float, M: Module>(module: &M) -> Result<M::With<F>, Error> {
    remake::<F, M>(module, RawTensor::zeros_like)
}

/// The same module with its tensors on `device`. Tensors that are already there are shared, not copied.
///
/// ```
/// use thunder::nn::{self, Linear};
/// use thunder::prelude::*;
///
/// let layer = Linear::<f32>::new(3, 2, false, Key::new(0));
/// let there = nn::to_device(&layer, Device::cpu())?;
/// assert_eq!(there.weight.device(), Device::cpu());
/// # Ok::<(), thunder::Error>(())
/// ```
///
/// # Errors
/// A device failure.
pub fn to_device<M: Tree>(module: &M, device: Device) -> Result<M, Error> {
    struct Move {
        device: Device,
        error: Option<Error>,
    }
    #[diagnostic::do_not_recommend]
    impl Mapper for Move {
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            t.to(&self.device).unwrap_or_else(|e| {
                self.error.get_or_insert(e);
                RawTensor::Poison
            })
        }
        fn recast(&mut self, t: &RawTensor, _: DType) -> RawTensor {
            self.tensor(t)
        }
        fn key(&mut self, key: Key) -> Key {
            key
        }
    }
    let mut m = Move { device, error: None };
    let out = module.map(&mut m);
    m.error.map_or(Ok(out), Err)
}

/// What makes a tensor of another element type.
type Make = fn(&RawTensor, DType) -> Result<RawTensor, Error>;

/// The same module, its floats made by `make` of the old ones and their new type.
fn remake<F: Float, M: Module>(module: &M, make: Make) -> Result<M::With<F>, Error> {
    struct Remake {
        make: Make,
        error: Option<Error>,
    }
    #[diagnostic::do_not_recommend]
    impl Mapper for Remake {
        fn tensor(&mut self, t: &RawTensor) -> RawTensor {
            t.ty().map_or(RawTensor::Poison, |ty| self.recast(t, ty.dtype()))
        }
        fn recast(&mut self, t: &RawTensor, dtype: DType) -> RawTensor {
            if t.ty().is_some_and(|ty| !ty.dtype().is_float()) {
                return t.clone();
            }
            if self.error.is_none() {
                match (self.make)(t, dtype) {
                    Ok(new) => return new,
                    Err(e) => self.error = Some(e),
                }
            }
            RawTensor::Poison
        }
        fn key(&mut self, key: Key) -> Key {
            key
        }
    }
    let mut m = Remake { make, error: None };
    let out = module.with::<F>(&mut m);
    m.error.map_or(Ok(out), Err)
}

/// The bytes, the type and the device of a tensor.
pub(crate) fn download(t: &RawTensor) -> Result<(Vec<u8>, Ty, Device), Error> {
    let RawTensor::Concrete { buffer, ty, device } = t else {
        return Err(Error::Type { text: "a traced tensor has no elements yet".into(), loc: Loc::NONE });
    };
    let mut bytes = with_memory(|| Ok(zeroed(ty.bytes())?))?;
    device.backend().download(buffer, &mut bytes)?;
    Ok((bytes, **ty, *device))
}

/// A tensor with these bytes.
pub(crate) fn upload(bytes: &[u8], ty: Ty, device: Device) -> Result<RawTensor, Error> {
    Ok(RawTensor::Concrete {
        buffer: device.backend().upload(bytes)?,
        ty: thunder_core::types::TyRef::new(ty),
        device,
    })
}

/// Floats of type `from` rounded to type `to`. Both are given as bytes.
///
/// # Errors
/// The host has no memory for the result.
pub(crate) fn convert(bytes: &[u8], from: DType, to: DType) -> Result<Vec<u8>, Error> {
    let mut out = with_room(bytes.len() / from.size() * to.size())?;
    if from == to {
        out.extend_from_slice(bytes);
        return Ok(out);
    }
    match from {
        DType::F64 => narrow(bytes, f64::from_ne_bytes, to, &mut out),
        DType::F32 => narrow(bytes, |b| f64::from(f32::from_ne_bytes(b)), to, &mut out),
        DType::F16 => narrow(bytes, |b| f16::from_ne_bytes(b).to_f64(), to, &mut out),
        DType::BF16 => narrow(bytes, |b| bf16::from_ne_bytes(b).to_f64(), to, &mut out),
        _ => out.extend_from_slice(bytes),
    }
    Ok(out)
}

fn narrow<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64, to: DType, out: &mut Vec<u8>) {
    let (elements, _) = bytes.as_chunks::<N>();
    let values = elements.iter().map(|b| read(*b));
    match to {
        DType::F64 => out.extend(values.flat_map(f64::to_ne_bytes)),
        DType::F32 => out.extend(values.flat_map(|x| f32::from_f64(x).to_ne_bytes())),
        DType::F16 => out.extend(values.flat_map(|x| <f16 as Element>::from_f64(x).to_ne_bytes())),
        _ => out.extend(values.flat_map(|x| <bf16 as Element>::from_f64(x).to_ne_bytes())),
    }
}
