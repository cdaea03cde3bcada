//! Emission of a region's nodes, scope by scope.

mod memory;
mod random;

use super::expr::{self, computed, stored};
use super::space::Space;
use super::text::Code;
use super::{Arg, Kernel};
use std::collections::HashMap;
use thunder_core::exec::{Place, Step};
use thunder_core::kernel::region::{Node, NodeKind, Region};
use thunder_core::kernel::target::Gpu;
use thunder_core::op::{Fold, Lit, Op, Opcode};
use thunder_core::trace::{Trace, Value, Walk};
use thunder_core::types::DType;

/// Emits one kernel.
///
/// Nodes become variables `t0, t1, ..`. A thread takes `width` neighbouring elements: nodes that change among
/// them are emitted inside a loop over lanes `j`, the rest once.
pub(crate) struct Emitter<'a> {
    trace: &'a Trace,
    pub gpu: &'a Gpu,
    pub region: &'a Region,
    params: &'a [Value],
    pub reads: &'a [Place],
    pub writes: &'a [Place],
    in_place: &'a [Option<usize>],
    pub space: Space,
    pub width: usize,
    /// Whether a thread adds up so many elements that sums of floats run in f64.
    pub long: bool,
    pub code: Code,
    /// The expression of each node that is available in this scope.
    pub names: HashMap<usize, String>,
    /// The expression of each load that lies in registers as a vector.
    pub vectors: HashMap<usize, String>,
    /// Coordinates along the groups of each side.
    outer_at: Vec<String>,
    inner_at: Vec<String>,
    consts: Vec<(DType, f64)>,
}

impl<'a> Emitter<'a> {
    pub fn new(
        trace: &'a Trace,
        region: &'a Region,
        params: &'a [Value],
        step: &'a Step,
        gpu: &'a Gpu,
    ) -> Emitter<'a> {
        let mut e = Emitter {
            trace,
            gpu,
            region,
            params,
            reads: &step.reads,
            writes: &step.writes,
            in_place: &step.in_place,
            space: Space::new(&[], 0, &[]),
            width: 1,
            long: false,
            code: Code::default(),
            names: HashMap::new(),
            vectors: HashMap::new(),
            outer_at: Vec::new(),
            inner_at: Vec::new(),
            consts: Vec::new(),
        };
        let strides = e.all_strides();
        let list: Vec<&[usize]> = strides.iter().map(|s| &s[..]).collect();
        let outer = if region.walk == Walk::Pointwise { 0 } else { region.outer };
        e.space = Space::new(&region.dims, outer, &list);
        e.width = e.space.width(&e.memory());
        e
    }

    pub fn lane_varies(&self, i: usize) -> bool {
        self.width > 1 && self.space.inner.moves_last(&self.region.nodes[i].along)
    }

    pub fn inner_varies(&self, i: usize) -> bool {
        self.space.inner.moves(&self.region.nodes[i].along)
    }

    pub fn outer_varies(&self, i: usize) -> bool {
        self.space.outer.moves(&self.region.nodes[i].along)
    }

    /// Whether result `r` has an element for each inner point.
    pub fn is_wide(&self, r: usize) -> bool {
        self.result_access(r).inner.iter().any(|&s| s != 0)
    }

    /// The nodes that `roots` need and that have no name yet, operands first.
    pub fn closure(&self, roots: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut wanted = vec![false; self.region.nodes.len()];
        let mut stack: Vec<usize> = roots.into_iter().collect();
        while let Some(i) = stack.pop() {
            if !self.names.contains_key(&i) && !std::mem::replace(&mut wanted[i], true) {
                stack.extend(&self.region.nodes[i].args);
            }
        }
        (0..wanted.len()).filter(|&i| wanted[i]).collect()
    }

    /// Emits the coordinates of the outer or inner linear index `var`.
    pub fn coordinates(&mut self, outer: bool, var: &str) {
        let extents = if outer { self.space.outer.extents.clone() } else { self.space.inner.extents.clone() };
        let mut at = Vec::new();
        if extents.len() == 1 {
            at.push(var.to_string());
        } else {
            let prefix = if outer { "r" } else { "c" };
            for g in 0..extents.len() {
                let below: usize = extents[g + 1..].iter().product();
                let mut text = if below == 1 { var.to_string() } else { format!("{var} / {below}u") };
                if g > 0 {
                    text = if below == 1 {
                        format!("{text} % {}u", extents[g])
                    } else {
                        format!("({text}) % {}u", extents[g])
                    };
                }
                self.code.line(format!("const Index {prefix}{g} = {text};"));
                at.push(format!("{prefix}{g}"));
            }
        }
        if outer { self.outer_at = at } else { self.inner_at = at }
    }

    /// The coordinates along the inner groups are these expressions.
    pub fn set_inner(&mut self, at: Vec<String>) {
        self.inner_at = at;
    }

    /// What is said of a node in comments.
    fn note(&self, i: usize) -> String {
        let node = &self.region.nodes[i];
        let Some(inst) = self.trace.def(node.value) else { return String::new() };
        let at = inst.loc;
        let what = match &node.kind {
            NodeKind::Op(op) => format!(" = {}", op.name()),
            NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => format!(" = {}", fold.name()),
            NodeKind::Random { op, .. } => format!(" = {}", op.name()),
            NodeKind::Take { .. } => " = take".into(),
            NodeKind::Iota(_) => " = iota".into(),
            NodeKind::Const(_) | NodeKind::Load(_) => String::new(),
        };
        if at.line == 0 { format!("{}{what}", node.value) } else { format!("{}{what}  {at}", node.value) }
    }

    /// Constants are named where they stand: by their literals, or as arguments, so that another value of a
    /// hyperparameter is the same kernel.
    fn constant(&mut self, value: Lit, d: DType) -> String {
        let x = expr::rounded(value.to_f64(), d);
        let plain = !d.is_float() || !x.is_finite() || [0.0, 0.5, 1.0, 2.0].contains(&x.abs());
        if plain {
            let text = expr::literal(value, d);
            return if text.starts_with('-') { format!("({text})") } else { text };
        }
        let wide = if d == DType::F64 { DType::F64 } else { DType::F32 };
        let known = self.consts.iter().position(|&(e, y)| e == wide && y.to_bits() == x.to_bits());
        let k = known.unwrap_or_else(|| {
            self.consts.push((wide, x));
            self.consts.len() - 1
        });
        format!("k{k}")
    }

    /// Emits nodes that do not change among the lanes of a vector.
    pub fn scalars(&mut self, nodes: &[usize]) {
        for &i in nodes {
            if !self.lane_varies(i) && !self.names.contains_key(&i) {
                self.define(i, None);
            }
        }
    }

    /// Whether a load can be one vector access, or several into one vector.
    fn is_vector_load(&self, i: usize) -> bool {
        self.lane_varies(i) && matches!(self.region.nodes[i].kind, NodeKind::Load(_))
    }

    /// The expression that loads the elements of node `i` at this point: a vector, or one element.
    pub fn fetch(&self, i: usize) -> Option<(String, String)> {
        let (access, place) = self.node_access(i)?;
        let p = format!("p{}", self.operand(self.region.nodes[i].value));
        let ty = stored(place.dtype);
        let at = self.address(&access, None);
        if !self.lane_varies(i) {
            return Some((ty.into(), format!("{p}[{at}]")));
        }
        let w = self.width;
        let text = match access.lane() {
            1 => format!("load<{w}>({p} + {at})",),
            s => format!("gather<{w}>({p} + {at}, {s}u)"),
        };
        Some((format!("Vec<{ty}, {w}>"), text))
    }

    /// The address of the elements that node `i` loads at this point.
    pub fn pointer(&self, i: usize) -> String {
        let at = self.node_access(i).map(|(access, _)| self.address(&access, None)).unwrap_or_default();
        format!("p{} + {at}", self.operand(self.region.nodes[i].value))
    }

    /// Emits the vector loads among `nodes` that are not in registers yet.
    pub fn loads(&mut self, nodes: &[usize]) {
        for &i in nodes {
            if self.is_vector_load(i) && !self.vectors.contains_key(&i) && !self.names.contains_key(&i) {
                let (ty, text) = self.fetch(i).unwrap_or_default();
                let note = self.load_note(i);
                self.code.noted(&format!("const {ty} a{i} = {text};"), &note);
                self.vectors.insert(i, format!("a{i}"));
            }
        }
        for &i in nodes {
            let node = &self.region.nodes[i];
            if !self.lane_varies(i) || self.names.contains_key(&i) {
                continue;
            }
            match &node.kind {
                NodeKind::Random { .. } => self.draws(i),
                NodeKind::Take { .. } if !self.lane_varies(node.args[0]) => self.lookup(i),
                _ => {}
            }
        }
    }

    pub fn load_note(&self, i: usize) -> String {
        let v = self.region.nodes[i].value;
        format!("{v}: {}", self.trace.ty(v))
    }

    /// A lookup of a whole vector at one index.
    fn lookup(&mut self, i: usize) {
        let node = &self.region.nodes[i];
        let Some((access, place)) = self.node_access(i) else { return };
        let NodeKind::Take { data, axis, .. } = &node.kind else { return };
        if access.lane() != 1 {
            return;
        }
        let (p, w, ty) = (self.operand(*data), self.width, stored(place.dtype));
        let (extent, step) = (place.layout.sizes[*axis], place.layout.strides[*axis]);
        let index = self.names[&node.args[0]].clone();
        let at = self.address(&access, None);
        let note = self.note(i);
        self.code.noted(&format!("Vec<{ty}, {w}> a{i} = {{}};"), &note);
        self.code.line(format!("const bool in{i} = (unsigned long long)(long long){index} < {extent}ull;"));
        let offset = self.scaled(&index, step);
        self.code.line(format!("if (in{i}) a{i} = load<{w}>(p{p} + {offset} + {at});"));
        self.vectors.insert(i, format!("a{i}"));
    }

    fn scaled(&self, index: &str, step: usize) -> String {
        format!("(Index){index} * {step}u")
    }

    /// Emits node `i` as a variable; `lane` is the lane's number inside a loop over lanes.
    pub fn define(&mut self, i: usize, lane: Option<&str>) {
        let node = &self.region.nodes[i];
        if let NodeKind::Const(value) = node.kind {
            let name = self.constant(value, node.dtype);
            self.names.insert(i, name);
            return;
        }
        let text = self.value(i, node, lane);
        let note = self.note(i);
        self.code.noted(&format!("const {} t{i} = {text};", computed(node.dtype)), &note);
        self.names.insert(i, format!("t{i}"));
    }

    fn value(&self, i: usize, node: &Node, lane: Option<&str>) -> String {
        let d = node.dtype;
        let varies = if lane.is_some() && self.lane_varies(i) { lane } else { None };
        match &node.kind {
            NodeKind::Const(_) => unreachable!("constants have no variable"),
            NodeKind::Load(_) => match (self.vectors.get(&i), self.node_access(i)) {
                (Some(v), _) if varies.is_some() => format!("wide({v}.at[{}])", varies.unwrap_or("0")),
                (Some(v), _) => format!("wide({v})"),
                (None, Some((access, _))) => {
                    format!("wide(p{}[{}])", self.operand(node.value), self.address(&access, varies))
                }
                (None, None) => unreachable!("a load reads memory"),
            },
            NodeKind::Iota(at) => {
                let access = self.space.access(at.offset, &at.steps);
                let at = self.address(&access, varies);
                match d {
                    DType::F16 | DType::BF16 => expr::cast(&format!("(long long)({at})"), DType::I64, d),
                    _ => format!("({})({at})", computed(d)),
                }
            }
            NodeKind::Take { data, axis, .. } => {
                let Some((access, place)) = self.node_access(i) else {
                    unreachable!("a lookup reads memory")
                };
                let none = expr::nothing(d);
                if let (Some(v), Some(j)) = (self.vectors.get(&i), varies) {
                    return format!("in{i} ? wide({v}.at[{j}]) : {none}");
                }
                let (extent, step) = (place.layout.sizes[*axis], place.layout.strides[*axis]);
                let index = &self.names[&node.args[0]];
                let (p, at) = (self.operand(*data), self.address(&access, varies));
                let offset = self.scaled(index, step);
                format!(
                    "(unsigned long long)(long long){index} < {extent}ull ? wide(p{p}[{offset} + {at}]) : {none}"
                )
            }
            NodeKind::Random { op, key, at } => self.random(i, op, *key, at.offset, &at.strides, d, varies),
            NodeKind::Op(op) => {
                let args: Vec<String> = node.args.iter().map(|a| self.names[a].clone()).collect();
                let first = usize::from(op.code() == Opcode::Select);
                let from = self.region.nodes[node.args[first]].dtype;
                match self.cheaper(op, &node.args, varies) {
                    Some(text) => text,
                    None => expr::elementwise(op, from, d, &args),
                }
            }
            NodeKind::Reduce(_) | NodeKind::Accumulate(_) => {
                unreachable!("reductions are named by the schedule")
            }
        }
    }

    /// A cheaper form of `op` that what its operands are allows: a coordinate is compared in 32 bits, and an exponential
    /// of a difference from what was reduced, as softmax has it, is as rough as the difference.
    fn cheaper(&self, op: &Op, args: &[usize], varies: Option<&str>) -> Option<String> {
        let node = |k: usize| &self.region.nodes[args[k]];
        match op {
            Op::Eq if node(0).dtype == DType::I64 => {
                let place = |k: usize| match &node(k).kind {
                    NodeKind::Iota(at) => Some(self.address(&self.space.access(at.offset, &at.steps), varies)),
                    _ => None,
                };
                let (at, other) = match (place(0), place(1)) {
                    (Some(at), None) => (at, args[1]),
                    (None, Some(at)) => (at, args[0]),
                    _ => return None,
                };
                Some(format!("same((Index)({at}), {})", self.names[&other]))
            }
            Op::Exp if node(0).dtype == DType::F32 => {
                let NodeKind::Op(Op::Sub) = node(0).kind else { return None };
                let [x, max] = node(0).args[..] else { return None };
                let reduced = matches!(self.region.nodes[max].kind, NodeKind::Reduce(Fold::Amax));
                let of = |i: usize| self.region.nodes[i].args.first().copied();
                (reduced && of(max) == Some(x)).then(|| format!("exp_below({})", self.names[&args[0]]))
            }
            _ => None,
        }
    }

    /// Emits the nodes that change among lanes, in a loop over them; then `finish`, in the same loop.
    pub fn lanes(&mut self, nodes: &[usize], finish: impl FnOnce(&mut Emitter<'a>, &str)) {
        let list: Vec<usize> =
            nodes.iter().copied().filter(|&i| self.lane_varies(i) && !self.names.contains_key(&i)).collect();
        if self.width == 1 {
            return finish(self, "");
        }
        self.code.line("#pragma unroll");
        let w = self.width;
        self.code.open(format!("for (int j = 0; j < {w}; ++j)"));
        for &i in &list {
            self.define(i, Some("j"));
        }
        finish(self, "j");
        for i in &list {
            self.names.remove(i);
        }
        self.code.close();
    }

    /// Emits `nodes` at this point, and stores the results `list`, which are all read before.
    pub fn point(&mut self, nodes: &[usize], list: &[usize], folds: &[usize]) {
        self.scalars(nodes);
        self.loads(nodes);
        let vector: Vec<usize> =
            list.iter().copied().filter(|&r| self.width > 1 && self.result_access(r).lane() != 0).collect();
        for &r in &vector {
            let (ty, w) = (stored(self.writes[r].dtype), self.width);
            self.code.line(format!("Vec<{ty}, {w}> v{r};"));
        }
        let short: Vec<usize> = folds.iter().copied().filter(|&f| self.is_short_first(f)).collect();
        for &f in &short {
            let (_, _, identity) = self.fold(f);
            self.code.line(format!("float u{f} = {identity};"));
        }
        if self.width == 1 || !vector.is_empty() || !folds.is_empty() {
            self.lanes(nodes, |e, j| {
                for &r in &vector {
                    let (node, ty) = (e.region.results[r].0, stored(e.writes[r].dtype));
                    let x = e.names[&node].clone();
                    e.code.line(format!("v{r}.at[{j}] = as<{ty}>({x});"));
                }
                for &f in folds {
                    e.accumulate(f);
                }
            });
        }
        for &f in &short {
            let (name, ty, _) = self.fold(f);
            let acc = self.accumulator(f);
            self.code.line(format!("{acc} = {name}::of({acc}, ({ty})u{f});"));
        }
        for &r in list {
            self.store(r, vector.contains(&r));
        }
    }

    /// Whether the elements of a vector are added up in f32 before they join a sum in f64: a conversion costs more
    /// than a few additions.
    fn is_short_first(&self, f: usize) -> bool {
        let node = &self.region.nodes[f];
        self.long
            && self.width > 1
            && computed(node.dtype) == "float"
            && self.fold(f).1 == "double"
            && matches!((&node.kind, self.region.walk), (NodeKind::Reduce(_), Walk::Rows { .. }))
    }

    /// The functor of reduction `f`, the type it runs in, and its value of nothing.
    pub fn fold(&self, f: usize) -> (&'static str, &'static str, String) {
        let node = &self.region.nodes[f];
        match &node.kind {
            NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => expr::fold(*fold, node.dtype, self.long),
            _ => unreachable!("only reductions are folds"),
        }
    }

    /// Folds the operand of reduction `f` into its accumulator.
    fn accumulate(&mut self, f: usize) {
        let (name, ty, _) = self.fold(f);
        let x = self.names[&self.region.nodes[f].args[0]].clone();
        if self.is_short_first(f) {
            return self.code.line(format!("u{f} = {name}::of(u{f}, {x});"));
        }
        let acc = self.accumulator(f);
        self.code.line(format!("{acc} = {name}::of({acc}, ({ty}){x});"));
    }

    /// The accumulator of a reduction: one a column of the thread under `Columns`, and over rows.
    fn accumulator(&self, f: usize) -> String {
        match (&self.region.nodes[f].kind, self.region.walk, self.width) {
            (NodeKind::Accumulate(_), _, 1) => format!("s{f}[k]"),
            (NodeKind::Accumulate(_), _, w) => format!("s{f}[k * {w} + j]"),
            (_, Walk::Columns { .. }, 2..) => format!("s{f}[j]"),
            _ => format!("s{f}"),
        }
    }

    fn store(&mut self, r: usize, vector: bool) {
        let access = self.result_access(r);
        let at = self.address(&access, None);
        if vector {
            let text = match access.lane() {
                1 => format!("store(q{r} + {at}, v{r});"),
                s => format!("scatter(q{r} + {at}, {s}u, v{r});"),
            };
            return self.code.line(text);
        }
        let (node, ty) = (self.region.results[r].0, stored(self.writes[r].dtype));
        let x = self.names[&node].clone();
        self.code.line(format!("q{r}[{at}] = as<{ty}>({x});"));
    }

    /// Forgets the names and vectors made since `mark`.
    pub fn forget(&mut self, mark: (HashMap<usize, String>, HashMap<usize, String>)) {
        (self.names, self.vectors) = mark;
    }

    /// What is available now, for [`Emitter::forget`].
    pub fn mark(&self) -> (HashMap<usize, String>, HashMap<usize, String>) {
        (self.names.clone(), self.vectors.clone())
    }

    /// The reductions at `level`.
    pub fn folds(&self, level: usize) -> Vec<usize> {
        let nodes = self.region.nodes.iter().enumerate();
        nodes
            .filter(|(_, n)| n.level == level && matches!(n.kind, NodeKind::Reduce(_)))
            .map(|(i, _)| i)
            .collect()
    }

    /// The reductions over the rows of a region that reduces rows.
    pub fn accumulations(&self) -> Vec<usize> {
        let nodes = self.region.nodes.iter().enumerate();
        nodes.filter(|(_, n)| matches!(n.kind, NodeKind::Accumulate(_))).map(|(i, _)| i).collect()
    }

    /// Whether result `r` comes after such a reduction.
    pub fn is_late(&self, r: usize) -> bool {
        self.region.nodes[self.region.results[r].0].late
    }

    /// Stores results that have an element for each row.
    pub fn row_point(&mut self, list: &[usize]) {
        self.set_inner(vec!["0".into(); self.space.inner.extents.len()]);
        let width = std::mem::replace(&mut self.width, 1);
        let nodes = self.closure(list.iter().map(|&r| self.region.results[r].0));
        self.point(&nodes, list, &[]);
        self.width = width;
    }

    /// The name of the kernel: its schedule and what it computes.
    pub fn name(&self, schedule: &str) -> String {
        let mut name = schedule.to_string();
        let mut last = "";
        for node in &self.region.nodes {
            let op = match &node.kind {
                NodeKind::Op(op) | NodeKind::Random { op, .. } => op.name(),
                NodeKind::Reduce(fold) | NodeKind::Accumulate(fold) => fold.name(),
                NodeKind::Take { .. } => "take",
                _ => continue,
            };
            if op != last && op != "cast" && name.len() + op.len() < 56 {
                name.push('_');
                name.push_str(op);
            }
            last = op;
        }
        name
    }

    /// Wraps the body emitted so far into the whole source. `extra` are parameters after the pointers, as
    /// declarations with their arguments.
    pub fn finish(self, schedule: &str, extra: &[(String, Arg)], launch: Launch) -> Kernel {
        let entry = self.name(schedule);
        let mut params: Vec<String> = Vec::new();
        let mut args = Vec::new();
        for (i, place) in self.reads.iter().enumerate() {
            let restrict = if self.in_place.contains(&Some(i)) { "" } else { " __restrict__" };
            params.push(format!("const {}*{restrict} p{i}", stored(place.dtype)));
            args.push(Arg::Read(i));
        }
        for (r, place) in self.writes.iter().enumerate() {
            let shared = self.in_place.get(r).copied().flatten().is_some();
            let restrict = if shared { "" } else { " __restrict__" };
            params.push(format!("{}*{restrict} q{r}", stored(place.dtype)));
            args.push(Arg::Write(r));
        }
        for (text, arg) in extra {
            params.push(text.clone());
            args.push(*arg);
        }
        for (k, &(d, x)) in self.consts.iter().enumerate() {
            params.push(format!("{} k{k}", computed(d)));
            args.push(if d == DType::F64 { Arg::F64(x) } else { Arg::F32(x as f32) });
        }
        let mut code = Code::default();
        code.line(format!("typedef {} Index;", self.index()));
        code.line("");
        let bounds = match launch.resident {
            0 => launch.threads.to_string(),
            blocks => format!("{}, {blocks}", launch.threads),
        };
        code.line(format!("extern \"C\" __global__ void __launch_bounds__({bounds}) {entry}("));
        code.line(format!("    {})", params.join(",\n    ")));
        code.line("{");
        let body = self.code.into_body();
        let mut head = format!("// {}: {} points", entry, join(&self.region.dims));
        for (k, (_, x)) in self.consts.iter().enumerate() {
            head.push_str(&format!("\n// k{k} = {}", Lit::F(*x)));
        }
        head.push_str("\n\n");
        let source = code.finish_with(&head, &body);
        Kernel {
            entry,
            source,
            args,
            params: if launch.resident == 0 { params } else { Vec::new() },
            grid: launch.grid,
            threads: launch.threads,
            shared: launch.shared,
            scratch: launch.scratch,
            counters: launch.counters,
        }
    }
}

/// How a kernel is launched.
#[derive(Clone, Copy, Default)]
pub(crate) struct Launch {
    pub grid: [usize; 3],
    pub threads: u32,
    /// Blocks that must fit on a multiprocessor; 0 to leave it to the compiler.
    pub resident: u32,
    pub shared: usize,
    pub scratch: usize,
    pub counters: usize,
}

fn join(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
