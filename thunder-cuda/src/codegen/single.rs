//! Operations with a kernel of their own: what moves elements by blocks, adds at indices, or runs along an axis.

use super::expr::{computed, literal, stored, type_of};
use super::text::Code;
use super::{Arg, Kernel};
use thunder_core::exec::{Layout, Place, Step};
use thunder_core::kernel::ir::long_sum;
use thunder_core::kernel::schedule::Launch;
use thunder_core::kernel::target::Gpu;
use thunder_core::op::Op;
use thunder_core::op_class;
use thunder_core::trace::Loc;
use thunder_core::types::DType;

/// The kernels of a step that runs `op`, if it has some of its own here.
pub(super) fn kernels(op: &Op, step: &Step, loc: Loc, gpu: &Gpu) -> Option<Vec<Kernel>> {
    let rank = step.reads[0].layout.sizes.len();
    let s = Single::new(op, step, loc);
    Some(vec![match *op {
        Op::IndexAdd { axis, .. } => return Some(index_add(step, loc, op, axis.0 as usize, gpu)),
        Op::Cat { axis } => cat(s, axis.resolve(rank).unwrap_or(0)),
        Op::Pad { lo, value, .. } => pad(s, &lo.sizes(), literal(value, step.writes[0].dtype)),
        Op::Flip { axes } => flip(s, &(0..rank).map(|d| axes.contains(d, rank)).collect::<Vec<_>>()),
        Op::SliceUpdate { axis } => {
            slice_update(s, axis.resolve(rank).unwrap_or(0), step.in_place[0] == Some(0))
        }
        Op::ScatterAdd { axis, .. } => scatter_add(s, axis.resolve(rank).unwrap_or(0)),
        Op::Argmax { axis, .. } => arg_best(s, axis.resolve(rank).unwrap_or(0), ">"),
        Op::Argmin { axis, .. } => arg_best(s, axis.resolve(rank).unwrap_or(0), "<"),
        Op::Cumsum { axis, reverse } => cumsum(s, axis.resolve(rank).unwrap_or(0), reverse.is_yes()),
        Op::KeySplit { index, .. } => derive(s, format!("{}ull", index.value().unwrap_or(0)), 2),
        Op::FoldIn => derive(s, "(unsigned long long)p1[0]".into(), 3),
        Op::Matmul | Op::MatmulWide { .. } | Op::Linear { .. } => matmul(s),
        Op::Custom { op, .. } => super::custom::kernel(op, step, loc)?,
        // What is in a loop nest, or decomposed; a debug print copies.
        op_class!(Op, Creation) | op_class!(Op, UnaryNum) | op_class!(Op, UnaryFloat) => return None,
        op_class!(Op, Test) | op_class!(Op, UnaryLogic) | op_class!(Op, Binary) => return None,
        op_class!(Op, Compare) | op_class!(Op, BinaryLogic) | op_class!(Op, Elementwise) => return None,
        op_class!(Op, Reduce) | op_class!(Op, View) | op_class!(Op, Lookup) => return None,
        op_class!(Op, Draw) | op_class!(Op, Identity) | op_class!(Op, Effect) => return None,
        #[allow(unreachable_patterns, reason = "the pattern of a class has `Op::Linear` again")]
        op_class!(Op, CompositeUnary)
        | op_class!(Op, CompositeReduce)
        | op_class!(Op, CompositeAlong)
        | op_class!(Op, Composite) => {
            return None;
        }
    }])
}

/// A kernel under construction.
struct Single<'a> {
    op: &'a Op,
    reads: Vec<Layout>,
    write: Layout,
    places: &'a [Place],
    dtype: DType,
    loc: Loc,
    /// Elements that are moved as one, of how many first operands (and of the result).
    width: usize,
    moved: usize,
    /// Memory for partial results: its parameter, and bytes.
    scratch: Option<(String, usize)>,
    code: Code,
}

impl<'a> Single<'a> {
    fn new(op: &'a Op, step: &'a Step, loc: Loc) -> Single<'a> {
        let write = &step.writes[0];
        Single {
            op,
            reads: step.reads.iter().map(|r| r.layout.clone()).collect(),
            write: write.layout.clone(),
            places: &step.reads,
            dtype: write.dtype,
            loc,
            width: 1,
            moved: 0,
            scratch: None,
            code: Code::default(),
        }
    }

    /// Counts in vectors along the last dimension, as wide as `lasts` (more extents along it) and the layouts of
    /// the first `data` operands allow.
    fn widen(&mut self, data: usize, lasts: &[usize]) {
        let size = self.dtype.size();
        let Some(last) = self.write.sizes.len().checked_sub(1) else { return };
        let fits = |w: usize| {
            let one = |l: &Layout| {
                l.sizes[last].is_multiple_of(w)
                    && l.strides[last] == 1
                    && l.offset.is_multiple_of(w)
                    && l.strides[..last].iter().all(|s| s.is_multiple_of(w))
            };
            w * size <= 16
                && self.reads[..data].iter().chain([&self.write]).all(one)
                && lasts.iter().all(|n| n.is_multiple_of(w))
        };
        let Some(w) = [16, 8, 4, 2].into_iter().find(|&w| fits(w)) else { return };
        (self.width, self.moved) = (w, data);
        for l in self.reads[..data].iter_mut().chain([&mut self.write]) {
            l.sizes[last] /= w;
            l.strides[..last].iter_mut().for_each(|s| *s /= w);
        }
    }

    /// The type of what is moved.
    fn unit(&self) -> String {
        let ty = stored(self.dtype);
        if self.width == 1 { ty.into() } else { format!("Vec<{ty}, {}>", self.width) }
    }

    /// Starts a kernel of a thread an element of `sizes`, whose coordinates are `c0, c1, ..`.
    fn each(&mut self, sizes: &[usize]) -> usize {
        self.code.line("const Index i = (Index)blockIdx.x * 256u + threadIdx.x;");
        self.code.line("if (i >= count) return;");
        self.split("i", sizes);
        sizes.iter().product::<usize>().div_ceil(256).max(1)
    }

    /// The coordinates `c0, c1, ..` of the linear index `var`.
    fn split(&mut self, var: &str, sizes: &[usize]) {
        for d in 0..sizes.len() {
            let below: usize = sizes[d + 1..].iter().product();
            let top = sizes[..d].iter().all(|&n| n == 1);
            let mut text = if below <= 1 { var.to_string() } else { format!("{var} / {below}u") };
            if sizes[d] == 1 {
                text = "0".into();
            } else if !top {
                text = format!("({text}) % {}u", sizes[d]);
            }
            self.code.line(format!("const Index c{d} = {text};"));
        }
    }

    /// With memory for partial results of type `ty`, called `scratch`.
    fn with_scratch(mut self, ty: &str, bytes: usize) -> Self {
        self.scratch = Some((format!("{ty}* scratch"), bytes));
        self
    }

    fn finish(self, threads: u32, grid: [usize; 3], count: Option<usize>) -> Kernel {
        let entry = self.op.name().to_string();
        let wide = self.reads.iter().chain([&self.write]).map(|l| {
            let reach: usize = l.sizes.iter().zip(&l.strides).map(|(n, s)| n.saturating_sub(1) * s).sum();
            reach.max(l.count())
        });
        let wide = wide.max().unwrap_or(0) >= (1 << 31) - (1 << 20);
        let mut params = Vec::new();
        let mut args = Vec::new();
        for (i, p) in self.places.iter().enumerate() {
            let ty = if i < self.moved { self.unit() } else { stored(p.dtype).into() };
            params.push(format!("const {ty}* p{i}"));
            args.push(Arg::Read(i));
        }
        params.push(format!("{}* q0", self.unit()));
        args.push(Arg::Write(0));
        if let Some((param, _)) = &self.scratch {
            params.push(param.clone());
            args.push(Arg::Scratch);
        }
        if let Some(n) = count {
            params.push("Index count".into());
            args.push(if wide { Arg::U64(n as u64) } else { Arg::U32(n as u32) });
        }
        let mut code = Code::default();
        code.line(format!("typedef {} Index;", if wide { "unsigned long long" } else { "unsigned" }));
        code.line("");
        code.line(format!(
            "extern \"C\" __global__ void __launch_bounds__({threads}) {entry}({})",
            params.join(", ")
        ));
        code.line("{");
        let head = format!("// {entry}  {}\n\n", self.loc);
        let source = code.finish_with(&head, &self.code.into_body());
        let scratch = self.scratch.map_or(0, |(_, bytes)| bytes);
        let launch = Launch { scratch, ..Launch::new(grid, threads as usize) };
        Kernel { entry, source, args, launch, loops: None }
    }
}

/// The index of the element at coordinates `at`.
fn address(l: &Layout, at: &[String]) -> String {
    let terms: Vec<String> = at
        .iter()
        .zip(&l.strides)
        .zip(&l.sizes)
        .filter(|((_, s), n)| **s != 0 && **n != 1)
        .map(|((c, s), _)| if *s == 1 { c.clone() } else { format!("{c} * {s}u") })
        .collect();
    if terms.is_empty() { "0".into() } else { terms.join(" + ") }
}

fn coordinates(rank: usize) -> Vec<String> {
    (0..rank).map(|d| format!("c{d}")).collect()
}

/// Coordinates with that of `axis` replaced.
fn with(rank: usize, axis: usize, at: &str) -> Vec<String> {
    let mut list = coordinates(rank);
    list[axis] = at.into();
    list
}

fn cat(mut s: Single<'_>, axis: usize) -> Kernel {
    s.widen(s.reads.len(), &[]);
    let sizes = s.write.sizes.clone();
    let grid = s.each(&sizes);
    let (unit, mut from) = (s.unit(), 0);
    s.code.line(format!("{unit} x;"));
    for (i, r) in s.reads.clone().iter().enumerate() {
        let to = from + r.sizes[axis];
        let at = address(r, &with(sizes.len(), axis, &format!("(c{axis} - {from}u)")));
        let test = if i + 1 < s.reads.len() { format!("if (c{axis} < {to}u) ") } else { String::new() };
        s.code.line(format!("{}{test}x = p{i}[{at}];", if i > 0 { "else " } else { "" }));
        from = to;
    }
    s.code.line("q0[i] = x;");
    let count = s.write.count();
    s.finish(256, [grid, 1, 1], Some(count))
}

fn pad(mut s: Single<'_>, lo: &[usize], value: String) -> Kernel {
    let last = lo.last().copied().unwrap_or(0);
    s.widen(1, &[last]);
    let mut lo = lo.to_vec();
    if let Some(l) = lo.last_mut() {
        *l /= s.width;
    }
    let sizes = s.write.sizes.clone();
    let grid = s.each(&sizes);
    let x = s.reads[0].clone();
    let inside: Vec<String> = (0..sizes.len())
        .filter(|&d| sizes[d] != x.sizes[d])
        .map(|d| format!("(Index)(c{d} - {}u) < {}u", lo[d], x.sizes[d]))
        .collect();
    let at: Vec<String> = lo
        .iter()
        .enumerate()
        .map(|(d, n)| if *n == 0 { format!("c{d}") } else { format!("(c{d} - {n}u)") })
        .collect();
    let test = if inside.is_empty() { "true".into() } else { inside.join(" && ") };
    let (unit, ty) = (s.unit(), stored(s.dtype));
    s.code.line(format!("{unit} x;"));
    // Strides of extents 1 are left out of addresses, so nothing outside is read.
    let fill = match s.width {
        1 => format!("x = as<{ty}>({value});"),
        w => format!("for (int j = 0; j < {w}; ++j) x.at[j] = as<{ty}>({value});"),
    };
    s.code.line(format!("if ({test}) x = p0[{}];", address(&x, &at)));
    s.code.line(format!("else {fill}"));
    s.code.line("q0[i] = x;");
    let count = s.write.count();
    s.finish(256, [grid, 1, 1], Some(count))
}

fn flip(mut s: Single<'_>, turned: &[bool]) -> Kernel {
    if turned.last() == Some(&false) {
        s.widen(1, &[]);
    }
    let sizes = s.write.sizes.clone();
    let grid = s.each(&sizes);
    let at: Vec<String> = (0..sizes.len())
        .map(
            |d| if turned[d] { format!("({}u - c{d})", sizes[d].saturating_sub(1)) } else { format!("c{d}") },
        )
        .collect();
    let from = address(&s.reads[0], &at);
    s.code.line(format!("q0[i] = p0[{from}];"));
    let count = s.write.count();
    s.finish(256, [grid, 1, 1], Some(count))
}

fn slice_update(mut s: Single<'_>, axis: usize, in_place: bool) -> Kernel {
    let rank = s.write.sizes.len();
    // Along the last dimension itself, the start need not be a multiple of a vector.
    if axis + 1 < rank {
        s.widen(2, &[]);
    }
    let (x, u) = (s.reads[0].clone(), s.reads[1].clone());
    let room = x.sizes[axis].saturating_sub(u.sizes[axis]);
    let sizes = if in_place { u.sizes.clone() } else { s.write.sizes.clone() };
    let grid = s.each(&sizes);
    s.code.line("const long long wanted = (long long)p2[0];");
    s.code.line(format!("const Index start = wanted < 0 ? 0 : wanted > {room}ll ? {room}u : (Index)wanted;"));
    if in_place {
        let to = address(&s.write, &with(rank, axis, &format!("(c{axis} + start)")));
        s.code.line(format!("q0[{to}] = p1[{}];", address(&u, &coordinates(rank))));
    } else {
        let from = address(&u, &with(rank, axis, "at"));
        s.code.line(format!("const Index at = c{axis} - start;"));
        s.code.line(format!("if (at < {}u) q0[i] = p1[{from}];", u.sizes[axis]));
        s.code.line(format!("else q0[i] = p0[{}];", address(&x, &coordinates(rank))));
    }
    s.finish(256, [grid, 1, 1], Some(sizes.iter().product()))
}

/// Each block owns a few destinations and finds the sources that go there, in order; then each thread adds up
/// the elements of its columns. Nothing is added atomically, so the same input gives the same bits. Where that is
/// too few blocks for a device, the sources are cut into chunks, whose sums are added in their order.
fn index_add(step: &Step, loc: Loc, op: &Op, axis: usize, gpu: &Gpu) -> Vec<Kernel> {
    const LISTED: usize = 4096;
    let full = gpu.resident(256);
    let mut s = Single::new(op, step, loc);
    let (u, i) = (s.reads[0].clone(), s.reads[1].clone());
    let depth = i.sizes.len();
    let sources = i.count();
    let extent = s.write.sizes[axis];
    let outer: usize = s.write.sizes[..axis].iter().product();
    let inner: usize = s.write.sizes[axis + 1..].iter().product();
    // Destinations of a block: as many as leave the device full of blocks.
    let owned = (extent * outer / full).clamp(1, 32);
    let chunks = (full / (extent.div_ceil(owned) * outer).max(1)).clamp(1, sources.div_ceil(512).max(1));
    let chunk = sources.div_ceil(chunks);
    let blocks = extent.div_ceil(owned);
    let ty = stored(s.dtype);
    let acc = type_of(long_sum(s.dtype));

    // The elements of u and i, by the numbers of the outer, source and inner element.
    let part = |var: &str, sizes: &[usize]| -> Vec<String> {
        (0..sizes.len())
            .map(|d| {
                let below: usize = sizes[d + 1..].iter().product();
                let over = if below == 1 { var.to_string() } else { format!("{var} / {below}u") };
                if d == 0 { over } else { format!("{over} % {}u", sizes[d].max(1)) }
            })
            .map(|at| if at.contains(' ') { format!("({at})") } else { at })
            .collect()
    };
    let index_at = |var: &str| format!("(long long)p1[{}]", address(&i, &part(var, &i.sizes)));
    let u_at = |source: &str| {
        let mut at = part("o", &u.sizes[..axis]);
        at.extend(part(source, &u.sizes[axis..axis + depth]));
        at.extend(part("c", &u.sizes[axis + depth..]));
        format!("({acc})wide(p0[{}])", address(&u, &at))
    };
    let c = &mut s.code;
    c.line(format!("__shared__ unsigned source[{LISTED}];"));
    c.line(format!("__shared__ unsigned char target[{LISTED}];"));
    c.line("__shared__ unsigned hits[8];");
    c.line("const unsigned lane = threadIdx.x % 32u, warp = threadIdx.x / 32u;");
    c.line(format!(
        "const Index first = (Index)(blockIdx.x % {blocks}u) * {owned}u, o = blockIdx.x / {blocks}u;"
    ));
    if chunks > 1 {
        c.line(format!("const unsigned begin = blockIdx.z * {chunk}u;"));
        c.line(format!(
            "const unsigned end = begin + {chunk}u < {sources}u ? begin + {chunk}u : {sources}u;"
        ));
    } else {
        c.line(format!("const unsigned begin = 0, end = {sources}u;"));
    }
    c.line("unsigned total = 0;");
    c.open("for (unsigned base = begin; base < end; base += 256u)");
    c.line("const unsigned k = base + threadIdx.x;");
    c.line("bool hit = false;");
    c.line("long long to = 0;");
    c.open("if (k < end)");
    c.line(format!("to = {};", index_at("k")));
    c.line(format!("hit = to >= (long long)first && to < (long long)first + {owned} && to < {extent}ll;"));
    c.close();
    c.line("const unsigned all = __ballot_sync(0xffffffffu, hit);");
    c.line("if (lane == 0) hits[warp] = __popc(all);");
    c.line("__syncthreads();");
    c.line("unsigned at = total + __popc(all & ((1u << lane) - 1u));");
    c.open("for (unsigned w = 0; w < 8; ++w)");
    c.line("if (w < warp) at += hits[w];");
    c.line("total += hits[w];");
    c.close();
    c.open(format!("if (hit && at < {LISTED}u)"));
    c.line("source[at] = k;");
    c.line("target[at] = (unsigned char)(to - (long long)first);");
    c.close();
    c.line("__syncthreads();");
    c.close();
    c.open(format!("for (unsigned d = 0; d < {owned}u && first + d < {extent}u; ++d)"));
    c.open(format!("for (Index c = threadIdx.x; c < {inner}u; c += 256u)"));
    c.line(format!("{acc} sum = 0;"));
    let listed =
        format!("for (unsigned m = 0; m < total; ++m) if (target[m] == d) sum += {};", u_at("source[m]"));
    if chunk > LISTED {
        c.open(format!("if (total <= {LISTED}u)"));
        c.line("#pragma unroll 4");
        c.line(listed);
        c.close();
        c.open("else");
        c.line(format!(
            "for (unsigned k = begin; k < end; ++k) if ({} == (long long)(first + d)) sum += {};",
            index_at("k"),
            u_at("k")
        ));
        c.close();
    } else {
        c.line("#pragma unroll 4");
        c.line(listed);
    }
    let to = format!("(o * {extent}u + first + d) * {inner}u + c");
    let (total, grid) = (s.write.count(), [blocks * outer, 1, chunks]);
    let result = format!("as<{ty}>(({})sum)", computed(s.dtype));
    if chunks == 1 {
        c.line(format!("q0[{to}] = {result};"));
    } else {
        c.line(format!("scratch[(Index)blockIdx.z * {total}u + {to}] = sum;"));
    }
    c.close();
    c.close();
    if chunks == 1 {
        return vec![s.finish(256, grid, None)];
    }
    let bytes = chunks * total * 8;
    let mut sum = Single::new(op, step, loc);
    let more = sum.each(&[total]);
    sum.code.line(format!("{acc} sum = 0;"));
    sum.code.line("#pragma unroll 4");
    sum.code.line(format!("for (unsigned z = 0; z < {chunks}u; ++z) sum += scratch[z * {total}u + i];"));
    sum.code.line(format!("q0[i] = {result};"));
    [(s, grid, None), (sum, [more, 1, 1], Some(total))]
        .map(|(s, grid, count)| s.with_scratch(&acc, bytes).finish(256, grid, count))
        .into()
}

fn scatter_add(mut s: Single<'_>, axis: usize) -> Kernel {
    let sizes = s.write.sizes.clone();
    let grid = s.each(&sizes);
    let (u, i) = (s.reads[0].clone(), s.reads[1].clone());
    let acc = type_of(long_sum(s.dtype));
    let at = with(sizes.len(), axis, "k");
    s.code.line(format!("{acc} sum = 0;"));
    s.code.open(format!("for (Index k = 0; k < {}u; ++k)", u.sizes[axis]));
    s.code.line(format!(
        "if ((long long)p1[{}] == (long long)c{axis}) sum += ({acc})wide(p0[{}]);",
        address(&i, &at),
        address(&u, &at)
    ));
    s.code.close();
    s.code.line(format!("q0[i] = as<{}>(({})sum);", stored(s.dtype), computed(s.dtype)));
    let count = s.write.count();
    s.finish(256, [grid, 1, 1], Some(count))
}

/// One warp a result: the first greatest element, NaN above all.
fn arg_best(mut s: Single<'_>, axis: usize, better: &str) -> Kernel {
    let x = s.reads[0].clone();
    let d = s.places[0].dtype;
    let mut outer = x.sizes.clone();
    let n = std::mem::replace(&mut outer[axis], 1);
    s.code.line("const unsigned lane = threadIdx.x % 32u;");
    s.code.line("const Index i = (Index)blockIdx.x * 8u + threadIdx.x / 32u;");
    s.code.line("if (i >= count) return;");
    s.split("i", &outer);
    let from = address(&x, &with(outer.len(), axis, "k"));
    let ty = computed(d);
    let wins = |a: &str, b: &str| format!("{b} == {b} && ({a} != {a} || {a} {better} {b})");
    let ty = if matches!(d, DType::U8 | DType::Bool) { "int" } else { ty };
    s.code.line(format!("{ty} best = 0;"));
    s.code.line("long long at = -1;");
    s.code.open(format!("for (Index k = lane; k < {n}u; k += 32u)"));
    s.code.line(format!("const {ty} x = wide(p0[{from}]);"));
    s.code.open(format!("if (at < 0 || ({}))", wins("x", "best")));
    s.code.line("best = x;");
    s.code.line("at = k;");
    s.code.close();
    s.code.close();
    s.code.line("#pragma unroll");
    s.code.open("for (int d = 16; d > 0; d /= 2)");
    s.code.line(format!("const {ty} x = __shfl_xor_sync(0xffffffffu, best, d);"));
    s.code.line("const long long k = __shfl_xor_sync(0xffffffffu, at, d);");
    s.code.line(format!("const bool less = {}, more = {};", wins("best", "x"), wins("x", "best")));
    s.code.open("if (k >= 0 && (at < 0 || more || (!less && k < at)))");
    s.code.line("best = x;");
    s.code.line("at = k;");
    s.code.close();
    s.code.close();
    s.code.line("if (lane == 0) q0[i] = at;");
    let count = outer.iter().product::<usize>();
    s.finish(256, [count.div_ceil(8), 1, 1], Some(count))
}

/// One block a line: a scan of 256 elements at a time, with what came before carried along.
fn cumsum(mut s: Single<'_>, axis: usize, reverse: bool) -> Kernel {
    let x = s.reads[0].clone();
    let mut outer = x.sizes.clone();
    let n = std::mem::replace(&mut outer[axis], 1);
    let acc = type_of(long_sum(s.dtype));
    let (ty, wide) = (stored(s.dtype), computed(s.dtype));
    s.code.line("const unsigned lane = threadIdx.x % 32u, warp = threadIdx.x / 32u;");
    s.code.line("const Index i = blockIdx.x;");
    s.split("i", &outer);
    let at = with(outer.len(), axis, "k");
    let (from, to) = (address(&x, &at), address(&s.write, &at));
    s.code.line(format!("__shared__ {acc} totals[8];"));
    s.code.line(format!("{acc} carried = 0;"));
    s.code.open(format!("for (unsigned base = 0; base < {n}u; base += 256u)"));
    s.code.line("const unsigned step = base + threadIdx.x;");
    let k = if reverse { format!("{}u - step", n.saturating_sub(1)) } else { "step".into() };
    s.code.line(format!("const Index k = step < {n}u ? {k} : 0;"));
    s.code.line(format!("{acc} sum = step < {n}u ? ({acc})wide(p0[{from}]) : ({acc})0;"));
    s.code.line("#pragma unroll");
    s.code.open("for (unsigned d = 1; d < 32; d *= 2)");
    s.code.line(format!("const {acc} below = __shfl_up_sync(0xffffffffu, sum, d);"));
    s.code.line("if (lane >= d) sum += below;");
    s.code.close();
    s.code.line("__syncthreads();");
    s.code.line("if (lane == 31) totals[warp] = sum;");
    s.code.line("__syncthreads();");
    s.code.line(format!("{acc} before = carried;"));
    s.code.open("for (unsigned w = 0; w < 8; ++w)");
    s.code.line("if (w < warp) before += totals[w];");
    s.code.line("carried += totals[w];");
    s.code.close();
    s.code.line(format!("if (step < {n}u) q0[{to}] = as<{ty}>(({wide})(before + sum));"));
    s.code.close();
    let lines = outer.iter().product::<usize>();
    s.finish(256, [lines, 1, 1], None)
}

fn derive(mut s: Single<'_>, counter: String, stream: u32) -> Kernel {
    let step = s.reads[0].strides[0];
    s.code.line(format!("const uint4 w = philox(make_uint2(p0[0], p0[{step}u]), {counter}, {stream}u);"));
    s.code.line("q0[0] = w.x;");
    s.code.line("q0[1] = w.y;");
    s.finish(1, [1, 1, 1], None)
}

/// The matrix product of what the library does not take, integers above all: one thread an element.
fn matmul(mut s: Single<'_>) -> Kernel {
    let sizes = s.write.sizes.clone();
    let grid = s.each(&sizes);
    let rank = sizes.len();
    let (a, b) = (s.reads[0].clone(), s.reads[1].clone());
    let inner = a.sizes[a.sizes.len() - 1];
    let acc = type_of(long_sum(s.dtype));
    let lead =
        |l: &Layout| -> Vec<String> { (rank - l.sizes.len()..rank - 2).map(|d| format!("c{d}")).collect() };
    let at_a = address(&a, &[lead(&a), vec![format!("c{}", rank - 2), "k".into()]].concat());
    let at_b = address(&b, &[lead(&b), vec!["k".into(), format!("c{}", rank - 1)]].concat());
    s.code.line(format!("{acc} sum = 0;"));
    s.code.line(format!(
        "for (Index k = 0; k < {inner}u; ++k) sum += ({acc})wide(p0[{at_a}]) * ({acc})wide(p1[{at_b}]);"
    ));
    if let Some(bias) = s.reads.get(2).cloned() {
        let at = address(&bias, &[format!("c{}", rank - 1)]);
        s.code.line(format!("sum += ({acc})wide(p2[{at}]);"));
    }
    let to = address(&s.write, &coordinates(rank));
    s.code.line(format!("q0[{to}] = as<{}>(({})sum);", stored(s.dtype), computed(s.dtype)));
    let count = s.write.count();
    s.finish(256, [grid, 1, 1], Some(count))
}
