//! The tensor that users hold, typed by element type and rank.

mod call;
mod create;
mod custom;
mod host;
mod key;
mod operators;
mod ops;
mod overflow;
mod rank;
pub(crate) mod record;

pub use call::{Tuple, chunk, chunk_vec, einsum, matmul_columns, matmul_each, matmul_rows, rearrange};
pub use custom::{CustomOperand, CustomOperands, custom};
pub use host::{InBody, OnHost};
pub use key::Key;
pub use operators::{
    Arithmetic, Beside, Comparison, Invert, Lit, Literal, Logical, Negate, TensorOperand, alone, both, flat,
    lit,
};
pub use ops::*;
pub use overflow::{Fits, NoOverflow, Number, Operands, Overflow, ShiftOverflow, Total, UnaryOverflow};
pub use rank::{
    AnyShape, AxesArg, AxisList, Broadcast, Leading, MatMul, PadsArg, Pop, Push, RangeArg, RangesArg, Shape,
};

use crate::device::Device;
use crate::error::Error;
use crate::exec::Buffer;
use crate::recorder;
use crate::trace::Value;
use crate::types::{self, DType, Element, Float, Ty, TyRef, zeroed};
use std::marker::PhantomData;

/// A tensor with elements of type `E` and a shape of type `S`, a tuple of `usize`.
///
/// On the host it is a shared, immutable block of device memory: cloning shares it. Operations exist only
/// inside `#[thunder]` functions.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::tensor::Tensor;
/// let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3));
/// assert_eq!(x.shape(), (2, 3));
/// assert_eq!(x.to_vec()[5], 6.0);
/// assert!(Tensor::try_from_vec(vec![1.0f32], (2, 3)).is_err());
/// # }
/// ```
pub struct Tensor<E, S> {
    raw: RawTensor,
    types: PhantomData<fn() -> (E, S)>,
}

/// The value, or a panic at the caller's place (which a closure would not know).
#[track_caller]
fn expect<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(x) => x,
        Err(e) => panic!("{e}"),
    }
}

/// The number of elements, `usize::MAX` if it is greater.
fn count(sizes: &[usize]) -> usize {
    if sizes.contains(&0) { 0 } else { sizes.iter().fold(1, |n, &d| n.saturating_mul(d)) }
}

/// What `f` gives; where it runs out of memory, idle memory of every device goes back to the system, and it is tried
/// once more.
///
/// # Errors
/// What the last try gives.
pub fn with_memory<T>(f: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    match f() {
        Err(Error::OutOfMemory { .. }) => {
            Device::trim_all();
            f()
        }
        other => other,
    }
}

/// A tensor of rank 0: a number that may change between calls.
///
/// ```
/// # #[cfg(feature = "cpu")] {
/// use thunder_core::tensor::Scalar;
/// let lr = Scalar::from(1e-3f32);
/// assert_eq!(lr.item(), 1e-3);
/// # }
/// ```
pub type Scalar<E> = Tensor<E, ()>;

/// A tensor without its types, as transforms and modules handle it.
#[derive(Clone)]
pub enum RawTensor {
    /// Device memory, row-major and contiguous.
    Concrete {
        /// The memory.
        buffer: Buffer,
        /// Element type and extents.
        ty: TyRef,
        /// Where it lies.
        device: Device,
    },
    /// A value of the trace being recorded.
    Traced(Value),
    /// What an operation gave that failed; the first failure is reported.
    Poison,
}

impl<E, S> Clone for Tensor<E, S> {
    fn clone(&self) -> Self {
        Tensor { raw: self.raw.clone(), types: PhantomData }
    }
}

impl<E: Element, S: Shape> Tensor<E, S> {
    /// The untyped form.
    pub fn raw(&self) -> &RawTensor {
        &self.raw
    }

    /// A tensor of `shape` with these elements, row-major, on the default device.
    ///
    /// # Panics
    /// If their number is not the shape's; [`Tensor::try_from_vec`] gives an error instead.
    #[track_caller]
    pub fn from_vec(data: Vec<E>, shape: S) -> Self {
        expect(Self::try_from_vec(data, shape))
    }

    /// A tensor of `shape` with these elements, row-major, on the default device.
    ///
    /// # Errors
    /// A number of elements that is not the shape's; a device without memory.
    pub fn try_from_vec(data: Vec<E>, shape: S) -> Result<Self, Error> {
        Self::on(Device::default_device(), &data, shape)
    }

    /// A tensor of `shape` with these elements, row-major, on `device`.
    ///
    /// # Errors
    /// A number of elements that is not the shape's; a device without memory.
    pub fn on(device: Device, data: &[E], shape: S) -> Result<Self, Error> {
        let sizes = shape.sizes();
        let expected = count(&sizes);
        if expected != data.len() {
            return Err(Error::Length { count: data.len(), shape: format!("{sizes:?}"), expected });
        }
        let sizes = Self::fitting(&shape)?;
        let buffer = device.backend().upload(E::bytes(data))?;
        let ty = TyRef::new(Ty::of(E::DTYPE, &sizes));
        Ok(Self::from_raw(RawTensor::Concrete { buffer, ty, device }))
    }

    /// The extents, if a memory can have a tensor of them.
    fn fitting(shape: &S) -> Result<Vec<usize>, Error> {
        let sizes = shape.sizes();
        match types::Shape::fits(&sizes, size_of::<E>()) {
            true => Ok(sizes),
            false => Err(Error::Extents { shape: format!("{sizes:?}"), dtype: E::DTYPE }),
        }
    }

    /// Zeros.
    #[track_caller]
    pub fn zeros(shape: S) -> Self {
        Self::full(E::from_f64(0.0), shape)
    }

    /// Ones.
    #[track_caller]
    pub fn ones(shape: S) -> Self {
        Self::full(E::from_f64(1.0), shape)
    }

    /// Every element `value`.
    #[track_caller]
    pub fn full(value: E, shape: S) -> Self {
        expect(Self::try_full(value, shape))
    }

    /// Every element `value`.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")] {
    /// use thunder_core::tensor::Tensor;
    /// assert_eq!(Tensor::try_full(2.0f32, (2,)).unwrap().to_vec(), [2.0, 2.0]);
    /// assert!(Tensor::try_full(2.0f32, (usize::MAX,)).is_err());
    /// # }
    /// ```
    ///
    /// # Errors
    /// Extents that no memory can have; a host or a device without memory.
    pub fn try_full(value: E, shape: S) -> Result<Self, Error> {
        let (sizes, device) = (Self::fitting(&shape)?, Device::default_device());
        let buffer = device.backend().fill(E::bytes(&[value]), count(&sizes))?;
        let ty = TyRef::new(Ty::of(E::DTYPE, &sizes));
        Ok(Self::from_raw(RawTensor::Concrete { buffer, ty, device }))
    }

    /// The extents, as a tuple.
    pub fn shape(&self) -> S {
        match &self.raw {
            RawTensor::Concrete { ty, .. } => S::from_sizes(&ty.sizes()),
            RawTensor::Traced(v) => S::from_sizes(&recorder::sizes(*v)),
            RawTensor::Poison => S::from_sizes(&vec![1; if S::RANK > 8 { 0 } else { S::RANK }]),
        }
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.raw.ty().map_or(0, |ty| ty.count())
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.raw.ty().map_or(0, |ty| ty.shape.rank())
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        E::DTYPE
    }

    /// Where the tensor lies (the default device while tracing).
    pub fn device(&self) -> Device {
        match &self.raw {
            RawTensor::Concrete { device, .. } => *device,
            _ => Device::default_device(),
        }
    }

    /// The elements, row-major, copied to the host.
    ///
    /// # Panics
    /// If the device fails; inside a `#[thunder]` function the macro rejects it.
    #[track_caller]
    pub fn to_vec(&self) -> Vec<E> {
        expect(self.try_to_vec())
    }

    /// The elements, row-major, copied to the host.
    ///
    /// # Errors
    /// A device failure, or a tensor that is being traced.
    pub fn try_to_vec(&self) -> Result<Vec<E>, Error> {
        let RawTensor::Concrete { buffer, ty, device } = &self.raw else {
            return Err(traced());
        };
        with_memory(|| E::read(ty.count(), |bytes| device.backend().download(buffer, bytes)))
    }

    /// The same tensor on `device`; shared if it is there already.
    ///
    /// # Panics
    /// If a device fails.
    #[track_caller]
    pub fn to(&self, device: &Device) -> Self {
        expect(self.try_to(device))
    }

    /// The same tensor on `device`; shared if it is there already.
    ///
    /// # Errors
    /// A device failure.
    pub fn try_to(&self, device: &Device) -> Result<Self, Error> {
        Ok(Self::from_raw(self.raw.to(device)?))
    }
}

/// The error of a host function on a tensor that is being traced.
fn traced() -> Error {
    let text = "a traced tensor has no elements yet".into();
    Error::Type { text, loc: crate::trace::Loc::NONE }
}

impl RawTensor {
    /// The same tensor on `device`; shared if it is there already.
    ///
    /// # Errors
    /// A device failure.
    pub fn to(&self, device: &Device) -> Result<RawTensor, Error> {
        match self {
            RawTensor::Concrete { buffer, ty, device: from } if from != device => {
                let mut bytes = with_memory(|| Ok(zeroed::<u8>(ty.bytes())?))?;
                from.backend().download(buffer, &mut bytes)?;
                let buffer = device.backend().upload(&bytes)?;
                Ok(RawTensor::Concrete { buffer, ty: *ty, device: *device })
            }
            other => Ok(other.clone()),
        }
    }

    /// Element type and extents; `None` for what failed.
    pub fn ty(&self) -> Option<Ty> {
        match self {
            RawTensor::Concrete { ty, .. } => Some(**ty),
            RawTensor::Traced(v) => recorder::ty(*v),
            RawTensor::Poison => None,
        }
    }
}

impl<E: Element> Scalar<E> {
    /// The value, copied to the host.
    ///
    /// # Panics
    /// If the device fails; inside a `#[thunder]` function the macro rejects it.
    #[track_caller]
    pub fn item(&self) -> E {
        self.to_vec().pop().unwrap_or_default()
    }
}

impl<E: Element> From<E> for Scalar<E> {
    #[track_caller]
    fn from(value: E) -> Self {
        Tensor::from_vec(vec![value], ())
    }
}

impl<E: Float, S: Shape> Tensor<E, S> {
    /// Standard normal elements drawn from `key`, the same on every device.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")] {
    /// use thunder_core::tensor::{Key, Tensor};
    /// let a = Tensor::<f32, _>::randn((4,), Key::new(0));
    /// assert_eq!(a.to_vec(), Tensor::<f32, _>::randn((4,), Key::new(0)).to_vec());
    /// # }
    /// ```
    #[track_caller]
    pub fn randn(shape: S, key: Key) -> Self {
        expect(Self::try_randn(shape, key))
    }

    /// Standard normal elements drawn from `key`, the same on every device.
    ///
    /// # Errors
    /// Extents that no memory can have; a host or a device without memory.
    pub fn try_randn(shape: S, key: Key) -> Result<Self, Error> {
        Self::try_normal(shape, 1.0, key)
    }

    /// Normal elements with mean 0 and standard deviation `std`, drawn from `key` on the default device.
    ///
    /// They are drawn in f64 and rounded once; other devices draw the same, but for the last bit of some.
    ///
    /// ```
    /// # #[cfg(feature = "cpu")] {
    /// use thunder_core::tensor::{Key, Tensor};
    /// let weight = Tensor::<f32, _>::try_normal((64, 64), 0.02, Key::new(0))?;
    /// assert!(weight.to_vec().iter().all(|x| x.abs() < 0.2));
    /// # }
    /// # Ok::<(), thunder_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Extents that no memory can have; a device without memory.
    pub fn try_normal(shape: S, std: f64, key: Key) -> Result<Self, Error> {
        let sizes = Self::fitting(&shape)?;
        create::normal(Device::default_device(), key, std, E::DTYPE, &sizes).map(Self::from_raw)
    }
}

impl<E: Element + std::fmt::Debug, S: Shape> std::fmt::Debug for Tensor<E, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.raw {
            RawTensor::Concrete { ty, device, .. } => {
                write!(f, "{ty} on {device}")?;
                if let Ok(data) = self.try_to_vec() {
                    let shown = &data[..data.len().min(8)];
                    write!(f, " {shown:?}{}", if data.len() > 8 { "…" } else { "" })?;
                }
                Ok(())
            }
            RawTensor::Traced(v) => write!(f, "{v}"),
            RawTensor::Poison => f.write_str("?"),
        }
    }
}

// Last, so that rustc, which lists the first functions that give a tensor, lists others.
impl<E: Element, S: Shape> Tensor<E, S> {
    /// From its untyped form, whose element type and rank must be these.
    #[doc(hidden)]
    pub fn from_raw(raw: RawTensor) -> Self {
        Tensor { raw, types: PhantomData }
    }
}
