//! A region with its operands in memory: what schedules are chosen for, and kernels are lowered from.

use super::collapse::{Collapsed, Steps};
use super::ir::Type;
use super::layout::Layout;
use super::region::{Affine, Map, NodeKind, Region};
use crate::trace::{Value, Walk};
use crate::types::DType;

/// How an operand or a result lies in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operand {
    /// The element type.
    pub dtype: DType,
    /// Where its elements lie. Kernels get the address of the first one: the offset says how that is aligned.
    pub layout: Layout,
}

impl Operand {
    /// The type of its elements in a kernel.
    pub fn ty(&self) -> Type {
        Type::elem(self.dtype)
    }

    /// The elements from its first to its last.
    pub fn reach(&self) -> usize {
        let Layout { sizes, strides, .. } = &self.layout;
        match sizes.contains(&0) {
            true => 0,
            false => sizes.iter().zip(strides).map(|(n, s)| (n - 1) * s).sum::<usize>() + 1,
        }
    }
}

/// A region, and how its operands and results lie in memory.
#[derive(Clone, Debug)]
pub struct Nest<'a> {
    /// What is computed.
    pub region: &'a Region,
    /// The values that the region reads.
    pub params: &'a [Value],
    /// How they lie, in the same order.
    pub reads: Vec<Operand>,
    /// How the results lie.
    pub writes: Vec<Operand>,
    /// For each result: the operand whose memory it takes over.
    pub in_place: &'a [Option<usize>],
    /// The region's space, as its accesses allow. Of a pointwise region all is the inner side.
    pub space: Collapsed,
}

impl<'a> Nest<'a> {
    /// The region with its operands and results.
    pub fn new(
        region: &'a Region,
        params: &'a [Value],
        reads: Vec<Operand>,
        writes: Vec<Operand>,
        in_place: &'a [Option<usize>],
    ) -> Nest<'a> {
        let mut nest = Nest { region, params, reads, writes, in_place, space: Collapsed::default() };
        let strides: Vec<Vec<usize>> = nest.accesses().into_iter().map(|map| map.strides).collect();
        let outer = if region.walk == Walk::Pointwise { 0 } else { region.outer };
        nest.space = Collapsed::new(&region.dims, outer, &strides);
        nest
    }

    /// The same, where a pointwise space has an inner side of at least `least` points: loops over it are long enough.
    pub fn with_inner_of(mut self, least: usize) -> Nest<'a> {
        if self.region.walk == Walk::Pointwise {
            self.space = self.space.with_inner_of(&self.region.dims, least);
        }
        self
    }

    /// Which operand `v` is.
    pub fn operand(&self, v: Value) -> usize {
        self.params.iter().position(|&p| p == v).expect("an operand of a region is one of its parameters")
    }

    /// The operand and the element that node `i` reads, if it reads memory: of a lookup, the element at index 0.
    pub fn source(&self, i: usize) -> Option<(usize, Map)> {
        let node = &self.region.nodes[i];
        let (at, operand, but) = match &node.kind {
            NodeKind::Load(at) => (at, self.operand(node.value), None),
            NodeKind::Take { data, at, axis } => (at, self.operand(*data), Some(*axis)),
            _ => return None,
        };
        Some((operand, self.physical(at, operand, but)))
    }

    /// Where coordinates `at` of an operand lie, that along `but` left out of account.
    fn physical(&self, at: &[Affine], operand: usize, but: Option<usize>) -> Map {
        let mut map = Map { offset: 0, strides: vec![0; self.region.dims.len()] };
        for (j, a) in at.iter().enumerate().filter(|(j, _)| Some(*j) != but) {
            let s = self.reads[operand].layout.strides[j];
            map.offset += a.offset * s;
            for (t, step) in map.strides.iter_mut().zip(&a.steps) {
                *t += step * s;
            }
        }
        map
    }

    /// Every affine function of the space that the kernel computes: elements in memory, and coordinates.
    fn accesses(&self) -> Vec<Map> {
        let mut all = Vec::new();
        for (i, node) in self.region.nodes.iter().enumerate() {
            match &node.kind {
                NodeKind::Iota(at) => all.push(Map { offset: at.offset, strides: at.steps.clone() }),
                NodeKind::Random { at, .. } => all.push(at.clone()),
                _ => all.extend(self.source(i).map(|(_, map)| map)),
            }
        }
        all.extend(self.region.results.iter().map(|(_, map)| map.clone()));
        // The coordinates of a scalar are none.
        all.iter_mut().for_each(|map| map.strides.resize(self.region.dims.len(), 0));
        all
    }

    /// Where node `i` reads, in steps of the space, and which operand.
    pub fn read(&self, i: usize) -> Option<(Steps, usize)> {
        let (operand, map) = self.source(i)?;
        Some((self.space.steps(map.offset, &map.strides), operand))
    }

    /// Where result `r` is written.
    pub fn written(&self, r: usize) -> Steps {
        let (_, map) = &self.region.results[r];
        self.space.steps(map.offset, &map.strides)
    }

    /// Every access to memory, with the offset of its pointer and its element size.
    pub fn memory(&self) -> Vec<(Steps, usize, usize)> {
        let reads = (0..self.region.nodes.len()).filter_map(|i| self.read(i));
        let reads = reads.map(|(at, p)| (at, &self.reads[p]));
        let writes = (0..self.region.results.len()).map(|r| (self.written(r), &self.writes[r]));
        reads.chain(writes).map(|(at, o)| (at, o.layout.offset, o.dtype.size())).collect()
    }

    /// Whether node `i` reads an operand without elements: nothing must be read there, and nothing sees what it gives.
    /// Along the dimension of a lookup there may be none, because indices are checked.
    pub fn reads_nothing(&self, i: usize) -> bool {
        let node = &self.region.nodes[i];
        let (operand, but) = match &node.kind {
            NodeKind::Load(_) => (self.operand(node.value), None),
            NodeKind::Take { data, axis, .. } => (self.operand(*data), Some(*axis)),
            _ => return false,
        };
        self.reads[operand].layout.sizes.iter().enumerate().any(|(d, &n)| n == 0 && Some(d) != but)
    }

    /// Whether node `i` changes along the outer side.
    pub fn outer_varies(&self, i: usize) -> bool {
        self.space.outer.moves(&self.region.nodes[i].along)
    }

    /// Whether node `i` changes along the inner side.
    pub fn inner_varies(&self, i: usize) -> bool {
        self.space.inner.moves(&self.region.nodes[i].along)
    }

    /// Whether node `i` changes along the innermost group of the space.
    pub fn lane_varies(&self, i: usize) -> bool {
        self.space.inner.moves_last(&self.region.nodes[i].along)
    }

    /// Whether result `r` has an element for each inner point.
    pub fn is_wide(&self, r: usize) -> bool {
        self.written(r).inner.iter().any(|&s| s != 0)
    }

    /// Whether node `i` loads what no other row or tile reads again.
    pub fn is_row_data(&self, i: usize) -> bool {
        matches!(self.region.nodes[i].kind, NodeKind::Load(_))
            && (self.space.outer.extents.is_empty() || self.outer_varies(i))
            && self.lane_varies(i)
    }

    /// The number of reductions, one after another, that the last result waits for.
    pub fn levels(&self) -> usize {
        self.region.nodes.iter().map(|n| n.level).max().unwrap_or(0)
    }

    /// The reductions that come after `level - 1` others.
    pub fn folds(&self, level: usize) -> Vec<usize> {
        let nodes = self.region.nodes.iter().enumerate();
        let folds = nodes.filter(|(_, n)| n.level == level && matches!(n.kind, NodeKind::Reduce(_)));
        folds.map(|(i, _)| i).collect()
    }

    /// The reductions over the rows of a region that reduces rows.
    pub fn accumulations(&self) -> Vec<usize> {
        let nodes = self.region.nodes.iter().enumerate();
        nodes.filter(|(_, n)| matches!(n.kind, NodeKind::Accumulate(_))).map(|(i, _)| i).collect()
    }

    /// Whether result `r` is a reduction over the rows, or comes after one.
    pub fn is_late(&self, r: usize) -> bool {
        self.region.nodes[self.region.results[r].0].late
    }

    /// The nodes that `roots` need, operands first, as far as they are not `done`.
    pub fn needed(
        &self,
        roots: impl IntoIterator<Item = usize>,
        mut done: impl FnMut(usize) -> bool,
    ) -> Vec<usize> {
        let mut wanted = vec![false; self.region.nodes.len()];
        let mut stack: Vec<usize> = roots.into_iter().collect();
        while let Some(i) = stack.pop() {
            if !done(i) && !std::mem::replace(&mut wanted[i], true) {
                stack.extend(&self.region.nodes[i].args);
            }
        }
        (0..wanted.len()).filter(|&i| wanted[i]).collect()
    }

    /// The greatest linear index that is computed: of an element, or of a point.
    pub fn reach(&self) -> usize {
        let reach = self.reads.iter().chain(&self.writes).map(|o| o.reach().saturating_sub(1));
        reach.chain([self.region.count()]).max().unwrap_or(0)
    }
}
