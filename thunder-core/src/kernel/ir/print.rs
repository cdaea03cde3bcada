//! The text of a kernel's loops, for tests and for reports: no language of a device, but every statement and its types.

use super::{Array, Bin, Expr, Kernel, Param, Pointer, Scalar, Space, Stmt, Type, Unroll, Var};
use std::fmt::{self, Display, Formatter};

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.scalar {
            Scalar::Elem(d) => write!(f, "{d}")?,
            Scalar::U64 => f.write_str("u64")?,
            Scalar::Index => f.write_str("index")?,
            Scalar::Words => f.write_str("words")?,
        }
        if self.lanes > 1 { write!(f, " x {}", self.lanes) } else { Ok(()) }
    }
}

impl Display for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let p = Text { kernel: self };
        let params: Vec<String> = self.params.iter().map(|param| p.param(param)).collect();
        let (grid, threads) = (self.launch.grid, self.launch.threads);
        writeln!(f, "kernel {}({}) over {grid:?} blocks of {threads}", self.name, params.join(", "))?;
        p.block(f, &self.body, 1)
    }
}

struct Text<'a> {
    kernel: &'a Kernel,
}

impl Text<'_> {
    fn var(&self, v: Var) -> String {
        let info = self.kernel.var(v);
        format!("{}: {}", info.name, info.ty)
    }

    fn name(&self, v: Var) -> &str {
        &self.kernel.var(v).name
    }

    fn pointer(&self, p: Pointer) -> &str {
        &self.kernel.pointer(p).name
    }

    fn array(&self, a: Array) -> &str {
        &self.kernel.array(a).name
    }

    fn param(&self, param: &Param) -> String {
        match *param {
            Param::Read(p, _) | Param::Write(p, _) | Param::Scratch(p) | Param::Counters(p) => {
                format!("{}: *{}", self.pointer(p), self.kernel.pointer(p).ty)
            }
            Param::Extent(v, n) => format!("{} = {n}", self.var(v)),
            Param::Constant(v, x) => format!("{} = {x}", self.var(v)),
        }
    }

    fn block(&self, f: &mut Formatter<'_>, list: &[Stmt], depth: usize) -> fmt::Result {
        list.iter().try_for_each(|s| self.stmt(f, s, depth))
    }

    fn stmt(&self, f: &mut Formatter<'_>, stmt: &Stmt, depth: usize) -> fmt::Result {
        let e = |x: &Expr| self.expr(x);
        write!(f, "{:width$}", "", width = depth * 2)?;
        match stmt {
            Stmt::Let(v, x, _) => writeln!(f, "let {} = {}", self.var(*v), e(x)),
            Stmt::Mutable(v, None, _) => writeln!(f, "var {}", self.var(*v)),
            Stmt::Mutable(v, Some(x), _) => writeln!(f, "var {} = {}", self.var(*v), e(x)),
            Stmt::Assign(v, x) => writeln!(f, "{} = {}", self.name(*v), e(x)),
            Stmt::AssignLane(v, j, x) => writeln!(f, "{}.{} = {}", self.name(*v), e(j), e(x)),
            Stmt::Declare(a, _) => {
                let info = self.kernel.array(*a);
                let space = match info.space {
                    Space::Registers => "registers".to_string(),
                    Space::Shared => "shared".to_string(),
                    Space::Asked(at) => format!("shared from {at}"),
                };
                writeln!(f, "{space} {}: {} {:?}", info.name, info.ty, info.extents)
            }
            Stmt::Put(a, at, x) => writeln!(f, "{}{} = {}", self.array(*a), self.at(at), e(x)),
            Stmt::Part(p, of, cells) => {
                writeln!(f, "part {} = {} from {}", self.pointer(*p), self.pointer(*of), e(cells))
            }
            Stmt::Store(p, at, x) => writeln!(f, "store {}[{}], {}", self.pointer(*p), e(at), e(x)),
            Stmt::StoreVector { pointer, at, value, step } => {
                let to = self.pointer(*pointer);
                writeln!(f, "store {to}[{} by {step}], {}", e(at), self.name(*value))
            }
            Stmt::CopyAsync { to, at, from, source } => {
                let to = format!("{}{}", self.array(*to), self.at(at));
                writeln!(f, "copy {to}, {}[{}]", self.pointer(*from), e(source))
            }
            Stmt::AwaitCopies => writeln!(f, "await copies"),
            Stmt::Barrier => writeln!(f, "barrier"),
            Stmt::Fence => writeln!(f, "fence"),
            Stmt::For { var, start, end, step, unroll, body } => {
                let unroll = match unroll {
                    Unroll::Free => String::new(),
                    Unroll::By(n) => format!(", unrolled by {n}"),
                    Unroll::Whole => ", unrolled".to_string(),
                };
                writeln!(f, "for {} in {}..{} by {}{unroll}", self.var(*var), e(start), e(end), e(step))?;
                self.block(f, body, depth + 1)
            }
            Stmt::Scope(body) => {
                writeln!(f, "scope")?;
                self.block(f, body, depth + 1)
            }
            Stmt::Best { best, at, x, place, greatest } => {
                let how = if *greatest { "greatest" } else { "least" };
                writeln!(f, "{how} {}, {} of {}, {}", self.name(*best), self.name(*at), e(x), e(place))
            }
            Stmt::If(x, body) => {
                writeln!(f, "if {}", e(x))?;
                self.block(f, body, depth + 1)
            }
            Stmt::Exit(x) => writeln!(f, "exit if {}", e(x)),
        }
    }

    fn at(&self, at: &[Expr]) -> String {
        format!("[{}]", at.iter().map(|x| self.expr(x)).collect::<Vec<_>>().join(", "))
    }

    fn expr(&self, e: &Expr) -> String {
        let list = |args: &[&Expr]| args.iter().map(|x| self.expr(x)).collect::<Vec<_>>().join(", ");
        match e {
            Expr::Var(v) => self.name(*v).into(),
            Expr::Lit(value, d) => format!("{value}: {d}"),
            Expr::Num(n) => n.to_string(),
            Expr::Thread => "thread".into(),
            Expr::Block(axis) => format!("block.{axis}"),
            Expr::Blocks(axis) => format!("blocks.{axis}"),
            Expr::Bin(op, x, y) => {
                let sign = match op {
                    Bin::Add => "+",
                    Bin::Sub => "-",
                    Bin::Mul => "*",
                    Bin::Div => "/",
                    Bin::Rem => "%",
                    Bin::Lt => "<",
                    Bin::Ge => ">=",
                    Bin::Eq => "==",
                    Bin::And => "and",
                };
                format!("({} {sign} {})", self.expr(x), self.expr(y))
            }
            Expr::Not(x) => format!("not({})", self.expr(x)),
            Expr::If(c, x, y) => format!("select({})", list(&[c, x, y])),
            Expr::Cast(ty, x) => format!("{ty}({})", self.expr(x)),
            Expr::Wide(x) => format!("wide({})", self.expr(x)),
            Expr::As(d, x) => format!("round to {d}({})", self.expr(x)),
            Expr::Op { op, args, .. } => format!("{}({})", op.name(), list(&args.iter().collect::<Vec<_>>())),
            Expr::Load(p, at) => format!("{}[{}]", self.pointer(*p), self.expr(at)),
            Expr::Fresh(p, at) => format!("fresh {}[{}]", self.pointer(*p), self.expr(at)),
            Expr::LoadVector { pointer, at, lanes, step } => {
                format!("{}[{} by {step}; {lanes}]", self.pointer(*pointer), self.expr(at))
            }
            Expr::Get(a, at) => format!("{}{}", self.array(*a), self.at(at)),
            Expr::GetColumn { array, at, lanes } => {
                format!("{}{} down {lanes}", self.array(*array), self.at(at))
            }
            Expr::Lane(x, j) => format!("{}.{}", self.expr(x), self.expr(j)),
            Expr::Zeros => "zeros".into(),
            Expr::Fold(fold, x, y) => format!("{}({})", fold.name(), list(&[x, y])),
            Expr::Across { fold, threads, value } => {
                format!("{} across {threads}({})", fold.name(), self.expr(value))
            }
            Expr::InRange(x, extent) => format!("({} in 0..{extent})", self.expr(x)),
            Expr::Shuffle(x, d) => format!("shuffle by {d}({})", self.expr(x)),
            Expr::ShuffleUp(x, d) => format!("shuffle up {d}({})", self.expr(x)),
            Expr::Ballot(x) => format!("ballot({})", self.expr(x)),
            Expr::Bits(x, None) => format!("bits({})", self.expr(x)),
            Expr::Bits(x, Some(lane)) => format!("bits below({})", list(&[x, lane])),
            Expr::Word(x, k) => format!("word {k}({})", self.expr(x)),
            Expr::Same(x, y) => format!("same({})", list(&[x, y])),
            Expr::ExpBelow(x) => format!("exp below({})", self.expr(x)),
            Expr::Ticket(p, at) => format!("ticket {}[{}]", self.pointer(*p), self.expr(at)),
            Expr::Philox { key, at, stream, .. } => {
                format!("philox({}, {}, {stream})", self.pointer(*key), self.expr(at))
            }
            Expr::Draw { op, words, lane, .. } => format!("{}({})", op.name(), list(&[words, lane])),
        }
    }
}
