//! The trace as the fuser sees it: parameters and instructions as nodes, who reads whom, views looked through.

use crate::op::Form;
use crate::trace::{Inst, InstData, Kind, Trace, Value};
use crate::types::Ty;
use rustc_hash::FxHashMap;

/// A node: the parameters of the trace come first, then its instructions, in order.
pub(super) type Node = usize;

/// What the fuser may do with a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// A parameter, or an instruction with a kernel of its own.
    Opaque,
    /// Reads its operand in another order: it belongs to whatever holds the operand.
    View,
    /// Computes inside a loop nest.
    Inner(Form),
    /// Nothing needs it.
    Dead,
}

/// The nodes of a trace.
pub(super) struct Graph<'t> {
    pub trace: &'t Trace,
    /// The number of parameters, which come first.
    params: usize,
    role: Vec<Role>,
    /// For a view, the node whose elements it shows; for all others, the node itself.
    source: Vec<Node>,
    /// The node of each value.
    node: Vec<Option<Node>>,
    /// The nodes that read a node's elements, through views; no views among them, each once.
    users: Vec<Vec<Node>>,
    /// Whether its elements are a result of the trace.
    escapes: Vec<bool>,
    /// Elements and bytes of the first result.
    size: Vec<(usize, usize)>,
    /// A number that nodes of the same operation share.
    operation: Vec<u32>,
    /// A number that values of the same type share.
    ty: Vec<u32>,
}

impl<'t> Graph<'t> {
    pub fn new(trace: &'t Trace) -> Graph<'t> {
        let params = trace.body.params.len();
        let n = params + trace.body.insts.len();
        let mut g = Graph {
            trace,
            params,
            role: vec![Role::Opaque; n],
            source: (0..n).collect(),
            node: vec![None; trace.value_count()],
            users: vec![Vec::new(); n],
            escapes: vec![false; n],
            size: vec![(0, 0); n],
            operation: vec![0; n],
            ty: vec![0; trace.value_count()],
        };
        let (mut kinds, mut types) = (FxHashMap::default(), FxHashMap::default());
        for (p, &v) in trace.body.params.iter().enumerate() {
            g.node[v.index()] = Some(p);
            g.size[p] = g.describe(v, &mut types);
        }
        for at in params..n {
            let data = g.data(at);
            for &r in data.results.iter().rev() {
                g.node[r.index()] = Some(at);
                g.size[at] = g.describe(r, &mut types);
            }
            let Kind::Op(op) = &data.kind else { continue };
            let number = kinds.len() as u32;
            g.operation[at] = *kinds.entry(op).or_insert(number);
            g.role[at] = match op.form() {
                Form::View => Role::View,
                Form::Kernel | Form::Composite => Role::Opaque,
                form => Role::Inner(form),
            };
            if g.role[at] == Role::View
                && let Some(of) = g.source_of(data.args[0])
            {
                g.source[at] = of;
            }
        }
        g.readers();
        g
    }

    /// Numbers the type of a value; gives its elements and bytes.
    fn describe(&mut self, v: Value, types: &mut FxHashMap<Ty, u32>) -> (usize, usize) {
        let ty = self.trace.ty(v);
        let number = types.len() as u32;
        self.ty[v.index()] = *types.entry(ty).or_insert(number);
        (ty.count(), ty.bytes())
    }

    /// Finds the readers of every node, from the results backwards: what leads to none is dead.
    fn readers(&mut self) {
        let results = self.trace.body.results.iter();
        results.filter_map(|&r| self.source_of(r)).collect::<Vec<Node>>().into_iter().for_each(|s| {
            self.escapes[s] = true;
        });
        for at in (self.params..self.role.len()).rev() {
            let wanted = !self.users[at].is_empty() || self.escapes[at];
            match self.role[at] {
                Role::View => continue,
                Role::Inner(_) if !wanted => self.role[at] = Role::Dead,
                _ => {
                    let data = self.data(at);
                    let mut read: Vec<Node> = data.args.iter().filter_map(|&a| self.source_of(a)).collect();
                    read.sort_unstable();
                    read.dedup();
                    read.into_iter().for_each(|s| self.users[s].push(at));
                }
            }
        }
        self.users.iter_mut().for_each(|list| list.reverse());
    }

    /// The computing nodes but for constants, in chains whose every node but the last is read by the next alone, element
    /// by element: those are one kernel wherever they are.
    pub fn chains(&self) -> Vec<Vec<Node>> {
        const LONGEST: usize = 24;
        let mut chain = vec![None; self.role.len()];
        let mut list: Vec<Vec<Node>> = Vec::new();
        for at in self.insts().rev().filter(|&at| self.is_inner(at) && !self.is_free(at)) {
            let next = self.passed_on(at).and_then(|r| chain[r]).filter(|&c: &usize| list[c].len() < LONGEST);
            let mine = next.unwrap_or_else(|| {
                list.push(Vec::new());
                list.len() - 1
            });
            list[mine].push(at);
            chain[at] = Some(mine);
        }
        list.iter_mut().for_each(|nodes| nodes.reverse());
        list.reverse();
        list
    }

    /// The only node that reads this one, if it does so element by element.
    fn passed_on(&self, at: Node) -> Option<Node> {
        let &[reader] = &self.users[at][..] else { return None };
        let (ours, theirs) = (self.role[at], self.role[reader]);
        let pointwise = Role::Inner(Form::Elementwise);
        let fits = !self.escapes[at] && ours == pointwise && theirs == pointwise;
        let (from, to) = (self.data(at).results[0], self.data(reader).results[0]);
        let direct =
            || self.data(reader).args.iter().filter(|&&a| self.source_of(a) == Some(at)).all(|&a| a == from);
        let same = || self.trace.ty(from).shape == self.trace.ty(to).shape;
        // What is narrower than its operands may be better left with those: a mask, a rounded value.
        let wide = || self.operands(at).all(|s| self.size[s].1 <= self.size[at].1);
        (fits && direct() && same() && wide()).then_some(reader)
    }

    /// The data of an instruction's node.
    pub fn data(&self, at: Node) -> &'t InstData {
        self.trace.data(self.inst(at))
    }

    /// The instruction of a node that is no parameter.
    pub fn inst(&self, at: Node) -> Inst {
        self.trace.body.insts[at - self.params]
    }

    /// The nodes of the instructions.
    pub fn insts(&self) -> std::ops::Range<Node> {
        self.params..self.role.len()
    }

    /// The node that defines a value, be it a view; none for what no node of the body defines.
    pub fn node_of(&self, v: Value) -> Option<Node> {
        self.node[v.index()]
    }

    /// The node whose elements a value is, views looked through.
    pub fn source_of(&self, v: Value) -> Option<Node> {
        self.node_of(v).map(|at| self.source[at])
    }

    /// The nodes whose elements a node reads, views looked through.
    pub fn operands(&self, at: Node) -> impl Iterator<Item = Node> + '_ {
        self.data(at).args.iter().filter_map(|&a| self.source_of(a))
    }

    pub fn role(&self, at: Node) -> Role {
        self.role[at]
    }

    /// Whether a group can hold it.
    pub fn is_inner(&self, at: Node) -> bool {
        matches!(self.role[at], Role::Inner(_))
    }

    /// Whether it has no operands: any group that reads it makes its own.
    pub fn is_free(&self, at: Node) -> bool {
        self.role[at] == Role::Inner(Form::Constant)
    }

    pub fn is_reduction(&self, at: Node) -> bool {
        self.role[at] == Role::Inner(Form::Reduction)
    }

    pub fn users(&self, at: Node) -> &[Node] {
        &self.users[at]
    }

    /// Whether it must be in memory whatever the groups are: it is a result, or a kernel of its own reads it.
    pub fn is_pinned(&self, at: Node) -> bool {
        self.escapes[at] || self.users[at].iter().any(|&r| self.role[r] == Role::Opaque)
    }

    pub fn count(&self, at: Node) -> usize {
        self.size[at].0
    }

    pub fn bytes(&self, at: Node) -> usize {
        self.size[at].1
    }

    /// A number that nodes of the same operation share.
    pub fn operation(&self, at: Node) -> u32 {
        self.operation[at]
    }

    /// Numbers that values share which are read alike: of the type, and of what a view shows.
    pub fn read_as(&self, v: Value) -> [u32; 2] {
        let shown = self.source_of(v).map(|s| match s.checked_sub(self.params) {
            None => self.trace.body.params[s],
            Some(_) => self.data(s).results[0],
        });
        [self.ty[v.index()], shown.map_or(u32::MAX, |v| self.ty[v.index()])]
    }

    /// The name of what a node computes, for a person.
    pub fn name(&self, at: Node) -> String {
        match self.data(at).kind {
            Kind::Op(op) => op.name().to_string(),
            kind => format!("{kind:?}"),
        }
    }
}
