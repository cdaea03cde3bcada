//! The nodes of a region at one point of its space: loads, operations, folds and stores.

use super::build::Build;
use super::builder::{Lower, Running, SideOf};
use crate::kernel::ir::{Expr, Note, Stmt, Type, identity, running};
use crate::kernel::region::{Node, NodeKind};
use crate::op::{Fold, Lit, Op, Opcode};
use crate::trace::Walk;
use crate::types::{DType, Elem};

impl Lower<'_> {
    /// Whether a node changes among the lanes of a vector.
    pub fn lane_varies(&self, i: usize) -> bool {
        self.width > 1 && self.nest.lane_varies(i)
    }

    /// The nodes that `roots` need and that have no value yet, operands first.
    pub fn needed(&self, roots: impl IntoIterator<Item = usize>) -> Vec<usize> {
        self.nest.needed(roots, |i| self.known.contains_key(&i))
    }

    /// The same for the nodes of some results.
    pub fn needed_by(&self, results: &[usize]) -> Vec<usize> {
        self.needed(results.iter().map(|&r| self.nest.region.results[r].0))
    }

    /// What is said of node `i` in comments.
    pub fn note(&self, i: usize) -> Note {
        let node = &self.nest.region.nodes[i];
        match &node.kind {
            NodeKind::Op(op) => Note::Node(node.value, op.name()),
            NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => Note::Node(node.value, fold.name()),
            NodeKind::Random { op, .. } => Note::Node(node.value, op.name()),
            NodeKind::Take { .. } => Note::Node(node.value, "take"),
            NodeKind::Iota(_) => Note::Node(node.value, "iota"),
            NodeKind::Const(_) | NodeKind::Load(_) => Note::None,
        }
    }

    /// What is said of the load of node `i`.
    pub fn load_note(&self, i: usize) -> Note {
        Note::Operand(self.nest.region.nodes[i].value)
    }

    /// Constants are literals where these are short and common, else arguments, so that another value of a
    /// hyperparameter is the same kernel.
    fn literal(&mut self, value: Lit, d: DType) -> Expr {
        let x = d.nearest(value.to_f64());
        let plain = !d.is_float() || !x.is_finite() || [0.0, 0.5, 1.0, 2.0].contains(&x.abs());
        match plain {
            true => Expr::Lit(value, d),
            false => self.constant(if d == DType::F64 { DType::F64 } else { DType::F32 }, x),
        }
    }

    /// Computes the nodes that do not change among the lanes of a vector.
    pub fn scalars(&mut self, nodes: &[usize]) {
        for &i in nodes {
            if !self.lane_varies(i) && !self.known.contains_key(&i) {
                self.define(i, None);
            }
        }
    }

    /// The elements of load `i` at this point as they lie in memory: a vector, or one element.
    pub fn fetched(&self, i: usize) -> (Type, Expr) {
        let Some((access, p)) = self.nest.read(i) else { unreachable!("a load reads memory") };
        let (pointer, dtype) = (self.reads[p], self.nest.reads[p].dtype);
        let at = Box::new(self.address(&access, None));
        if !self.lane_varies(i) {
            return (Type::elem(dtype), Expr::Load(pointer, at));
        }
        let (lanes, step) = (self.width, access.lane());
        (Type::vector(dtype, lanes), Expr::LoadVector { pointer, at, lanes, step })
    }

    /// Loads the vectors of `nodes` that are not there yet.
    pub fn loads(&mut self, nodes: &[usize]) {
        let missing = |l: &Self, i: usize| l.lane_varies(i) && !l.known.contains_key(&i);
        for &i in nodes {
            let is_load = matches!(self.nest.region.nodes[i].kind, NodeKind::Load(_));
            if is_load && missing(self, i) && !self.vectors.contains_key(&i) {
                let (ty, value) = self.fetched(i);
                let vector = self.set_noted(format!("a{i}"), ty, value, self.load_note(i));
                self.vectors.insert(i, vector);
            }
        }
        for &i in nodes {
            if !missing(self, i) {
                continue;
            }
            let node = &self.nest.region.nodes[i];
            match &node.kind {
                NodeKind::Random { op, key, at } => self.draws(i, op, *key, at),
                NodeKind::Take { .. } if !self.lane_varies(node.args[0]) => self.lookup(i),
                _ => {}
            }
        }
    }

    /// A lookup of a whole vector at one index: zeros where the index is out of range, which [`Lower::value`] replaces.
    fn lookup(&mut self, i: usize) {
        let node = &self.nest.region.nodes[i];
        let (Some((access, p)), NodeKind::Take { axis, .. }) = (self.nest.read(i), &node.kind) else {
            return;
        };
        if access.lane() != 1 {
            return;
        }
        let operand = &self.nest.reads[p];
        let (extent, step) = (operand.layout.sizes[*axis], operand.layout.strides[*axis]);
        let index = self.known[&node.args[0]].clone();
        let vector = self.var(format!("a{i}"), Type::vector(operand.dtype, self.width));
        self.push(Stmt::Mutable(vector, Some(Expr::Zeros), self.note(i)));
        let inside = self.set(format!("in{i}"), Type::BOOL, Expr::InRange(Box::new(index.clone()), extent));
        let at = Box::new(index.index() * step + self.address(&access, None));
        let load = Expr::LoadVector { pointer: self.reads[p], at, lanes: self.width, step: 1 };
        self.inside.insert(i, inside.clone());
        self.when(inside, |l| l.push(Stmt::Assign(vector, load)));
        self.vectors.insert(i, vector.into());
    }

    /// Computes node `i` into a variable; `lane` is the lane inside a loop over lanes.
    pub fn define(&mut self, i: usize, lane: Option<&Expr>) {
        let nest = self.nest;
        let node = &nest.region.nodes[i];
        if nest.reads_nothing(i) {
            self.known.insert(i, Expr::Lit(Lit::I(0), node.dtype));
            return;
        }
        if let NodeKind::Const(value) = node.kind {
            let value = self.literal(value, node.dtype);
            self.known.insert(i, value);
            return;
        }
        let varies = lane.filter(|_| self.lane_varies(i));
        let value = self.value(i, node, varies);
        let note = self.note(i);
        let var = self.set_noted(format!("t{i}"), Type::computed(node.dtype), value, note);
        self.known.insert(i, var);
    }

    fn value(&self, i: usize, node: &Node, lane: Option<&Expr>) -> Expr {
        let d = node.dtype;
        let element = |v: &Expr| match lane {
            Some(j) => Expr::Lane(Box::new(v.clone()), Box::new(j.clone())).wide(),
            None => v.clone().wide(),
        };
        let load = |at: Expr| {
            let Some((access, p)) = self.nest.read(i) else { unreachable!("a load reads memory") };
            let at = at * self.step_of(node) + self.address(&access, lane);
            Expr::Load(self.reads[p], Box::new(at)).wide()
        };
        match &node.kind {
            NodeKind::Const(_) => unreachable!("constants have no variable"),
            NodeKind::Load(_) => match self.vectors.get(&i) {
                Some(v) => element(v),
                None => load(Expr::Num(0)),
            },
            NodeKind::Iota(at) => {
                let at = self.address(&self.nest.space.steps(at.offset, &at.steps), lane);
                match d {
                    // An index is exact in 64 bits; its conversion to 16 rounds.
                    DType::F16 | DType::BF16 => {
                        let index = at.cast(Type::elem(DType::I64));
                        Expr::Op { op: cast(d), from: DType::I64, to: d, args: vec![index] }
                    }
                    _ => at.cast(Type::computed(d)),
                }
            }
            NodeKind::Take { data, axis, .. } => {
                let none = if d.is_float() { Lit::F(f64::NAN) } else { Lit::I(0) };
                let none = Box::new(Expr::Lit(none, d));
                if let (Some(v), Some(inside), Some(_)) = (self.vectors.get(&i), self.inside.get(&i), lane) {
                    return Expr::If(Box::new(inside.clone()), Box::new(element(v)), none);
                }
                let index = self.known[&node.args[0]].clone();
                let extent = self.nest.reads[self.nest.operand(*data)].layout.sizes[*axis];
                let inside = Expr::InRange(Box::new(index.clone()), extent);
                Expr::If(Box::new(inside), Box::new(load(index.index())), none)
            }
            NodeKind::Random { op, key, at } => self.draw(i, op, *key, at, d, lane),
            NodeKind::Op(op) => {
                let args: Vec<Expr> = node.args.iter().map(|a| self.known[a].clone()).collect();
                let first = usize::from(op.code() == Opcode::Select);
                let from = self.nest.region.nodes[node.args[first]].dtype;
                self.cheaper(op, &node.args, lane).unwrap_or(Expr::Op { op: *op, from, to: d, args })
            }
            NodeKind::Reduce(_) | NodeKind::Accumulate(_) => {
                unreachable!("a reduction gets its value from the lowering of its family")
            }
        }
    }

    /// A cheaper form of `op` that what its operands are allows: a coordinate is compared in 32 bits, and an exponential
    /// of a difference from what was reduced, as softmax has it, is as rough as the difference.
    fn cheaper(&self, op: &Op, args: &[usize], lane: Option<&Expr>) -> Option<Expr> {
        let node = |i: usize| &self.nest.region.nodes[i];
        match op {
            Op::Eq if node(args[0]).dtype == DType::I64 => {
                let place = |i: usize| match &node(i).kind {
                    NodeKind::Iota(at) => {
                        Some(self.address(&self.nest.space.steps(at.offset, &at.steps), lane))
                    }
                    _ => None,
                };
                let (at, other) = match (place(args[0]), place(args[1])) {
                    (Some(at), None) => (at, args[1]),
                    (None, Some(at)) => (at, args[0]),
                    _ => return None,
                };
                Some(Expr::Same(Box::new(at.index()), Box::new(self.known[&other].clone())))
            }
            Op::Exp if node(args[0]).dtype == DType::F32 => {
                let NodeKind::Op(Op::Sub) = node(args[0]).kind else { return None };
                let [x, most] = node(args[0]).args[..] else { return None };
                let reduced = matches!(node(most).kind, NodeKind::Reduce(Fold::Amax));
                let of_it = reduced && node(most).args.first() == Some(&x);
                of_it.then(|| Expr::ExpBelow(Box::new(self.known[&args[0]].clone())))
            }
            _ => None,
        }
    }

    /// Elements between neighbours along the looked-up dimension.
    fn step_of(&self, node: &Node) -> usize {
        match &node.kind {
            NodeKind::Take { data, axis, .. } => {
                self.nest.reads[self.nest.operand(*data)].layout.strides[*axis]
            }
            _ => 0,
        }
    }

    /// Computes the nodes that change among lanes, in a loop over them; then `finish`, in the same loop.
    fn lanes(&mut self, nodes: &[usize], finish: impl FnOnce(&mut Self, &Expr)) {
        if self.width == 1 {
            return finish(self, &Expr::Num(0));
        }
        let list: Vec<usize> =
            nodes.iter().copied().filter(|&i| self.lane_varies(i) && !self.known.contains_key(&i)).collect();
        self.unrolled("j", self.width, |l, j| {
            list.iter().for_each(|&i| l.define(i, Some(&j)));
            finish(l, &j);
            list.iter().for_each(|i| _ = l.known.remove(i));
        });
    }

    /// Computes `nodes` at this point, folds the operands of `folds`, and stores the results `list`, whose operands are
    /// all read before.
    pub fn point(&mut self, nodes: &[usize], list: &[usize], folds: &[usize]) {
        self.scalars(nodes);
        self.loads(nodes);
        let mut vectors = Vec::new();
        for &r in list {
            if self.width == 1 || self.nest.written(r).lane() == 0 {
                continue;
            }
            let var = self.var(format!("v{r}"), Type::vector(self.nest.writes[r].dtype, self.width));
            self.push(Stmt::Mutable(var, None, Note::None));
            vectors.push((r, var));
        }
        // The lanes of a vector are added up in f32 before they join a sum in f64: a conversion costs more than a few
        // additions.
        let mut short = Vec::new();
        for &f in folds {
            if !self.is_short_first(f) {
                continue;
            }
            let (fold, d) = self.fold(f);
            let var = self.var(format!("u{f}"), Type::computed(d));
            self.push(Stmt::Mutable(var, Some(identity(fold, d)), Note::None));
            short.push((f, var));
        }
        if self.width == 1 || !vectors.is_empty() || !folds.is_empty() {
            self.lanes(nodes, |l, j| {
                for &(r, var) in &vectors {
                    let value = l.stored(r);
                    l.push(Stmt::AssignLane(var, j.clone(), value));
                }
                for &f in folds {
                    let x = l.known[&l.nest.region.nodes[f].args[0]].clone();
                    match short.iter().find(|s| s.0 == f) {
                        Some(&(_, var)) => {
                            let sum = Expr::Fold(l.fold(f).0, Box::new(var.into()), Box::new(x));
                            l.push(Stmt::Assign(var, sum));
                        }
                        None => l.fold_into(f, x, j),
                    }
                }
            });
        }
        for (f, var) in short {
            self.fold_into(f, var.into(), &Expr::Num(0));
        }
        for &r in list {
            let access = self.nest.written(r);
            let (pointer, at) = (self.writes[r], self.address(&access, None));
            match vectors.iter().find(|v| v.0 == r) {
                Some(&(_, value)) => {
                    self.push(Stmt::StoreVector { pointer, at, value, step: access.lane() });
                }
                None => {
                    let value = self.stored(r);
                    self.push(Stmt::Store(pointer, at, value));
                }
            }
        }
    }

    /// Result `r` as it lies in memory.
    fn stored(&self, r: usize) -> Expr {
        let x = self.known[&self.nest.region.results[r].0].clone();
        Expr::As(self.nest.writes[r].dtype, Box::new(x))
    }

    /// Whether the elements of a vector are added up by themselves before they join the sum.
    fn is_short_first(&self, f: usize) -> bool {
        let node = &self.nest.region.nodes[f];
        self.long
            && self.width > 1
            && Type::computed(node.dtype) == Type::elem(DType::F32)
            && self.running_type(f) == Type::elem(DType::F64)
            && matches!((&node.kind, self.nest.region.walk), (NodeKind::Reduce(_), Walk::Rows { .. }))
    }

    /// The fold of reduction `f`, and the type of its elements.
    pub fn fold(&self, f: usize) -> (Fold, DType) {
        let node = &self.nest.region.nodes[f];
        match &node.kind {
            NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => (*fold, node.dtype),
            _ => unreachable!("only reductions are folds"),
        }
    }

    /// The type in which reduction `f` runs.
    pub fn running_type(&self, f: usize) -> Type {
        let (fold, d) = self.fold(f);
        running(fold, d, self.long)
    }

    /// Folds `x` into the running value of reduction `f`.
    fn fold_into(&mut self, f: usize, x: Expr, lane: &Expr) {
        let x = Box::new(x.cast(self.running_type(f)));
        let fold = self.fold(f).0;
        match self.running[&f] {
            Running::One(var) => {
                self.push(Stmt::Assign(var, Expr::Fold(fold, Box::new(var.into()), x)));
            }
            Running::Many(array) => {
                let at = vec![self.step.clone() * self.width + lane.clone()];
                let value = Expr::Fold(fold, Box::new(Expr::Get(array, at.clone())), x);
                self.push(Stmt::Put(array, at, value));
            }
        }
    }

    /// The value of reduction `f`, whose whole fold is `value`.
    pub fn settle(&mut self, f: usize, value: Expr) {
        let ty = Type::computed(self.nest.region.nodes[f].dtype);
        let t = self.set(format!("t{f}"), ty, value.cast(ty));
        self.known.insert(f, t);
    }

    /// Stores results that have an element for each row.
    pub fn row_point(&mut self, list: &[usize]) {
        self.set_coordinates(SideOf::Inner, vec![Expr::Num(0); self.nest.space.inner.extents.len()]);
        let width = std::mem::replace(&mut self.width, 1);
        let nodes = self.needed_by(list);
        self.point(&nodes, list, &[]);
        self.width = width;
    }

    /// Computes what changes from row to row only, as far as its operands are known.
    pub fn scalars_of_row(&mut self, nodes: &[usize]) {
        for &i in nodes {
            let node = &self.nest.region.nodes[i];
            let is_fold = matches!(node.kind, NodeKind::Reduce(_) | NodeKind::Accumulate(_));
            let ready = node.args.iter().all(|a| self.known.contains_key(a));
            if !self.nest.inner_varies(i) && !is_fold && ready && !self.known.contains_key(&i) {
                self.define(i, None);
            }
        }
    }
}

/// The operation that converts to `d`.
fn cast(d: DType) -> Op {
    Op::Cast { elem: Elem::Known(d) }
}
