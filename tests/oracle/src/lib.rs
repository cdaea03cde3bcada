//! A naive interpreter of traces in f64: slow, obvious, and sharing no code with the executors.
//!
//! Every operation is computed from its definition, composites too, so that decompositions, derivatives, passes
//! and executors can all be judged by it.
//!
//! # Random numbers
//!
//! What follows is the contract that every executor implements. A key is two 32-bit words, the key of Philox
//! 4x32-10 (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, 2011). A counter is four 32-bit words;
//! one gives four 32-bit lanes. For element `i`, in row-major order of the logical tensor:
//!
//! | draw | counter (words 0 and 1 are the low and high half of a 64-bit number) | lane |
//! |---|---|---|
//! | `uniform` | `(i / 4, 0, 0)` | 32-bit lane `i % 4`; `u` = its upper 24 bits `* 2^-24` |
//! | `bernoulli(p)` | `(i / 8, 0, 0)` | 16-bit lane `i % 8`: lane `2j` is the low half of word `j`, `2j + 1` the high; `true` if below `round(p * 65536)` |
//! | `normal` | `(i / 2, 0, 1)` | `u1`, `u2`: uniforms of 32-bit lanes `2 (i % 2)` and `2 (i % 2) + 1`; `√(-2 ln(1 - u1)) cos(2π u2)` |
//! | `key_split(n)[i]` | `(i, 0, 2)` | the first two words are the new key |
//! | `fold_in(d)` | `(d, 0, 3)` | the first two words are the new key |

mod backend;
mod composite;
mod elementwise;
mod movement;
mod random;
pub mod random_trace;
mod reduce;
pub mod samples;

pub use backend::{Nothing, Oracle, decode, encode};
pub use random::philox;

use std::collections::HashMap;
use thunder_core::op::{Class, Op};
use thunder_core::trace::{Body, InstData, Kind, Trace, Value};
use thunder_core::types::{DType, Ty};

/// A tensor: row-major elements, each as an `f64` (integers exact to 2^53, `bool` as 0 or 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The element type.
    pub dtype: DType,
    /// The extents.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Vec<f64>,
}

/// Whether results are rounded to their element type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// Every float is an f64, as the reference.
    None,
    /// Each operation's result is rounded to its element type.
    Each,
}

impl Array {
    /// An array of these elements.
    ///
    /// # Panics
    /// If the number of elements does not match the shape.
    pub fn new(dtype: DType, shape: &[usize], data: Vec<f64>) -> Array {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "elements do not fill the shape");
        Array { dtype, shape: shape.to_vec(), data }
    }

    /// An array of zeros.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Array {
        Array { dtype, shape: shape.to_vec(), data: vec![0.0; shape.iter().product()] }
    }

    /// The element at `index`.
    pub fn at(&self, index: &[usize]) -> f64 {
        self.data[offset(&self.shape, index)]
    }

    /// The element that broadcasting to a shape of at least this rank has at `index`.
    pub fn broadcast_at(&self, index: &[usize]) -> f64 {
        let skip = index.len() - self.shape.len();
        let own: Vec<usize> =
            self.shape.iter().enumerate().map(|(i, &n)| if n == 1 { 0 } else { index[skip + i] }).collect();
        self.at(&own)
    }

    /// The array with element `f(index)` at each index.
    pub fn build(dtype: DType, shape: &[usize], mut f: impl FnMut(&[usize]) -> f64) -> Array {
        Array { dtype, shape: shape.to_vec(), data: indices(shape).iter().map(|i| f(i)).collect() }
    }

    /// The array with each element rounded to the element type.
    pub fn rounded(mut self) -> Array {
        let dtype = self.dtype;
        self.data.iter_mut().for_each(|x| *x = round(dtype, *x));
        self
    }
}

/// `x` rounded to an element of type `dtype`.
pub fn round(dtype: DType, x: f64) -> f64 {
    match dtype {
        DType::F32 => narrow(x, 24, -149, f64::from(f32::MAX)),
        DType::F16 => narrow(x, 11, -24, 65504.0),
        DType::BF16 => narrow(x, 8, -133, 255.0 * 2f64.powi(120)),
        DType::F64 | DType::I64 | DType::I32 | DType::U32 | DType::U8 | DType::Bool => x,
    }
}

/// `x` in a float type of `digits` binary digits, whose least denormal is `2^least`: to the nearest, ties to even, from
/// the bits of `x`.
fn narrow(x: f64, digits: i32, least: i32, greatest: f64) -> f64 {
    if !x.is_finite() || x == 0.0 {
        return x;
    }
    let bits = x.to_bits();
    // `x` is `m 2^e`, with `m` of 53 digits; denormals of f64 are far below every other type's.
    let m = (bits & ((1 << 52) - 1)) | (1 << 52);
    let e = ((bits >> 52) & 0x7ff) as i32 - 1075;
    // The result is a multiple of `2^unit`.
    let unit = (e + 53 - digits).max(least);
    let shift = unit - e;
    if shift > 60 {
        return 0f64.copysign(x);
    }
    let (mut q, rest, half) = (m >> shift, m & ((1 << shift) - 1), 1 << (shift - 1));
    if rest > half || (rest == half && q % 2 == 1) {
        q += 1;
    }
    let y = q as f64 * 2f64.powi(unit);
    (if y > greatest { f64::INFINITY } else { y }).copysign(x)
}

/// Every index of a shape, row-major.
pub fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &n in shape {
        all = all.iter().flat_map(|head| (0..n).map(move |i| [&head[..], &[i]].concat())).collect();
    }
    all
}

fn offset(shape: &[usize], index: &[usize]) -> usize {
    shape.iter().zip(index).fold(0, |at, (&n, &i)| {
        assert!(i < n, "index {index:?} lies outside of {shape:?}");
        at * n + i
    })
}

/// The results of `trace` on `inputs`, every float an f64.
///
/// # Panics
/// If the inputs do not match the parameters, or if the trace still has derivatives.
pub fn eval(trace: &Trace, inputs: &[Array]) -> Vec<Array> {
    eval_with(trace, inputs, Rounding::None)
}

/// The results of `trace` on `inputs`.
///
/// # Panics
/// If the inputs do not match the parameters, or if the trace still has derivatives.
pub fn eval_with(trace: &Trace, inputs: &[Array], rounding: Rounding) -> Vec<Array> {
    let mut env = HashMap::new();
    bind(trace, &trace.body, inputs, &mut env);
    body(trace, &trace.body, &mut env, rounding)
}

type Env = HashMap<Value, Array>;

fn bind(trace: &Trace, body: &Body, inputs: &[Array], env: &mut Env) {
    assert_eq!(body.params.len(), inputs.len(), "one input a parameter");
    for (&p, x) in body.params.iter().zip(inputs) {
        let ty = trace.ty(p);
        assert_eq!((ty.dtype(), ty.sizes()), (x.dtype, x.shape.clone()), "the input of {p}");
        env.insert(p, x.clone());
    }
}

fn body(trace: &Trace, b: &Body, env: &mut Env, rounding: Rounding) -> Vec<Array> {
    for inst in trace.insts(b) {
        let results = run(trace, inst, env, rounding);
        for (&v, x) in inst.results.iter().zip(results) {
            let ty = trace.ty(v);
            assert_eq!((ty.dtype(), ty.sizes()), (x.dtype, x.shape.clone()), "the result of {:?}", inst.kind);
            env.insert(v, if rounding == Rounding::Each { x.rounded() } else { x });
        }
    }
    b.results.iter().map(|r| env[r].clone()).collect()
}

fn run(trace: &Trace, inst: &InstData, env: &mut Env, rounding: Rounding) -> Vec<Array> {
    let args: Vec<Array> = inst.args.iter().map(|a| env[a].clone()).collect();
    match (&inst.kind, &inst.body) {
        (Kind::Op(op), _) => vec![op_result(op, &args, trace.ty(inst.results[0]))],
        (Kind::Checkpoint | Kind::Autocast(_) | Kind::Fused(_), Some(b)) => {
            bind(trace, b, &args, env);
            body(trace, b, env, rounding)
        }
        (Kind::Vmap { size }, Some(b)) => {
            let examples: Vec<Vec<Array>> = (0..*size as usize)
                .map(|i| {
                    let parts: Vec<Array> = args.iter().map(|x| example(x, i)).collect();
                    bind(trace, b, &parts, env);
                    body(trace, b, env, rounding)
                })
                .collect();
            inst.results
                .iter()
                .enumerate()
                .map(|(r, &v)| {
                    let ty = trace.ty(v);
                    let data = examples.iter().flat_map(|e| e[r].data.clone()).collect();
                    Array::new(ty.dtype(), &ty.sizes(), data)
                })
                .collect()
        }
        (kind, _) => panic!("the oracle does not run {kind:?}"),
    }
}

/// The `i`th example of an array mapped along its first dimension.
fn example(x: &Array, i: usize) -> Array {
    let n: usize = x.shape[1..].iter().product();
    Array::new(x.dtype, &x.shape[1..], x.data[i * n..(i + 1) * n].to_vec())
}

/// The result of `op`, of type `ty`, on `args`.
pub fn op_result(op: &Op, args: &[Array], ty: Ty) -> Array {
    let (dtype, shape) = (ty.dtype(), ty.sizes());
    match op.class() {
        Class::UnaryFloat
        | Class::UnaryNum
        | Class::Test
        | Class::Binary
        | Class::Compare
        | Class::UnaryLogic
        | Class::BinaryLogic
        | Class::Elementwise => elementwise::eval(op, args, dtype, &shape),
        Class::Creation => movement::create(op, dtype, &shape),
        Class::Reduce | Class::Along => reduce::eval(op, &args[0], dtype, &shape),
        Class::View | Class::Movement | Class::Index | Class::Lookup | Class::Contract => {
            movement::eval(op, args, dtype, &shape)
        }
        Class::Key | Class::Draw => random::eval(op, args, dtype, &shape),
        Class::Identity | Class::Effect => args[0].clone(),
        Class::Custom => samples::custom::eval(&args[0]),
        Class::CompositeUnary | Class::CompositeReduce | Class::CompositeAlong | Class::Composite => {
            composite::eval(op, args, dtype, &shape)
        }
    }
}
