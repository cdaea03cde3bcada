//! The intermediate representation: a straight-line, pure, typed program over tensors.
//!
//! A [`Trace`] owns every value and instruction; a [`Body`] lists, in order, the instructions of the trace
//! itself or of a nested region (the closure of a transform, a fused kernel). A nested body may read values
//! of the bodies around it. Values are in static single assignment form; there is no control flow.

mod builder;
mod entity;
mod print;

pub use builder::Builder;
pub use entity::{Inst, Loc, Value};

use crate::op::Op;
use crate::types::Ty;
use rustc_hash::FxHashMap;

/// What an instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// An operation: one result, no body.
    Op(Op),
    /// `value_and_grad`. The operands are the leaves to differentiate with respect to; the body's parameters correspond to
    /// them. The body has one result, a float scalar. Results: that value, then one gradient for each operand.
    Grad,
    /// `vjp`. The operands are `n` leaves, then one cotangent for each of the body's results. Results: the body's results,
    /// then one gradient for each leaf.
    Vjp {
        /// The number of leaves to differentiate with respect to.
        inputs: u32,
    },
    /// `jvp`. The operands are the leaves, then one tangent for each leaf. Results: the body's results, then their tangents.
    Jvp {
        /// The number of leaves to differentiate with respect to.
        inputs: u32,
    },
    /// `vmap`. Operands and results are mapped along their first dimension, of extent `size`.
    Vmap {
        /// The extent of the mapped dimension.
        size: u32,
    },
    /// `checkpoint`. No operands. The body's instructions are computed again for the backward pass.
    Checkpoint,
    /// `autocast`. No operands. Some operations of the body compute in the given type.
    Autocast(crate::types::DType),
    /// A fused kernel. The operands correspond to the body's parameters.
    Fused(Walk),
}

/// How a fused kernel iterates over its elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Walk {
    /// Each element of the results is computed independently.
    Pointwise,
    /// Rows: the last `axes` dimensions of the iteration space are reduced, and can be read again after the reduction.
    /// Intermediate values can also be summed over the rows.
    Rows {
        /// The number of reduced trailing dimensions.
        axes: u8,
    },
    /// Columns: the first `axes` dimensions of the iteration space are reduced.
    Columns {
        /// The number of reduced leading dimensions.
        axes: u8,
    },
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct InstData {
    /// What it does.
    pub kind: Kind,
    /// Its operands.
    pub args: Vec<Value>,
    /// Its results.
    pub results: Vec<Value>,
    /// Its nested body, for the kinds that have one.
    pub body: Option<Body>,
    /// The source location. An instruction of a derivative has the location of the instruction that was differentiated.
    pub loc: Loc,
}

/// A list of instructions with its parameters and results.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The parameters.
    pub params: Vec<Value>,
    /// The instructions, in order.
    pub insts: Vec<Inst>,
    /// The results.
    pub results: Vec<Value>,
}

/// The data of a value.
#[derive(Clone, Copy, Debug)]
struct ValueData {
    /// Its number among the types.
    ty: u32,
    def: Option<Inst>,
}

/// A program over tensors.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The function's name.
    pub name: String,
    /// Names of the parameters, for the printed form and for errors.
    pub param_names: Vec<String>,
    /// The program.
    pub body: Body,
    values: Vec<ValueData>,
    insts: Vec<InstData>,
    types: Types,
}

/// The distinct types of a trace's values: many share one, and a type is large.
#[derive(Clone, Debug, Default)]
struct Types {
    list: Vec<Ty>,
    number: FxHashMap<Ty, u32>,
}

impl Types {
    fn number(&mut self, ty: Ty) -> u32 {
        *self.number.entry(ty).or_insert_with(|| {
            self.list.push(ty);
            self.list.len() as u32 - 1
        })
    }
}

impl Trace {
    /// An empty trace.
    pub fn new(name: impl Into<String>) -> Trace {
        Trace {
            name: name.into(),
            param_names: Vec::new(),
            body: Body::default(),
            values: Vec::new(),
            insts: Vec::new(),
            types: Types::default(),
        }
    }

    /// A new parameter of the trace's own body.
    pub fn param(&mut self, name: impl Into<String>, ty: Ty) -> Value {
        let v = self.value(ty);
        self.body.params.push(v);
        self.param_names.push(name.into());
        v
    }

    /// A new value without a definition.
    pub fn value(&mut self, ty: Ty) -> Value {
        let ty = self.types.number(ty);
        self.values.push(ValueData { ty, def: None });
        Value(self.values.len() as u32 - 1)
    }

    /// A new instruction, which is not in a body yet.
    pub fn inst(&mut self, data: InstData) -> Inst {
        let inst = Inst(self.insts.len() as u32);
        for r in &data.results {
            self.values[r.index()].def = Some(inst);
        }
        self.insts.push(data);
        inst
    }

    /// The type of a value.
    pub fn ty(&self, v: Value) -> Ty {
        self.types.list[self.values[v.index()].ty as usize]
    }

    /// The instruction that defines a value; `None` for a parameter.
    pub fn def(&self, v: Value) -> Option<&InstData> {
        self.values[v.index()].def.map(|i| self.data(i))
    }

    /// The data of an instruction.
    pub fn data(&self, i: Inst) -> &InstData {
        &self.insts[i.index()]
    }

    /// The data of an instruction, mutable.
    pub(crate) fn data_mut(&mut self, i: Inst) -> &mut InstData {
        &mut self.insts[i.index()]
    }

    /// The number of values. The index of every value is less than it.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// The instructions of `body`, in order.
    pub fn insts<'a>(&'a self, body: &'a Body) -> impl DoubleEndedIterator<Item = &'a InstData> + 'a {
        body.insts.iter().map(|&i| self.data(i))
    }

    /// The number of instructions in the trace, nested bodies included.
    pub fn len(&self) -> usize {
        fn count(trace: &Trace, body: &Body) -> usize {
            trace.insts(body).map(|i| 1 + i.body.as_ref().map_or(0, |b| count(trace, b))).sum()
        }
        count(self, &self.body)
    }

    /// Whether there are no instructions.
    pub fn is_empty(&self) -> bool {
        self.body.insts.is_empty()
    }
}
