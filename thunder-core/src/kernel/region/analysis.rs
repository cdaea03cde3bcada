//! From the results backwards: the map of every value in the iteration space, or the reason why there is none.

use super::space::{Space, suits};
use super::{ACCUMULATED, Affine, Fail, Map, Node, NodeKind, row_major};
use crate::op::Op;
use crate::trace::{Inst, Kind, Trace, Value, Walk};
use rustc_hash::FxHashMap;

pub(super) struct Analysis<'a> {
    pub trace: &'a Trace,
    pub inside: &'a dyn Fn(Value) -> Option<Inst>,
    pub space: &'a Space,
    pub nodes: Vec<Node>,
    pub memo: FxHashMap<(Value, Map), usize>,
}

/// A value whose operands are being found.
struct Pending {
    value: Value,
    map: Map,
    how: How,
    /// The coordinates along which it changes by itself.
    affine: Vec<Affine>,
    /// The nodes of its operands so far.
    args: Vec<usize>,
}

/// What a value is at a point of the space. Operations stay where they are until the node is made: they are large.
enum How {
    /// The element that a view shows of its operand.
    View(Inst),
    /// An elementwise operation on its operands, broadcast.
    Elements(Inst),
    /// What an instruction reduces, over the rows or not.
    Reduced(Inst, bool),
    /// A node without operands.
    Leaf(Box<NodeKind>),
    /// A lookup at an index that is read through this map.
    Lookup(Box<NodeKind>, Value, Map),
}

impl Analysis<'_> {
    pub fn run(&mut self, results: &[Value]) -> Result<Vec<(usize, Map)>, Fail> {
        let space = self.space;
        let mut maps = vec![(space.count(), space.full_map())];
        if space.walk != Walk::Pointwise {
            maps.insert(0, (space.size(false), space.part(false)));
        }
        if matches!(space.walk, Walk::Rows { .. }) {
            maps.insert(1, (space.size(true), space.part(true)));
        }
        let mut out = Vec::new();
        for &r in results {
            let count = self.trace.ty(r).count();
            // Where several have as many elements, the one that fits is meant.
            let mut list: Vec<&Map> = maps.iter().filter(|(n, _)| *n == count).map(|(_, map)| map).collect();
            let fits = list.len() > 1 && list.iter().any(|map| self.fits(r, map));
            list.retain(|map| !fits || self.fits(r, map));
            let Some(&map) = list.first() else {
                let space = space.count();
                return Err(Fail::No(format!("{count} elements do not fill the iteration space of {space}")));
            };
            out.push((self.eval(r, map.clone())?, map.clone()));
        }
        let outer = self.space.outer();
        // A result may have a row for each even where all its rows are one.
        let has_rows = |(n, map): &(usize, Map)| {
            self.nodes[*n].level > 0 && map.strides[..outer].iter().any(|s| *s != 0)
        };
        if matches!(self.space.walk, Walk::Columns { .. })
            && (out.iter().any(has_rows)
                || self.nodes.iter().any(|n| n.level > 1 || n.level > 0 && n.along[..outer].contains(&true)))
        {
            return Err(Fail::No("the columns are read again after their reduction".into()));
        }
        self.check_accumulations(&out)?;
        Ok(out)
    }

    /// Under `Rows`: what has no row is an accumulation over all of them or comes after one, is read by no row, and
    /// fits in registers.
    fn check_accumulations(&self, results: &[(usize, Map)]) -> Result<(), Fail> {
        if !matches!(self.space.walk, Walk::Rows { .. }) {
            return Ok(());
        }
        let outer = self.space.outer();
        let rowless = self.space.part(true);
        let is_rowless =
            |map: &Map| *map == rowless && *map != self.space.full_map() && *map != self.space.part(false);
        let strays = results.iter().any(|(n, map)| self.nodes[*n].late != is_rowless(map));
        let read_again = self.nodes.iter().any(|n| n.late && n.along[..outer].contains(&true));
        if strays || read_again {
            return Err(Fail::No("the rows read what is reduced over them".into()));
        }
        let sums = self.nodes.iter().filter(|n| matches!(n.kind, NodeKind::Accumulate(_))).count();
        if sums > 0 && self.space.count() == 0 {
            return Err(Fail::No("there is nothing to reduce".into()));
        }
        if sums > 0 && (self.space.size(true) > ACCUMULATED.0 || sums > ACCUMULATED.1) {
            return Err(Fail::No(
                "one reduces rows, the other columns, and too many of them for registers".into(),
            ));
        }
        Ok(())
    }

    /// Whether `v` can be read through `map`.
    fn fits(&self, v: Value, map: &Map) -> bool {
        let Analysis { trace, inside, space, .. } = *self;
        let mut trial = Analysis { trace, inside, space, nodes: Vec::new(), memo: FxHashMap::default() };
        !matches!(trial.eval(v, map.clone()), Err(Fail::No(_)))
    }

    /// The node of `v` read through `map`, with all that it is computed from.
    ///
    /// A walk with a stack of its own, operands first: a loop of thousands of steps is one chain of operands.
    fn eval(&mut self, v: Value, map: Map) -> Result<usize, Fail> {
        let mut open = vec![self.begin(v, map)?];
        let mut done = None;
        loop {
            let Some(top) = open.last_mut() else { return done.ok_or_else(|| Fail::No("nothing".into())) };
            top.args.extend(done.take());
            let known = match self.operand(top)? {
                None => {
                    let Some(whole) = open.pop() else { continue };
                    done = Some(self.finish(whole)?);
                    continue;
                }
                Some(at) => self.memo.get(&at).copied().ok_or(at),
            };
            match known {
                Ok(n) => done = Some(n),
                Err((v, map)) => open.push(self.begin(v, map)?),
            }
        }
    }

    /// What `v`, read through `map`, is computed by, none of its operands yet.
    fn begin(&self, v: Value, map: Map) -> Result<Pending, Fail> {
        let ty = self.trace.ty(v);
        let mut affine = Vec::new();
        let leaf = |kind| How::Leaf(Box::new(kind));
        let how = match (self.inside)(v) {
            None => {
                let at = self.decompose(&map, &ty.sizes())?;
                affine = at.clone();
                leaf(NodeKind::Load(at))
            }
            Some(i) => {
                let data = self.trace.data(i);
                let Kind::Op(op) = &data.kind else { return Err(Fail::No("it is no operation".into())) };
                match *op {
                    _ if op.is_view() => How::View(i),
                    _ if op.is_elementwise() => How::Elements(i),
                    Op::Full { value, .. } => leaf(NodeKind::Const(value)),
                    Op::Iota { axis, shape, .. } => {
                        let at = self.decompose(&map, &ty.sizes())?;
                        let axis = axis.resolve(shape.rank()).unwrap_or(0);
                        affine = vec![at[axis].clone()];
                        leaf(NodeKind::Iota(at[axis].clone()))
                    }
                    _ if op.is_draw() => {
                        affine = vec![Affine { offset: map.offset, steps: map.strides.clone() }];
                        leaf(NodeKind::Random { op: *op, key: data.args[0], at: map.clone() })
                    }
                    Op::Take { axis } => {
                        let (x, i) = (data.args[0], data.args[1]);
                        let rank = self.trace.ty(x).shape.rank();
                        let axis = axis.resolve(rank).unwrap_or(0);
                        let indices = self.trace.ty(i).sizes();
                        let at = self.decompose(&map, &ty.sizes())?;
                        let index_map = self.compose(&at[axis..axis + indices.len()], &indices);
                        let mut coords = at[..axis].to_vec();
                        coords.push(self.zero());
                        coords.extend_from_slice(&at[axis + indices.len()..]);
                        affine = coords.clone();
                        self.outside(x)?;
                        How::Lookup(Box::new(NodeKind::Take { data: x, at: coords, axis }), i, index_map)
                    }
                    Op::Gather { axis } => {
                        let (x, i) = (data.args[0], data.args[1]);
                        let mut at = self.decompose(&map, &ty.sizes())?;
                        let axis = axis.resolve(at.len()).unwrap_or(0);
                        at[axis] = self.zero();
                        affine = at.clone();
                        self.outside(x)?;
                        How::Lookup(Box::new(NodeKind::Take { data: x, at, axis }), i, map.clone())
                    }
                    _ if op.is_reduce() => {
                        let rows = self.space.walk;
                        let sizes = self.trace.ty(data.args[0]).sizes();
                        How::Reduced(i, matches!(rows, Walk::Rows { .. }) && !suits(rows, op, &sizes))
                    }
                    _ => return Err(Fail::No(format!("`{}` has a kernel of its own", op.name()))),
                }
            }
        };
        Ok(Pending { value: v, map, how, affine, args: Vec::new() })
    }

    /// The next operand that `p` needs, and the map by which it is read; `None` if it has all.
    fn operand(&self, p: &Pending) -> Result<Option<(Value, Map)>, Fail> {
        let operation = |i: Inst| match &self.trace.data(i).kind {
            Kind::Op(op) => Ok(op),
            _ => Err(Fail::No("it is no operation".into())),
        };
        let operand = |i: Inst, n: usize| self.trace.data(i).args.get(n).copied();
        Ok(match (&p.how, p.args.len()) {
            (How::View(i), 0) => match operand(*i, 0) {
                Some(x) => Some((x, self.through_view(operation(*i)?, x, p.value, &p.map)?)),
                None => None,
            },
            (How::Lookup(_, i, map), 0) => Some((*i, map.clone())),
            (How::Reduced(i, over_rows), 0) => match operand(*i, 0) {
                Some(x) => Some((x, self.reduced(operation(*i)?, x, &p.map, *over_rows)?)),
                None => None,
            },
            (How::Elements(i), n) => match operand(*i, n) {
                Some(x) => Some((x, self.broadcast(x, p.value, &p.map)?)),
                None => None,
            },
            _ => None,
        })
    }

    /// The node, its operands being there.
    fn finish(&mut self, p: Pending) -> Result<usize, Fail> {
        let operation = |i: Inst| match self.trace.data(i).kind {
            Kind::Op(op) => Ok(op),
            _ => Err(Fail::No("it is no operation".into())),
        };
        let kind = match p.how {
            How::View(_) => {
                let n = p.args[0];
                self.memo.insert((p.value, p.map), n);
                return Ok(n);
            }
            How::Reduced(..) if self.nodes[p.args[0]].late => {
                return Err(Fail::No("what is reduced is reduced over the rows already".into()));
            }
            How::Reduced(i, over_rows) => match operation(i)?.reduction() {
                Some((fold, _)) if over_rows => NodeKind::Accumulate(fold),
                Some((fold, _)) => NodeKind::Reduce(fold),
                None => return Err(Fail::No("it is no reduction".into())),
            },
            How::Elements(i) => NodeKind::Op(operation(i)?),
            How::Leaf(kind) | How::Lookup(kind, ..) => *kind,
        };
        Ok(self.push(p.value, p.map, kind, p.args, &p.affine))
    }

    fn push(&mut self, v: Value, map: Map, kind: NodeKind, args: Vec<usize>, affine: &[Affine]) -> usize {
        let reduces = matches!(kind, NodeKind::Reduce(_));
        let accumulates = matches!(kind, NodeKind::Accumulate(_));
        let moves = |d: usize| {
            affine.iter().any(|a| a.steps[d] != 0) || args.iter().any(|&a: &usize| self.nodes[a].along[d])
        };
        // A reduction counts as changing along all dimensions that are kept, an accumulation along all others.
        let is_side = |d: usize| self.space.reduced[d] == accumulates && self.space.dims[d] != 1;
        let node = Node {
            value: v,
            dtype: self.trace.ty(v).dtype(),
            along: (0..self.space.dims.len())
                .map(|d| if reduces || accumulates { is_side(d) } else { moves(d) })
                .collect(),
            level: args.iter().map(|&a| self.nodes[a].level).max().unwrap_or(0) + usize::from(reduces),
            late: accumulates || args.iter().any(|&a| self.nodes[a].late),
            kind,
            args,
        };
        self.nodes.push(node);
        self.memo.insert((v, map), self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn zero(&self) -> Affine {
        Affine { offset: 0, steps: vec![0; self.space.dims.len()] }
    }

    fn outside(&self, v: Value) -> Result<(), Fail> {
        if (self.inside)(v).is_some() {
            return Err(Fail::No("it is read at computed indices".into()));
        }
        Ok(())
    }

    /// The map of operand `a` of an elementwise instruction whose result `v` has map `map`.
    fn broadcast(&self, a: Value, v: Value, map: &Map) -> Result<Map, Fail> {
        let (from, to) = (self.trace.ty(a).shape, self.trace.ty(v).shape);
        if from == to {
            return Ok(map.clone());
        }
        let (from, to) = (from.sizes(), to.sizes());
        let at = self.decompose(map, &to)?;
        let skip = to.len() - from.len();
        let list: Vec<Affine> =
            (0..from.len()).map(|i| if from[i] == 1 { self.zero() } else { at[skip + i].clone() }).collect();
        Ok(self.compose(&list, &from))
    }

    fn through_view(&self, op: &Op, x: Value, v: Value, map: &Map) -> Result<Map, Fail> {
        let (from, to) = (self.trace.ty(x).sizes(), self.trace.ty(v).sizes());
        match op {
            Op::Permute { axes } => {
                let at = self.decompose(map, &to)?;
                let mut list = vec![self.zero(); from.len()];
                for (i, a) in axes.resolved(from.len()).into_iter().enumerate() {
                    list[a] = at[i].clone();
                }
                Ok(self.compose(&list, &from))
            }
            Op::Expand { .. } => self.broadcast(x, v, map),
            Op::Slice { start, .. } => {
                let mut at = self.decompose(map, &to)?;
                for (a, s) in at.iter_mut().zip(start.sizes()) {
                    a.offset += s;
                }
                Ok(self.compose(&at, &from))
            }
            _ => Ok(map.clone()),
        }
    }

    /// The map of the operand of a reduction, over the rows if `over_rows`, whose result is read through `map`.
    fn reduced(&self, op: &Op, x: Value, map: &Map, over_rows: bool) -> Result<Map, Fail> {
        if *map != self.space.part(over_rows) || self.space.walk == Walk::Pointwise {
            return Err(Fail::No("their reductions do not run over the same dimensions".into()));
        }
        let sizes = self.trace.ty(x).sizes();
        let axes = op.reduced_axes(sizes.len());
        let (kept, gone): (Vec<usize>, Vec<usize>) = (0..sizes.len()).partition(|i| !axes.contains(i));
        let extents = |list: &[usize]| list.iter().map(|&i| sizes[i]).collect::<Vec<usize>>();
        if self.space.size(!over_rows) != extents(&gone).iter().product::<usize>() {
            return Err(Fail::No("their reductions run over different numbers of elements".into()));
        }
        let stays = self.decompose(map, &extents(&kept))?;
        let goes = self.decompose(&self.space.part(!over_rows), &extents(&gone))?;
        let mut list = vec![self.zero(); sizes.len()];
        for (a, &i) in stays.into_iter().zip(&kept) {
            list[i] = a;
        }
        for (a, &i) in goes.into_iter().zip(&gone) {
            list[i] = a;
        }
        Ok(self.compose(&list, &sizes))
    }

    /// The row-major map of a value from its coordinates.
    fn compose(&self, at: &[Affine], sizes: &[usize]) -> Map {
        let rm = row_major(sizes);
        let mut strides = vec![0; self.space.dims.len()];
        let mut offset = 0;
        for (a, &s) in at.iter().zip(&rm) {
            offset += a.offset * s;
            for (out, step) in strides.iter_mut().zip(&a.steps) {
                *out += step * s;
            }
        }
        self.space.map(offset, strides)
    }

    /// The coordinates of a value of extents `sizes` from its row-major map.
    fn decompose(&self, map: &Map, sizes: &[usize]) -> Result<Vec<Affine>, Fail> {
        // Of nothing, nothing is read.
        if sizes.contains(&0) {
            return Ok(vec![self.zero(); sizes.len()]);
        }
        let rm = row_major(sizes);
        let mut out: Vec<Affine> = (0..sizes.len())
            .map(|j| Affine {
                offset: map.offset / rm[j] % sizes[j].max(1),
                steps: vec![0; self.space.dims.len()],
            })
            .collect();
        let no = || Fail::No("their shapes do not line up in one iteration space".into());
        for (d, (&s, &n)) in map.strides.iter().zip(&self.space.dims).enumerate() {
            if s == 0 || n <= 1 {
                continue;
            }
            let j =
                (0..sizes.len()).find(|&j| sizes[j] > 1 && rm[j] <= s && s % rm[j] == 0).ok_or_else(no)?;
            let c = s / rm[j];
            if c * (n - 1) >= sizes[j] {
                let inner = sizes[j] / c;
                if !sizes[j].is_multiple_of(c) || inner <= 1 || !n.is_multiple_of(inner) || inner == n {
                    return Err(no());
                }
                return Err(Fail::Split { dim: d, inner });
            }
            out[j].steps[d] = c;
        }
        for (a, &size) in out.iter().zip(sizes) {
            let reach: usize =
                a.steps.iter().zip(&self.space.dims).map(|(s, n)| s * n.saturating_sub(1)).sum();
            if a.offset + reach >= size.max(1) {
                return Err(no());
            }
        }
        Ok(out)
    }
}
