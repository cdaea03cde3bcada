//! Random well-typed traces, made from bytes, so that a library that shrinks bytes also shrinks traces.
//!
//! Each step is a chunk of bytes of its own: the operation, its operands (counted back from the newest value) and
//! its attributes. A step that is not possible is skipped. So every byte string is a trace, and removing a chunk
//! removes at most one operation. The generator runs each operation as it appends it, and keeps values moderate, because
//! the traces are for testing passes and executors, not overflow.

use crate::samples::Random;
use crate::{Array, op_result};
use std::collections::HashMap;
use thunder_core::op::{Causal, Class, Flag, Label, Lit, Op, Pattern, Reduction};
use thunder_core::trace::{Builder, Kind, Trace, Value};
use thunder_core::types::{Axes, Axis, DType, Elem, Extent, MAX_RANK, Shape, Ty};

/// The bytes of a parameter.
pub type Param = [u8; 6];
/// The bytes of a step.
pub type StepBytes = [u8; 8];

/// The bytes that a trace is made from.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The parameters.
    pub params: Vec<Param>,
    /// The operations.
    pub steps: Vec<StepBytes>,
    /// The results, counted back from the newest value; the newest is always one.
    pub results: Vec<u8>,
}

/// The purpose of the traces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// Every operation on moderate values.
    Any,
    /// NaN and infinities among the inputs.
    Specials,
    /// f64, and only operations that are differentiable with a moderate slope.
    Smooth,
}

/// A trace with inputs for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The trace.
    pub trace: Trace,
    /// One input for each parameter.
    pub inputs: Vec<Array>,
}

const MAX_COUNT: usize = 240;
const FLOATS: [DType; 4] = [DType::F32, DType::F64, DType::BF16, DType::F16];

/// The trace of a recipe.
pub fn make(recipe: &Recipe, flavour: Flavour) -> Case {
    let mut trace = Trace::new("random");
    let mut inputs = Vec::new();
    let mut values = Vec::new();
    let mut random = Random(recipe.params.len() as u64 + 77);
    let base = recipe.params.first().map_or(vec![2, 3], extents);
    for (i, p) in recipe.params.iter().enumerate() {
        let dtype = param_type(p[0], flavour);
        let shape = if p[5] % 4 == 3 { extents(p) } else { thinned(&base, p[5]) };
        let twin =
            inputs.iter().find(|x: &&Array| p[4] % 3 == 0 && x.dtype == dtype && x.shape == shape).cloned();
        let x = twin.unwrap_or_else(|| input(dtype, &shape, flavour, &mut random));
        values.push(trace.param(format!("x{i}"), Ty::of(dtype, &shape)));
        inputs.push(x);
    }
    let b = Builder::new(&mut trace);
    let known = values.iter().copied().zip(inputs.iter().cloned()).collect();
    let mut g = Generator { b, values, known, noisy: HashMap::new(), inputs, flavour, key: None };
    for step in &recipe.steps {
        g.step(step);
    }
    let newest = g.values.len() - 1;
    let mut results = vec![g.values[newest]];
    results.extend(recipe.results.iter().map(|&r| g.values[newest - r as usize % g.values.len()]));
    let inputs = g.inputs;
    let insts = g.b.finish();
    trace.body.insts = insts;
    trace.body.results = results;
    Case { trace, inputs }
}

/// Appends the operations of `trace` on `args`, and returns its results.
///
/// # Panics
/// If the trace has more than operations.
pub fn inline(b: &mut Builder, trace: &Trace, args: &[Value]) -> Vec<Value> {
    let mut map: HashMap<Value, Value> =
        trace.body.params.iter().copied().zip(args.iter().copied()).collect();
    for inst in trace.insts(&trace.body) {
        let Kind::Op(op) = inst.kind else { panic!("{:?} in a random trace", inst.kind) };
        let args: Vec<Value> = inst.args.iter().map(|a| map[a]).collect();
        let y = b.op(op, &args);
        map.insert(inst.results[0], y);
    }
    trace.body.results.iter().map(|r| map[r]).collect()
}

/// The tolerance of each element of the results, for an executor whose operations have errors of a few units of
/// `unit(dtype)` relative to their operands and results.
///
/// This is an estimate: the trace is run a few times with random perturbations of that size in operands and results, and
/// the largest deviation is multiplied by a safety factor. So cancellation and ill-conditioned steps widen the bound only
/// where they occur.
pub fn bounds(case: &Case, unit: impl Fn(DType) -> f64) -> Vec<Vec<f64>> {
    let want = crate::eval(&case.trace, &case.inputs);
    let mut out: Vec<Vec<f64>> = want.iter().map(|w| vec![0.0; w.data.len()]).collect();
    for seed in 0..4 {
        for ((bound, (got, noisy)), want) in out.iter_mut().zip(perturbed(case, seed, &unit)).zip(&want) {
            for ((b, g), w) in bound.iter_mut().zip(&got.data).zip(&want.data) {
                let off = (g - w).abs();
                let off = match (noisy, off.is_nan()) {
                    (false, _) => 0.0,
                    (true, false) => (48.0 * off).max(8.0 * unit(want.dtype) * w.abs()),
                    // Near the edge of a domain or of the range, there is no bound.
                    (true, true) if !(w.is_nan() && g.is_nan()) && g != w => f64::INFINITY,
                    (true, true) => 0.0,
                };
                *b = b.max(off);
            }
        }
    }
    out
}

fn perturbed(case: &Case, seed: u64, unit: &dyn Fn(DType) -> f64) -> Vec<(Array, bool)> {
    let trace = &case.trace;
    let mut random = Random(seed + 1000);
    let mut env: HashMap<Value, (Array, bool)> = HashMap::new();
    for (&p, x) in trace.body.params.iter().zip(&case.inputs) {
        env.insert(p, (x.clone(), false));
    }
    for inst in trace.insts(&trace.body) {
        let Kind::Op(op) = inst.kind else { panic!("{:?} in a random trace", inst.kind) };
        let ty = trace.ty(inst.results[0]);
        let noisy =
            noisy(&op, ty.dtype(), &inst.args.iter().map(|a| (env[a].0.dtype, env[a].1)).collect::<Vec<_>>());
        // Inside a composite, sums of its operands' size cancel (the tail of gelu, say).
        let size = |x: &Array| x.data.iter().filter(|v| v.is_finite()).fold(1.0f64, |m, v| m.max(v.abs()));
        let inside = if op.class().is_composite() {
            inst.args.iter().map(|a| size(&env[a].0)).fold(0.0, f64::max)
        } else {
            0.0
        };
        let mut shake = |mut x: Array, inside: f64| {
            if noisy && x.dtype.is_float() {
                let (e, least) = (unit(x.dtype), if x.dtype == DType::F16 { 6e-8 } else { 0.0 });
                x.data
                    .iter_mut()
                    .for_each(|v| *v += (e * (v.abs() + inside) + least) * (2.0 * random.unit() - 1.0));
            }
            x
        };
        let args: Vec<Array> = inst.args.iter().map(|a| shake(env[a].0.clone(), 0.0)).collect();
        let y = shake(op_result(&op, &args, ty), inside);
        env.insert(inst.results[0], (y, noisy));
    }
    trace.body.results.iter().map(|r| env[r].clone()).collect()
}

/// Whether the result may differ in its last bits between executors. Such values meet no step function, so that
/// integers, booleans and indices stay exact.
fn noisy(op: &Op, to: DType, args: &[(DType, bool)]) -> bool {
    if !to.is_float() {
        return false;
    }
    let any = args.iter().any(|(_, noisy)| *noisy);
    match op {
        Op::Cast { .. } => {
            let from = args[0].0;
            any || !(from.is_float() && from.size() <= to.size() && (from == to || to.size() > 2))
        }
        Op::Neg | Op::Abs | Op::Select | Op::Maximum | Op::Minimum | Op::Amax { .. } | Op::Amin { .. } => any,
        Op::Take { .. } | Op::Gather { .. } | Op::SliceUpdate { .. } | Op::Embedding => any,
        Op::Chunk { .. } | Op::Narrow { .. } | Op::SelectIndex { .. } | Op::Transpose { .. } => any,
        Op::Unsqueeze { .. } | Op::Squeeze { .. } | Op::Stack { .. } | Op::Rearrange { .. } => any,
        Op::Tril { .. } | Op::Triu { .. } | Op::OneHot { .. } | Op::Relu => any,
        Op::Uniform { .. } => to.size() < 4,
        _ => {
            !matches!(
                op.class(),
                Class::Creation | Class::View | Class::Movement | Class::Identity | Class::Effect
            ) || any
        }
    }
}

fn steps_at_jumps(op: &Op, from: DType) -> bool {
    from.is_float()
        && match op {
            Op::Sign
            | Op::Floor
            | Op::Pow
            | Op::Ceil
            | Op::Round
            | Op::Trunc
            | Op::IsNan
            | Op::IsInf
            | Op::IsFinite => true,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Rem | Op::Atan2 => true,
            Op::Argmax { .. } | Op::Argmin { .. } => true,
            Op::Cast { elem } => !elem.known().is_some_and(DType::is_float),
            _ => false,
        }
}

fn param_type(byte: u8, flavour: Flavour) -> DType {
    use DType::*;
    let smooth = [F64, F64, F64, I64, F64, Bool];
    let any = [F32, F64, BF16, I64, Bool, F32, I32, F16, F32, BF16, F64, U8];
    let list = if flavour == Flavour::Smooth { &smooth[..] } else { &any[..] };
    list[byte as usize % list.len()]
}

fn extents(p: &Param) -> Vec<usize> {
    let sizes = [2, 3, 1, 5, 4, 7, 3, 2, 1, 6, 0, 5];
    let rank = p[1] as usize % 4;
    (0..rank).map(|i| sizes[p[2 + i] as usize % sizes.len()]).collect()
}

/// A shape that broadcasts to `base`.
fn thinned(base: &[usize], byte: u8) -> Vec<usize> {
    let skip = (byte as usize >> 2) % (base.len() + 1);
    base[skip..].iter().enumerate().map(|(i, &n)| if byte >> 5 & (1 << i) != 0 { 1 } else { n }).collect()
}

fn input(dtype: DType, shape: &[usize], flavour: Flavour, random: &mut Random) -> Array {
    let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
    let n = shape.iter().product();
    let data = (0..n).map(|_| {
        let u = random.unit();
        match dtype {
            DType::Bool => (u * 2.0).floor(),
            DType::U8 => (u * 9.0).floor(),
            d if d.is_int() => (u * 13.0).floor() - 4.0,
            _ if flavour == Flavour::Specials && u > 0.8 => special[(random.unit() * 5.0) as usize],
            _ => 4.0 * u - 2.0,
        }
    });
    Array::new(dtype, shape, data.collect()).rounded()
}

struct Generator<'t> {
    b: Builder<'t>,
    values: Vec<Value>,
    known: HashMap<Value, Array>,
    noisy: HashMap<Value, bool>,
    inputs: Vec<Array>,
    flavour: Flavour,
    key: Option<Value>,
}

impl Generator<'_> {
    fn array(&self, v: Value) -> &Array {
        &self.known[&v]
    }

    fn shape(&self, v: Value) -> Vec<usize> {
        self.known[&v].shape.clone()
    }

    /// Appends `op`, if its operands are right and its result is moderate.
    fn op(&mut self, op: Op, args: &[Value]) -> Option<Value> {
        let arrays: Vec<Array> = args.iter().map(|&a| self.array(a).clone()).collect();
        let flags: Vec<(DType, bool)> =
            args.iter().map(|a| (self.array(*a).dtype, self.is_noisy(*a))).collect();
        if flags.iter().any(|&(d, noisy)| noisy && steps_at_jumps(&op, d)) {
            return None;
        }
        let types: Vec<Ty> = args.iter().map(|&a| self.b.ty(a)).collect();
        let ty = thunder_core::op::infer(&op, &types, &[]).ok()?;
        let count = ty.shape.elems().value().unwrap_or_else(|| panic!("{op:?} on {types:?} gives {ty}"));
        if count > MAX_COUNT || ty.shape.rank() > 5 {
            return None;
        }
        if self.flavour == Flavour::Smooth && !smooth(&op, &arrays) {
            return None;
        }
        let y = op_result(&op, &arrays, ty);
        if !tame(&y, &arrays, self.flavour) {
            return None;
        }
        let v = self.b.op(op, args);
        self.noisy.insert(v, noisy(&op, ty.dtype(), &flags));
        self.known.insert(v, y);
        self.values.push(v);
        Some(v)
    }

    fn is_noisy(&self, v: Value) -> bool {
        self.noisy.get(&v).copied().unwrap_or(false)
    }

    /// Among the values for which `fits` is true, the one `back` places before the newest.
    fn pick(&self, back: u8, fits: impl Fn(&Array) -> bool) -> Option<Value> {
        let list: Vec<Value> = self.values.iter().rev().copied().filter(|v| fits(self.array(*v))).collect();
        list.get(back as usize % list.len().max(1)).copied()
    }

    fn float(&self, back: u8) -> Option<Value> {
        self.pick(back, |x| x.dtype.is_float())
    }

    /// A random key, which becomes a parameter at the first use.
    fn key(&mut self) -> Value {
        if let Some(k) = self.key {
            return k;
        }
        let k = self.b.trace.param("key", Ty::KEY);
        let x = Array::new(DType::U32, &[2], vec![f64::from(0x1234_5678), f64::from(0x9abc_def0u32)]);
        self.inputs.push(x.clone());
        self.known.insert(k, x);
        self.key = Some(k);
        k
    }

    /// Integers of this shape.
    fn index(&mut self, back: u8, shape: &[usize]) -> Option<Value> {
        let fits = |x: &Array| matches!(x.dtype, DType::I64 | DType::I32) && x.shape == shape;
        if back.is_multiple_of(2)
            && let Some(v) = self.pick(back / 2, fits)
        {
            return Some(v);
        }
        let elem = Elem::Known(if back.is_multiple_of(3) { DType::I32 } else { DType::I64 });
        if shape.is_empty() {
            return self
                .op(Op::Full { value: Lit::I(i128::from(back % 5) - 1), elem, shape: Shape::SCALAR }, &[]);
        }
        let axis = Axis((back as usize % shape.len()) as i32);
        self.op(Op::Iota { elem, shape: Shape::of(shape), axis }, &[])
    }

    fn step(&mut self, s: &StepBytes) {
        let [_, a, b, c, d, e, f, _] = *s;
        let before = self.values.len();
        match s[0] % 16 {
            0 => self.unary(a, b),
            1 | 2 => self.binary(a, b, c),
            3 => self.compare(a, b, c),
            4 => self.select(a, b, c),
            5 => self.cast(a, b),
            6 | 7 => self.reduce(a, b, c, d),
            8 => self.reshape(a, b, c),
            9 => self.movement(a, b, c, d, e),
            10 => self.indexing(a, b, c, d, e),
            11 => self.contraction(a, b, c),
            12 => self.random(a, b, c),
            13 => self.statistics(a, b, c, d),
            14 => self.activation(a, b, c),
            _ => self.movement_composite(a, b, c, d, f),
        };
        debug_assert!(self.values.len() <= before + 4, "a step is a few operations");
    }

    fn unary(&mut self, which: u8, back: u8) -> Option<Value> {
        use Op::*;
        if which % 5 == 4 {
            let x = self.pick(back, |x| !x.dtype.is_float())?;
            let op = if self.array(x).dtype == DType::Bool {
                Not
            } else {
                [Neg, Abs, Sign, Square, Not][which as usize / 5 % 5]
            };
            return self.op(op, &[x]);
        }
        let list = [
            Neg,
            Square,
            Exp,
            Sin,
            Tanh,
            Sigmoid,
            Sqrt,
            Rsqrt,
            Log,
            Reciprocal,
            Abs,
            Cos,
            Exp2,
            Expm1,
            Log2,
            Log1p,
            Erf,
            Erfc,
            Sign,
            Floor,
            Ceil,
            Round,
            Trunc,
            IsNan,
            IsInf,
            IsFinite,
            StopGradient,
            Barrier,
        ];
        let x = self.float(back)?;
        self.op(list[which as usize % list.len()], &[x])
    }

    /// A value of the same type whose shape broadcasts with that of `x`.
    fn partner(&self, back: u8, x: Value) -> Option<Value> {
        let (dtype, ty) = (self.array(x).dtype, self.b.ty(x));
        self.pick(back, |y| {
            y.dtype == dtype && thunder_core::op::broadcast(&ty.shape, &Shape::of(&y.shape), &[]).is_ok()
        })
    }

    /// A second operand: a value or a constant.
    fn operand(&mut self, back: u8, x: Value) -> Option<Value> {
        if back % 5 != 4 {
            return self.partner(back / 5, x);
        }
        let dtype = self.array(x).dtype;
        let n: f64 = [0.0, 1.0, 2.0, -1.0, 3.0, -0.0, 0.5][back as usize / 5 % 7];
        let value = match dtype {
            DType::Bool => Lit::B(n == 1.0),
            d if d.is_int() => Lit::I(if d == DType::U8 { n.abs() as i128 } else { n as i128 }),
            _ => Lit::F(n),
        };
        let shape = if back >= 128 { self.b.ty(x).shape } else { Shape::SCALAR };
        self.op(Op::Full { value, elem: Elem::Known(dtype), shape }, &[])
    }

    fn binary(&mut self, which: u8, one: u8, two: u8) -> Option<Value> {
        use Op::*;
        let x = self.pick(one, |_| true)?;
        let y = self.operand(two, x)?;
        let list = match self.array(x).dtype {
            DType::Bool => &[And, Or, Xor][..],
            d if d.is_int() => &[Add, Sub, Mul, Div, Rem, Maximum, Minimum, And, Or, Xor, Pow],
            _ => &[Add, Sub, Mul, Div, Maximum, Minimum, Pow, Rem, Atan2],
        };
        let op = list[which as usize % list.len()];
        if which >= 128 { self.op(op, &[y, x]) } else { self.op(op, &[x, y]) }
    }

    fn compare(&mut self, which: u8, one: u8, two: u8) -> Option<Value> {
        let x = self.pick(one, |_| true)?;
        let y = self.operand(two, x)?;
        let op = [Op::Lt, Op::Eq, Op::Ge, Op::Ne, Op::Le, Op::Gt][which as usize % 6];
        self.op(op, &[x, y])
    }

    fn select(&mut self, one: u8, two: u8, three: u8) -> Option<Value> {
        let c = self.pick(one, |x| x.dtype == DType::Bool)?;
        let x = self.pick(two, |_| true)?;
        let y = self.operand(three, x)?;
        self.op(Op::Select, &[c, x, y])
    }

    fn cast(&mut self, which: u8, back: u8) -> Option<Value> {
        use DType::*;
        let x = self.pick(back, |_| true)?;
        let any = [F32, BF16, F64, I64, Bool, F16, I32, U8];
        let to = if self.flavour == Flavour::Smooth {
            [F64, I64, Bool][which as usize % 3]
        } else {
            any[which as usize % 8]
        };
        self.op(Op::Cast { elem: Elem::Known(to) }, &[x])
    }

    fn axes(&self, x: Value, bits: u8) -> Axes {
        let rank = self.shape(x).len();
        if bits % 8 == 7 {
            return Axes::ALL;
        }
        let flip = |i: usize| if bits & 64 != 0 { i as i32 - rank as i32 } else { i as i32 };
        let list: Vec<i32> = (0..rank).filter(|i| bits >> i & 1 != 0).map(flip).collect();
        Axes::new(&list)
    }

    fn axis(&self, x: Value, byte: u8) -> Option<Axis> {
        let rank = self.shape(x).len();
        let at = (byte as usize).checked_rem(rank)? as i32;
        Some(Axis(if byte >= 128 { at - rank as i32 } else { at }))
    }

    fn reduce(&mut self, which: u8, back: u8, bits: u8, keep: u8) -> Option<Value> {
        let x = self.pick(back, |_| true)?;
        let (axes, keepdim) = (self.axes(x, bits), Flag::new(keep.is_multiple_of(2)));
        let dtype = self.array(x).dtype;
        let op = match which % 8 {
            k if dtype == DType::Bool => {
                [Op::All { axes, keepdim }, Op::Any { axes, keepdim }][k as usize % 2]
            }
            0 | 1 => Op::Sum { axes, keepdim },
            2 => Op::Amax { axes, keepdim },
            3 => Op::Amin { axes, keepdim },
            4 => Op::Prod { axes, keepdim },
            5 => Op::Cumsum { axis: self.axis(x, bits)?, reverse: keepdim },
            k => {
                let axis = self.axis(x, bits)?;
                if self.shape(x).contains(&0) {
                    return None;
                }
                if k == 6 { Op::Argmax { axis, keepdim } } else { Op::Argmin { axis, keepdim } }
            }
        };
        self.op(op, &[x])
    }

    fn reshape(&mut self, which: u8, back: u8, byte: u8) -> Option<Value> {
        let x = self.pick(back, |_| true)?;
        let mut s = self.shape(x);
        let at = (byte as usize).checked_rem(s.len()).unwrap_or(0);
        match which % 6 {
            0 => s = vec![s.iter().product()],
            1 => s.insert((byte as usize) % (s.len() + 1), 1),
            2 if s.len() > 1 && at + 1 < s.len() => {
                let n = s.remove(at + 1);
                s[at] *= n;
            }
            3 if !s.is_empty() => {
                let k = *[2, 3, 5].iter().find(|k| s[at].is_multiple_of(**k))?;
                s[at] /= k;
                s.insert(at + usize::from(byte >= 128), k);
            }
            4 if !s.is_empty() => s.rotate_left(1),
            _ => s.retain(|&n| n != 1),
        }
        self.op(Op::Reshape { shape: Shape::of(&s) }, &[x])
    }

    fn movement(&mut self, which: u8, back: u8, byte: u8, more: u8, rest: u8) -> Option<Value> {
        let x = self.pick(back, |_| true)?;
        let s = self.shape(x);
        let rank = s.len();
        let part = |i: usize, k: u8| (k as usize).wrapping_mul(i + 3).wrapping_add(i) % 5;
        match which % 6 {
            0 => {
                let mut axes: Vec<usize> = (0..rank).collect();
                axes.rotate_left((byte as usize).checked_rem(rank)?);
                if more.is_multiple_of(2) {
                    axes.reverse();
                }
                self.op(Op::Permute { axes: Axes::from_usize(axes) }, &[x])
            }
            1 => {
                let mut to: Vec<usize> = s
                    .iter()
                    .enumerate()
                    .map(
                        |(i, &n)| if n == 1 && byte >> i & 1 == 0 { 2 + (more as usize >> i) % 3 } else { n },
                    )
                    .collect();
                if more.is_multiple_of(3) {
                    to.insert(0, 1 + rest as usize % 3);
                }
                self.op(Op::Expand { shape: Shape::of(&to) }, &[x])
            }
            2 => {
                let from: Vec<usize> = s.iter().enumerate().map(|(i, &n)| part(i, byte).min(n)).collect();
                let to: Vec<usize> = s
                    .iter()
                    .zip(&from)
                    .enumerate()
                    .map(|(i, (&n, &f))| n - (part(i, more) / 2).min(n - f))
                    .collect();
                self.op(Op::Slice { start: Shape::of(&from), end: Shape::of(&to) }, &[x])
            }
            3 => {
                let lo: Vec<usize> = (0..rank).map(|i| part(i, byte) / 2).collect();
                let hi: Vec<usize> = (0..rank).map(|i| part(i, more) / 2).collect();
                let value = match self.array(x).dtype {
                    DType::Bool => Lit::B(rest % 2 == 1),
                    d if d.is_int() => Lit::I(i128::from(rest % 4)),
                    _ => Lit::F(f64::from(rest % 4) - 1.0),
                };
                self.op(Op::Pad { lo: Shape::of(&lo), hi: Shape::of(&hi), value }, &[x])
            }
            4 => {
                let axes = self.axes(x, byte);
                self.op(Op::Flip { axes }, &[x])
            }
            _ => {
                let axis = self.axis(x, byte)?;
                let at = axis.resolve(rank)?;
                let dtype = self.array(x).dtype;
                let fits = |y: &Array| {
                    y.dtype == dtype
                        && y.shape.len() == rank
                        && (0..rank).all(|i| i == at || y.shape[i] == s[i])
                };
                let parts: Vec<Value> =
                    (0..=more % 3).filter_map(|k| self.pick(rest.wrapping_add(k), fits)).collect();
                self.op(Op::Cat { axis }, &[&[x][..], &parts].concat())
            }
        }
    }

    fn indexing(&mut self, which: u8, back: u8, byte: u8, more: u8, rest: u8) -> Option<Value> {
        let x = self.pick(back, |x| x.dtype != DType::Bool)?;
        let s = self.shape(x);
        let axis = self.axis(x, byte)?;
        let at = axis.resolve(s.len())?;
        let with = |n: usize| {
            let mut s = s.clone();
            s[at] = n;
            s
        };
        let extent = Extent::new(1 + rest as usize % 5);
        match which % 5 {
            0 => {
                let shape = [vec![], vec![3], vec![2, 2], vec![1], vec![5]][more as usize % 5].clone();
                let i = self.index(rest, &shape)?;
                self.op(Op::Take { axis }, &[x, i])
            }
            1 => {
                let i = self.index(more, &with(1 + rest as usize % 4))?;
                self.op(Op::Gather { axis }, &[x, i])
            }
            2 => {
                let i = self.index(more, &s)?;
                self.op(Op::ScatterAdd { axis, extent }, &[x, i])
            }
            3 => {
                let depth = more as usize % 3;
                let i = self.index(more, &s[at..(at + depth).min(s.len())])?;
                self.op(Op::IndexAdd { axis: Axis(at as i32), extent }, &[x, i])
            }
            _ => {
                let dtype = self.array(x).dtype;
                let fits = |y: &Array| {
                    let same = (0..s.len()).all(|i| {
                        y.shape.get(i).is_some_and(|&n| if i == at { n <= s[i] } else { n == s[i] })
                    });
                    y.dtype == dtype && y.shape.len() == s.len() && same
                };
                let update = self.pick(more, fits)?;
                let value = Lit::I(i128::from(rest % 7) - 1);
                let start =
                    self.op(Op::Full { value, elem: Elem::Known(DType::I64), shape: Shape::SCALAR }, &[])?;
                self.op(Op::SliceUpdate { axis }, &[x, update, start])
            }
        }
    }

    fn contraction(&mut self, which: u8, one: u8, two: u8) -> Option<Value> {
        let x = self.pick(one, |x| x.shape.len() >= 2 && x.dtype != DType::Bool)?;
        let ty = self.b.ty(x);
        let fits = |op: Op, y: &Array| {
            y.dtype == ty.dtype()
                && thunder_core::op::infer(&op, &[ty, Ty::of(y.dtype, &y.shape)], &[]).is_ok()
        };
        let spec = ["ij,jk->ik", "ij,kj->ki", "ij,ij->j", "aij,ajk->aik", "ij,j->i"][which as usize % 5];
        let spec = Op::Einsum { spec: Label::new(spec) };
        let linear = Op::Linear { bias: Flag::No };
        for op in [Op::Matmul, spec, linear].into_iter().cycle().skip(which as usize / 8).take(3) {
            let float = ty.dtype().is_float() || op == Op::Matmul;
            if float && let Some(y) = self.pick(two, |y| y.shape.len() <= 4 && fits(op, y)) {
                return self.op(op, &[x, y]);
            }
        }
        let rank = ty.shape.rank();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 1, rank - 2);
        let y = self.op(Op::Permute { axes: Axes::from_usize(axes) }, &[x])?;
        self.op(Op::Matmul, &[x, y])
    }

    fn random(&mut self, which: u8, back: u8, byte: u8) -> Option<Value> {
        let x = self.float(back)?;
        let (ty, shape) = (self.b.ty(x), self.b.ty(x).shape);
        let mut key = self.key();
        match byte % 3 {
            1 => {
                key = self.op(
                    Op::KeySplit { n: Extent::new(3), index: Extent::new(byte as usize / 3 % 3) },
                    &[key],
                )?
            }
            2 => {
                let n = self.op(
                    Op::Full {
                        value: Lit::I(i128::from(byte)),
                        elem: Elem::Known(DType::I64),
                        shape: Shape::SCALAR,
                    },
                    &[],
                )?;
                key = self.op(Op::FoldIn, &[key, n])?;
            }
            _ => {}
        }
        match which % 4 {
            0 => self.op(Op::Uniform { elem: ty.elem, shape }, &[key]),
            1 => self.op(Op::Normal { elem: ty.elem, shape }, &[key]),
            2 => self.op(Op::Bernoulli { p: Lit::F(0.25), shape }, &[key]),
            _ => self.op(Op::Dropout { p: Lit::F([0.5, 0.25, 0.0][byte as usize % 3]) }, &[x, key]),
        }
    }

    fn statistics(&mut self, which: u8, back: u8, bits: u8, keep: u8) -> Option<Value> {
        let x = self.float(back)?;
        let (axes, keepdim) = (self.axes(x, bits), Flag::new(keep.is_multiple_of(2)));
        let last = *self.shape(x).last()?;
        let dtype = self.array(x).dtype;
        let weight = self.pick(keep, |w| w.dtype == dtype && w.shape == [last]);
        let w = Flag::new(weight.is_some());
        let with: Vec<Value> = [x].into_iter().chain(weight).collect();
        let eps = Lit::F(1e-3);
        match which % 8 {
            0 => self.op(Op::Mean { axes, keepdim }, &[x]),
            1 => self.op(Op::Var { axes, keepdim, correction: bits % 2 }, &[x]),
            2 => self.op(Op::Logsumexp { axes, keepdim }, &[x]),
            3 => self.op(Op::Softmax { axis: self.axis(x, bits)? }, &[x]),
            4 => self.op(Op::LogSoftmax { axis: self.axis(x, bits)? }, &[x]),
            5 => self.op(Op::LayerNorm { eps, weight: w, bias: Flag::No }, &with),
            6 => self.op(Op::RmsNorm { eps, weight: w }, &with),
            _ if keep.is_multiple_of(2) => {
                let s = self.shape(x);
                let targets = self.index(bits, &s[..s.len() - 1])?;
                let smoothing = if bits & 4 != 0 { 0.1 } else { 0.0 };
                let reduction = if bits & 8 != 0 { Reduction::Sum } else { Reduction::Mean };
                let label_smoothing = Lit::F(smoothing);
                self.op(
                    Op::CrossEntropy { ignore_index: Some(Lit::I(1)), label_smoothing, reduction },
                    &[x, targets],
                )
            }
            _ => {
                let (causal, scale) = (
                    if bits & 1 != 0 { Causal::Equal } else { Causal::No },
                    (bits & 2 != 0).then_some(Lit::F(0.5)),
                );
                self.op(Op::Sdpa { causal, scale, mask: Flag::No }, &[x, x, x])
            }
        }
    }

    fn activation(&mut self, which: u8, back: u8, byte: u8) -> Option<Value> {
        let (lo, hi) = (Lit::F(-1.0), Lit::F(0.5));
        let list = [
            Op::Relu,
            Op::Gelu { tanh: Flag::Yes },
            Op::Gelu { tanh: Flag::No },
            Op::Silu,
            Op::Softplus,
            Op::Clamp { lo, hi },
        ];
        if byte % 8 == 7 {
            let x = self.pick(back, |x| x.dtype.is_int())?;
            return self.op(
                if which.is_multiple_of(2) { Op::Relu } else { Op::Clamp { lo: Lit::I(0), hi: Lit::I(2) } },
                &[x],
            );
        }
        let x = self.float(back)?;
        self.op(list[which as usize % 6], &[x])
    }

    fn movement_composite(&mut self, which: u8, back: u8, byte: u8, more: u8, rest: u8) -> Option<Value> {
        let x = self.pick(back, |_| true)?;
        let s = self.shape(x);
        let e = |n: u8| Extent::new(n as usize);
        match which % 11 {
            0 => {
                self.op(Op::Chunk { n: e(2 + more % 2), axis: self.axis(x, byte)?, index: e(more % 2) }, &[x])
            }
            1 => {
                self.op(Op::Narrow { axis: self.axis(x, byte)?, start: e(more % 3), len: e(rest % 3) }, &[x])
            }
            2 => self.op(Op::SelectIndex { axis: self.axis(x, byte)?, index: e(more % 3) }, &[x]),
            3 => self.op(Op::Transpose { a: self.axis(x, byte)?, b: self.axis(x, more)? }, &[x]),
            4 => self.op(Op::Unsqueeze { axis: Axis((byte as usize % (s.len() + 1)) as i32) }, &[x]),
            5 => self.op(Op::Squeeze { axis: self.axis(x, byte)? }, &[x]),
            6 => {
                let dtype = self.array(x).dtype;
                let y = self.pick(more, |y| y.dtype == dtype && y.shape == s)?;
                self.op(Op::Stack { axis: Axis((byte as usize % (s.len() + 1)) as i32) }, &[x, y, x])
            }
            7 => {
                let i = self.index(byte, &[vec![], vec![2], vec![2, 3]][more as usize % 3])?;
                let elem = Elem::Known(if self.flavour == Flavour::Smooth {
                    DType::F64
                } else {
                    FLOATS[rest as usize % 4]
                });
                self.op(Op::OneHot { classes: e(1 + byte % 4), elem }, &[i])
            }
            8 => self.op(Op::Tril { diagonal: Lit::I(i128::from(more % 4) - 1) }, &[x]),
            9 => self.op(Op::Triu { diagonal: Lit::I(i128::from(more % 4) - 1) }, &[x]),
            _ => {
                // `|a, .., (b, 2)| (b, a, .., 2)` where the last dimension is even.
                let rank = s.len();
                if rank == 0 || rank >= 4 || !s[rank - 1].is_multiple_of(2) {
                    return None;
                }
                let (mut extents, mut group) = ([Extent::UNKNOWN; MAX_RANK], [0; MAX_RANK]);
                let (mut order, mut place) = ([0; MAX_RANK], [0; MAX_RANK]);
                extents[rank] = Extent::new(2);
                for i in 0..=rank {
                    group[i] = i.min(rank - 1) as u8;
                    order[i] = if i == rank { rank as u8 } else { ((i + rank - 1) % rank) as u8 };
                    place[i] = if more.is_multiple_of(2) { i as u8 } else { i.min(rank - 1) as u8 };
                }
                let outputs = if more.is_multiple_of(2) { rank + 1 } else { rank } as u8;
                let mut p = Pattern {
                    atoms: rank as u8 + 1,
                    inputs: rank as u8,
                    outputs,
                    extents,
                    group,
                    order,
                    place,
                };
                p.extents = p.solve(&self.b.ty(x).shape);
                self.op(Op::Rearrange { pattern: p }, &[x])
            }
        }
    }
}

/// Whether values stay small, and NaN results only from NaN.
fn tame(y: &Array, args: &[Array], flavour: Flavour) -> bool {
    let most = match flavour {
        Flavour::Smooth => 50.0,
        _ => 3e3,
    };
    let range = match y.dtype {
        DType::U8 => 0.0..256.0,
        DType::U32 => 0.0..4294967296.0,
        _ => -most..most,
    };
    let finite = args.iter().all(|x| x.data.iter().all(|v| v.is_finite()));
    y.data.iter().all(|v| range.contains(v) || (!v.is_finite() && !finite && flavour == Flavour::Specials))
}

/// Whether `op` is differentiable at these operands, with a moderate slope.
fn smooth(op: &Op, args: &[Array]) -> bool {
    let away = |x: &Array| !x.dtype.is_float() || x.data.iter().all(|v| v.abs() > 0.2);
    let positive = |x: &Array| !x.dtype.is_float() || x.data.iter().all(|v| *v > 0.2);
    match op {
        Op::Abs | Op::Sign | Op::Floor | Op::Ceil | Op::Round | Op::Trunc | Op::Rem | Op::Atan2 => {
            !args[0].dtype.is_float()
        }
        Op::Maximum | Op::Minimum | Op::Relu | Op::Clamp { .. } | Op::Amax { .. } | Op::Amin { .. } => {
            !args[0].dtype.is_float()
        }
        Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Argmax { .. } | Op::Argmin { .. } => {
            !args[0].dtype.is_float()
        }
        Op::Cast { elem } => !args[0].dtype.is_float() || elem.known() == Some(DType::F64),
        Op::StopGradient => false,
        Op::Log | Op::Log2 | Op::Log1p | Op::Sqrt | Op::Rsqrt => positive(&args[0]),
        Op::Reciprocal => away(&args[0]),
        Op::Div => away(&args[1]),
        Op::Pow => positive(&args[0]),
        _ => true,
    }
}
