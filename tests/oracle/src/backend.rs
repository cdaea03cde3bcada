//! The oracle as a device, so that whole functions can be tested through the same calls that users make.

use crate::{Array, Rounding, eval_with};
use std::any::Any;
use std::sync::Arc;
use thunder_core::error::Error;
use thunder_core::exec::{Arg, Backend, Buffer, Executable, Memory, Report};
use thunder_core::item::Options;
use thunder_core::kernel::target::{Cpu, Gpu, Target};
use thunder_core::op::Op;
use thunder_core::trace::Trace;
use thunder_core::types::{DType, Element, Ty};

/// A device named `oracle`, where every float operation is in f64 and only results are rounded.
pub struct Oracle;

struct Bytes(Vec<u8>);

impl Memory for Bytes {
    fn bytes(&self) -> usize {
        self.0.len()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn bytes(buffer: &Buffer) -> Result<&[u8], Error> {
    let other = || Error::Backend { device: "oracle".into(), message: "a buffer of another device".into() };
    buffer.as_any().downcast_ref::<Bytes>().map(|b| &b.0[..]).ok_or_else(other)
}

impl Backend for Oracle {
    fn name(&self) -> String {
        "oracle".into()
    }
    fn target(&self) -> Target {
        Target::Cpu(Cpu::PLAIN)
    }
    fn upload(&self, bytes: &[u8]) -> Result<Buffer, Error> {
        Ok(Arc::new(Bytes(bytes.to_vec())))
    }
    fn download(&self, buffer: &Buffer, out: &mut [u8]) -> Result<(), Error> {
        out.copy_from_slice(&bytes(buffer)?[..out.len()]);
        Ok(())
    }
    fn claims(&self, _: &Op, _: &[Ty]) -> bool {
        true
    }
    fn compile(&self, trace: &Trace, _: &[bool], _: Options) -> Result<Arc<dyn Executable>, Error> {
        Ok(Arc::new(Interpreted(trace.clone())))
    }
}

/// A device on which only the passes run.
pub struct Nothing;

impl Backend for Nothing {
    fn name(&self) -> String {
        "nothing".into()
    }
    fn target(&self) -> Target {
        Target::Gpu(Gpu::H100)
    }
    fn upload(&self, _: &[u8]) -> Result<Buffer, Error> {
        Err(Error::OutOfMemory { device: self.name(), bytes: 0 })
    }
    fn download(&self, _: &Buffer, _: &mut [u8]) -> Result<(), Error> {
        Err(Error::OutOfMemory { device: self.name(), bytes: 0 })
    }
    fn claims(&self, _: &Op, _: &[Ty]) -> bool {
        false
    }
    fn compile(&self, _: &Trace, _: &[bool], _: Options) -> Result<Arc<dyn Executable>, Error> {
        Err(Error::OutOfMemory { device: self.name(), bytes: 0 })
    }
}

struct Interpreted(Trace);

impl Executable for Interpreted {
    fn run(&self, args: &mut Vec<Arg>) -> Result<Vec<Buffer>, Error> {
        let mut inputs = Vec::new();
        for (arg, &p) in args.iter().zip(&self.0.body.params) {
            let (Arg::Borrowed(buffer) | Arg::Donated(buffer)) = arg;
            let ty = self.0.ty(p);
            inputs.push(Array::new(ty.dtype(), &ty.sizes(), decode(ty.dtype(), bytes(buffer)?)));
        }
        let results = eval_with(&self.0, &inputs, Rounding::None);
        Ok(results.into_iter().map(|x| Arc::new(Bytes(encode(x.dtype, &x.data))) as Buffer).collect())
    }
    fn report(&self) -> Report {
        Report::default()
    }
}

macro_rules! by_dtype {
    ($dtype:expr, $f:ident($($arg:expr),*)) => {
        match $dtype {
            DType::F64 => $f::<f64>($($arg),*),
            DType::F32 => $f::<f32>($($arg),*),
            DType::F16 => $f::<half::f16>($($arg),*),
            DType::BF16 => $f::<half::bf16>($($arg),*),
            DType::I64 => $f::<i64>($($arg),*),
            DType::I32 => $f::<i32>($($arg),*),
            DType::U32 => $f::<u32>($($arg),*),
            DType::U8 => $f::<u8>($($arg),*),
            DType::Bool => $f::<bool>($($arg),*),
        }
    };
}

/// Elements as `f64`.
pub fn decode(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    fn typed<E: Element>(bytes: &[u8]) -> Vec<f64> {
        let count = bytes.len() / E::DTYPE.size();
        let list = E::read(count, |out| -> Result<(), thunder_core::types::NoMemory> {
            out.copy_from_slice(&bytes[..out.len()]);
            Ok(())
        });
        list.expect("memory for a test").into_iter().map(E::to_f64).collect()
    }
    by_dtype!(dtype, typed(bytes))
}

/// Elements as bytes, rounded to their type.
pub fn encode(dtype: DType, data: &[f64]) -> Vec<u8> {
    fn typed<E: Element>(data: &[f64]) -> Vec<u8> {
        let list: Vec<E> = data.iter().map(|&x| E::from_f64(x)).collect();
        E::bytes(&list).to_vec()
    }
    by_dtype!(dtype, typed(data))
}
