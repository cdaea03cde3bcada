//! One table of samples of every operation: odd sizes, size 1, empty, broadcast.
//!
//! Derivatives, decompositions, batching and the executors are all tested on it.

mod composites;
pub mod custom;
mod empty;
mod primitives;

use crate::Array;
use thunder_core::op::{Op, Opcode, infer};
use thunder_core::trace::{Builder, Trace};
use thunder_core::types::{DType, Ty};

/// An operation with operands for a test.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The operation.
    pub op: Op,
    /// Its operands.
    pub inputs: Vec<Input>,
    /// The order to which it is differentiable at these operands: 0, 1, or 2 if it is smooth.
    pub order: u8,
}

/// An operand: its type and its contents.
#[derive(Clone, Debug)]
pub struct Input {
    /// The element type.
    pub dtype: DType,
    /// The extents.
    pub shape: Vec<usize>,
    /// The elements.
    pub fill: Fill,
}

/// The contents of an operand.
#[derive(Clone, Debug)]
pub enum Fill {
    /// Uniformly drawn from `lo..hi` (integers: `lo` to `hi - 1`).
    Range(f64, f64),
    /// These, repeated as often as needed.
    Values(Vec<f64>),
}

/// Every sample, floats of type `float`.
pub fn all(float: DType) -> Vec<Sample> {
    let mut list = Table { float, list: Vec::new() };
    primitives::add(&mut list);
    composites::add(&mut list);
    custom::add(&mut list);
    empty::add(&mut list);
    list.list
}

/// The samples with a dimension of extent 0, where it is easy to read out of bounds.
pub fn empty(float: DType) -> Vec<Sample> {
    let mut list = Table { float, list: Vec::new() };
    empty::add(&mut list);
    list.list
}

/// The operations that have no sample.
pub fn missing(float: DType) -> Vec<Opcode> {
    let have: Vec<Opcode> = all(float).iter().map(|s| s.op.code()).collect();
    Opcode::ALL.iter().copied().filter(|c| !have.contains(c)).collect()
}

/// The samples under construction.
pub(crate) struct Table {
    pub(crate) float: DType,
    list: Vec<Sample>,
}

impl Table {
    /// Adds a sample.
    pub(crate) fn add(&mut self, order: u8, op: Op, inputs: &[Input]) {
        self.list.push(Sample { op, inputs: inputs.to_vec(), order });
    }

    /// Floats in `-2..2`.
    pub(crate) fn x(&self, shape: &[usize]) -> Input {
        self.f(shape, -2.0, 2.0)
    }

    /// Floats in `lo..hi`.
    pub(crate) fn f(&self, shape: &[usize], lo: f64, hi: f64) -> Input {
        Input { dtype: self.float, shape: shape.to_vec(), fill: Fill::Range(lo, hi) }
    }

    /// These floats.
    pub(crate) fn v(&self, shape: &[usize], values: &[f64]) -> Input {
        Input { dtype: self.float, shape: shape.to_vec(), fill: Fill::Values(values.to_vec()) }
    }
}

/// Integers in `lo..hi`.
pub(crate) fn ints(dtype: DType, shape: &[usize], lo: i64, hi: i64) -> Input {
    Input { dtype, shape: shape.to_vec(), fill: Fill::Range(lo as f64, hi as f64) }
}

/// These integers.
pub(crate) fn exactly(dtype: DType, shape: &[usize], values: &[i64]) -> Input {
    Input { dtype, shape: shape.to_vec(), fill: Fill::Values(values.iter().map(|&x| x as f64).collect()) }
}

/// Truth values.
pub(crate) fn bools(shape: &[usize]) -> Input {
    ints(DType::Bool, shape, 0, 2)
}

/// A random key.
pub(crate) fn key() -> Input {
    exactly(DType::U32, &[2], &[0x1234_5678, 0x9abc_def0])
}

impl Sample {
    /// A name for failures: the operation and its operands' types.
    pub fn name(&self) -> String {
        let types: Vec<String> = self.types().iter().map(Ty::to_string).collect();
        format!("{:?} on {}", self.op, types.join(", "))
    }

    /// The operands' types.
    pub fn types(&self) -> Vec<Ty> {
        self.inputs.iter().map(|i| Ty::of(i.dtype, &i.shape)).collect()
    }

    /// The result's type.
    ///
    /// # Panics
    /// If the sample is ill-typed.
    pub fn result(&self) -> Ty {
        infer(&self.op, &self.types(), &[]).unwrap_or_else(|e| panic!("{}: {e}", self.name()))
    }

    /// A trace with the operands as parameters that runs the operation alone.
    pub fn trace(&self) -> Trace {
        let mut trace = Trace::new(self.op.name());
        let params: Vec<_> =
            self.types().into_iter().enumerate().map(|(i, t)| trace.param(format!("x{i}"), t)).collect();
        let mut b = Builder::new(&mut trace);
        let y = b.op(self.op, &params);
        let insts = b.finish();
        trace.body.insts = insts;
        trace.body.results = vec![y];
        trace
    }

    /// Operands, rounded to their types; a different set for each seed.
    pub fn arrays(&self, seed: u64) -> Vec<Array> {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
        self.inputs.iter().map(|i| i.array(&mut random)).collect()
    }
}

impl Input {
    fn array(&self, random: &mut Random) -> Array {
        let n: usize = self.shape.iter().product();
        let data = (0..n).map(|i| match &self.fill {
            Fill::Range(lo, hi) if self.dtype.is_float() => lo + (hi - lo) * random.unit(),
            Fill::Range(lo, hi) => (lo + (hi - lo) * random.unit()).floor(),
            Fill::Values(list) => list[i % list.len()],
        });
        Array::new(self.dtype, &self.shape, data.collect()).rounded()
    }
}

/// SplitMix64: enough for test data.
pub struct Random(pub u64);

impl Random {
    /// The next number in `0..1`.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
