//! The meaning of a fused body as a loop nest: what every executor generates code from, and what decides
//! whether instructions can be fused at all.
//!
//! A region has one iteration space. Each value in it is read through an affine map from that space to the
//! value's row-major index, found from the results backwards; so broadcasting, reshapes, permutations and
//! slices inside a body cost nothing, and fusing is possible exactly where such maps exist.

mod analysis;
mod space;

use crate::op::{Fold, Lit, Op};
use crate::trace::{Inst, Kind, Trace, Value, Walk};
use crate::types::DType;
use analysis::Analysis;
use rustc_hash::FxHashMap;
use space::Space;

/// A loop nest: its space, and the nodes that are computed at each of its points, operands first.
#[derive(Clone, Debug)]
pub struct Region {
    /// How the space is walked.
    pub walk: Walk,
    /// The extents of the iteration space, outer dimensions first.
    pub dims: Vec<usize>,
    /// How many of `dims` are outer: the kept ones under `Rows`, the reduced ones under `Columns`, all of them
    /// under `Pointwise`.
    pub outer: usize,
    /// What is computed, operands before users.
    pub nodes: Vec<Node>,
    /// For each result: its node, and the map by which it is stored.
    pub results: Vec<(usize, Map)>,
}

/// An affine map from the iteration space to the row-major index of a value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Map {
    /// The index at the origin.
    pub offset: usize,
    /// The step along each dimension of the space; 0 where its extent is 1.
    pub strides: Vec<usize>,
}

/// One coordinate of a value as an affine function of the iteration space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Affine {
    /// The coordinate at the origin.
    pub offset: usize,
    /// The step along each dimension of the space.
    pub steps: Vec<usize>,
}

/// A value at the current point of the space.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value it computes.
    pub value: Value,
    /// Its element type.
    pub dtype: DType,
    /// How.
    pub kind: NodeKind,
    /// The nodes it reads.
    pub args: Vec<usize>,
    /// Along which dimensions of the space it changes.
    pub along: Vec<bool>,
    /// The number of reductions on the longest path to it, its own included.
    pub level: usize,
    /// Whether it is an accumulation over all rows, or comes after one.
    pub late: bool,
}

impl Region {
    /// The number of points at which a node has a value of its own.
    pub fn points(&self, node: &Node) -> usize {
        self.dims.iter().zip(&node.along).filter(|(_, a)| **a).map(|(n, _)| n).product()
    }

    /// The number of points of the space.
    pub fn count(&self) -> usize {
        self.dims.iter().product()
    }

    /// Whether rows are reduced, and something is accumulated over the rows too.
    pub fn accumulates(&self) -> bool {
        self.nodes.iter().any(|n| n.late)
    }
}

/// How a node is computed.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A constant.
    Const(Lit),
    /// An element of the value, read from memory: its coordinates.
    Load(Vec<Affine>),
    /// Its own coordinate along one axis.
    Iota(Affine),
    /// An element of the tensor `data`, whose coordinate along `axis` is the integer operand.
    Take {
        /// The tensor, an operand of the region.
        data: Value,
        /// Its coordinates, that of `axis` left out of account.
        at: Vec<Affine>,
        /// The indexed dimension of `data`.
        axis: usize,
    },
    /// A random draw: the key (an operand of the region) and the element's row-major index.
    Random {
        /// The operation.
        op: Op,
        /// The key.
        key: Value,
        /// The element.
        at: Map,
    },
    /// An elementwise operation on the operands.
    Op(Op),
    /// A reduction of the operand over the space's reduced dimensions.
    Reduce(Fold),
    /// Under `Rows`, a reduction of the operand over the rows themselves.
    Accumulate(Fold),
}

/// The longest rows over which something can be accumulated, and how many such sums there may be: all of them lie
/// in registers at once.
const ACCUMULATED: (usize, usize) = (8192, 4);

/// Why there is no such loop nest.
#[derive(Clone, Debug)]
enum Fail {
    /// Dimension `dim` of the space must be split, with `inner` elements inside.
    Split { dim: usize, inner: usize },
    /// No loop nest of the kind exists.
    No(String),
}

/// The walk that a reduction of a value with these extents wants.
pub fn walk_of(op: &Op, sizes: &[usize]) -> Walk {
    let axes = op.reduced_axes(sizes.len());
    let last = (0..sizes.len()).rev().find(|&i| sizes[i] != 1);
    match last {
        Some(last) if !axes.contains(&last) => Walk::Columns { axes: axes.len() as u8 },
        _ => Walk::Rows { axes: axes.len() as u8 },
    }
}

/// The strides of a row-major tensor.
pub fn row_major(sizes: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; sizes.len()];
    for i in (1..sizes.len()).rev() {
        strides[i - 1] = strides[i] * sizes[i].max(1);
    }
    strides
}

/// The loop nest that computes `results`, where `inside` gives the instructions of the region: the rest are
/// its operands.
///
/// # Errors
/// Why there is none, for `explain`.
pub fn analyze(
    trace: &Trace,
    walk: Walk,
    results: &[Value],
    inside: &dyn Fn(Value) -> Option<Inst>,
) -> Result<Region, String> {
    let mut space = Space::new(trace, walk, results, inside)?;
    for _ in 0..16 {
        let mut a = Analysis { trace, inside, space: &space, nodes: Vec::new(), memo: FxHashMap::default() };
        match a.run(results) {
            Ok(results) => {
                let (dims, outer) = (space.dims.clone(), space.outer());
                return Ok(Region { walk, dims, outer, nodes: a.nodes, results });
            }
            Err(Fail::No(why)) => return Err(why),
            Err(Fail::Split { dim, inner }) => space.split(dim, inner),
        }
    }
    Err("their shapes have no common refinement".into())
}

/// The loop nest of a fused instruction's body.
///
/// # Errors
/// If the body is none, which is a mistake of the fuser.
pub fn of_body(trace: &Trace, walk: Walk, body: &crate::trace::Body) -> Result<Region, String> {
    let mut def = FxHashMap::default();
    for &i in &body.insts {
        for &r in &trace.data(i).results {
            def.insert(r, i);
        }
    }
    analyze(trace, walk, &body.results, &|v| def.get(&v).copied())
}

/// The loop nest of one instruction of the trace alone, which fits in one.
///
/// # Errors
/// If there is none.
pub fn of_op(trace: &Trace, inst: Inst) -> Result<Region, String> {
    let data = trace.data(inst);
    let Kind::Op(op) = &data.kind else { return Err("it is no operation".into()) };
    let walk = match op.is_reduce() {
        true => walk_of(op, &trace.ty(data.args[0]).sizes()),
        false => Walk::Pointwise,
    };
    let result = data.results[0];
    analyze(trace, walk, &[result], &|v| (v == result).then_some(inst))
}

/// The loop nest that copies a value with extents `dims` to where its elements lie `strides` apart.
pub fn copy(value: Value, dtype: DType, dims: &[usize], strides: &[usize]) -> Region {
    let step = |d: usize, s: usize| if dims[d] == 1 { 0 } else { s };
    let unit = |d: usize| (0..dims.len()).map(|e| step(d, usize::from(e == d))).collect();
    let at = (0..dims.len()).map(|d| Affine { offset: 0, steps: unit(d) }).collect();
    let along = dims.iter().map(|&n| n != 1).collect();
    let kind = NodeKind::Load(at);
    let node = Node { value, dtype, kind, args: Vec::new(), along, level: 0, late: false };
    let strides = strides.iter().enumerate().map(|(d, &s)| step(d, s)).collect();
    Region {
        walk: Walk::Pointwise,
        dims: dims.to_vec(),
        outer: dims.len(),
        nodes: vec![node],
        results: vec![(0, Map { offset: 0, strides })],
    }
}
