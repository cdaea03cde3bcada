//! CUDA C++ from the loops of a kernel: the one printer.

mod batch;
mod expr;

use super::expr::{computed, type_of};
use super::text::Code;
use super::{Arg, Kernel};
use thunder_core::kernel::ir::{
    self, Array, Expr, Note, Param, Pointer, Scalar, Space, Stmt, Type, Unroll, Var,
};
use thunder_core::op::Lit;
use thunder_core::trace::{Loc, Trace};
use thunder_core::types::DType;

/// The source of a kernel, which comes from `trace`, at `loc` if it is of one operation, and how it is launched.
pub(super) fn print(kernel: ir::Kernel, trace: &Trace, loc: Loc) -> Kernel {
    let mut p = Printer { kernel: &kernel, trace, code: Code::default() };
    let params: Vec<String> = kernel.params.iter().map(|param| p.param(param)).collect();
    p.code.line(format!("typedef {} Index;", if kernel.wide { "unsigned long long" } else { "unsigned" }));
    p.code.line("");
    if kernel.rows > 1 {
        p.batch(&params);
    } else {
        let bounds = match kernel.launch.resident {
            0 => kernel.launch.threads.to_string(),
            blocks => format!("{}, {blocks}", kernel.launch.threads),
        };
        p.code.line(format!("extern \"C\" __global__ void __launch_bounds__({bounds}) {}(", kernel.name));
        p.code.line(format!("    {})", params.join(",\n    ")));
        p.body();
    }
    let source = p.code.finish(&head(&kernel, loc));
    let launch = kernel.launch.clone();
    let args = match kernel.rows {
        1 => kernel.params.iter().map(|param| arg(&kernel, param)).collect(),
        _ => Vec::new(),
    };
    Kernel { entry: kernel.name.clone(), source, args, launch, loops: Some(Box::new(kernel)) }
}

/// What is said before a kernel.
fn head(kernel: &ir::Kernel, loc: Loc) -> String {
    let dims: Vec<String> = kernel.dims.iter().map(usize::to_string).collect();
    let mut head = format!("// {}: {} points", kernel.name, dims.join(" x "));
    if loc != Loc::NONE {
        head.push_str(&format!("  {loc}"));
    }
    if kernel.rows > 1 {
        head.push_str("\n// Many launches as one; the first of them:");
    }
    if !kernel.schedule.is_empty() {
        head.push_str(&format!("\n// {}", kernel.schedule));
    }
    for param in &kernel.params {
        if let Param::Constant(var, x) = param {
            head.push_str(&format!("\n// {} = {}", kernel.var(*var).name, Lit::F(*x)));
        }
    }
    head + "\n\n"
}

/// What the launch gives for a parameter.
fn arg(kernel: &ir::Kernel, param: &Param) -> Arg {
    match *param {
        Param::Read(_, i) => Arg::Read(i),
        Param::Write(_, r) => Arg::Write(r),
        Param::Scratch(_) => Arg::Scratch,
        Param::Counters(_) => Arg::Counters,
        Param::Extent(_, n) if kernel.wide => Arg::U64(n as u64),
        Param::Extent(_, n) => Arg::U32(n as u32),
        Param::Constant(var, x) if kernel.var(var).ty == Type::elem(DType::F64) => Arg::F64(x),
        Param::Constant(_, x) => Arg::F32(x as f32),
    }
}

struct Printer<'a> {
    kernel: &'a ir::Kernel,
    trace: &'a Trace,
    code: Code,
}

impl<'a> Printer<'a> {
    fn name(&self, v: Var) -> &'a str {
        &self.kernel.var(v).name
    }

    fn array(&self, a: Array) -> &'a ir::ArrayInfo {
        self.kernel.array(a)
    }

    fn pointer(&self, p: Pointer) -> &'a str {
        &self.kernel.pointer(p).name
    }

    fn param(&self, param: &Param) -> String {
        match param {
            Param::Read(p, _) | Param::Write(p, _) | Param::Scratch(p) | Param::Counters(p) => {
                let info = self.kernel.pointer(*p);
                let constant = if info.written { "" } else { "const " };
                let restrict = if info.alone { " __restrict__" } else { "" };
                format!("{constant}{}*{restrict} {}", type_of(info.ty), info.name)
            }
            Param::Extent(v, _) => format!("Index {}", self.name(*v)),
            Param::Constant(v, _) => {
                let Scalar::Elem(d) = self.kernel.var(*v).ty.scalar else { return String::new() };
                format!("{} {}", computed(d), self.name(*v))
            }
        }
    }

    /// The body of the function.
    fn body(&mut self) {
        self.code.open("");
        let kernel = self.kernel;
        self.stmts(&kernel.body);
        self.code.close();
    }

    fn stmts(&mut self, list: &[Stmt]) {
        list.iter().for_each(|s| self.stmt(s));
    }

    fn note(&self, note: Note) -> String {
        match note {
            Note::None => String::new(),
            Note::Operand(v) => format!("{v}: {}", self.trace.ty(v)),
            Note::Node(v, what) => match self.trace.def(v) {
                Some(inst) if inst.loc.line != 0 => format!("{v} = {what}  {}", inst.loc),
                _ => format!("{v} = {what}"),
            },
        }
    }

    /// A statement that is one line.
    fn simple(&self, stmt: &Stmt) -> Option<String> {
        Some(match stmt {
            Stmt::Assign(v, x) => format!("{} = {};", self.name(*v), self.expr(x)),
            Stmt::AssignLane(v, j, x) => {
                format!("{}.at[{}] = {};", self.name(*v), self.expr(j), self.expr(x))
            }
            Stmt::Put(a, at, x) => format!("{} = {};", self.element(*a, at), self.expr(x)),
            Stmt::Store(p, at, x) => format!("{}[{}] = {};", self.pointer(*p), self.expr(at), self.expr(x)),
            Stmt::StoreVector { pointer, at, value, step } => {
                let (to, value) = (self.offset(*pointer, at), self.name(*value));
                match step {
                    1 => format!("store({to}, {value});"),
                    s => format!("scatter({to}, {s}u, {value});"),
                }
            }
            Stmt::CopyAsync { to, at, from, source } => {
                format!("copy_async(&{}, {});", self.element(*to, at), self.offset(*from, source))
            }
            Stmt::Best { best, at, x, place, greatest } => {
                let (best, at) = (self.name(*best), self.name(*at));
                let (x, place) = (self.expr(x), self.expr(place));
                format!("best_of<{greatest}>({best}, {at}, {x}, {place});")
            }
            Stmt::AwaitCopies => "await_copies();".into(),
            Stmt::Barrier => "__syncthreads();".into(),
            Stmt::Fence => "__threadfence();".into(),
            Stmt::Exit(x) => format!("if ({}) return;", self.expr(x)),
            Stmt::Part(p, of, cells) => {
                let info = self.kernel.pointer(*p);
                let (ty, from) = (type_of(info.ty), self.offset(*of, cells));
                format!("{ty}* const {} = ({ty}*)({from});", info.name)
            }
            _ => return None,
        })
    }

    fn stmt(&mut self, stmt: &Stmt) {
        if let Some(line) = self.simple(stmt) {
            return self.code.line(line);
        }
        match stmt {
            Stmt::Let(v, x, note) => {
                let ty = type_of(self.kernel.var(*v).ty);
                let line = format!("const {ty} {} = {};", self.name(*v), self.expr(x));
                self.code.noted(&line, &self.note(*note));
            }
            Stmt::Mutable(v, x, note) => {
                let (ty, name) = (type_of(self.kernel.var(*v).ty), self.name(*v));
                let line = match x {
                    Some(x) => format!("{ty} {name} = {};", self.expr(x)),
                    None => format!("{ty} {name};"),
                };
                self.code.noted(&line, &self.note(*note));
            }
            Stmt::Declare(a, note) => self.declare(*a, *note),
            Stmt::For { var, start, end, step, unroll, body } => {
                match unroll {
                    Unroll::Free => {}
                    Unroll::By(n) => self.code.line(format!("#pragma unroll {n}")),
                    Unroll::Whole => self.code.line("#pragma unroll"),
                }
                let (ty, v) = (self.kernel.var(*var).ty, self.name(*var));
                let end = match end {
                    Expr::Num(n) if ty == Type::INT => n.to_string(),
                    x => self.level(x, expr::ADD),
                };
                let step = match step {
                    Expr::Num(1) => format!("++{v}"),
                    x => format!("{v} += {}", self.expr(x)),
                };
                let head = format!("for ({} {v} = {}; {v} < {end}; {step})", type_of(ty), self.expr(start));
                self.inside(head, body);
            }
            Stmt::Scope(body) => {
                self.code.open("");
                self.stmts(body);
                self.code.close();
            }
            Stmt::If(x, body) => self.inside(format!("if ({})", self.expr(x)), body),
            _ => unreachable!("a statement of one line"),
        }
    }

    /// A head with its body, on one line where that is one short statement.
    fn inside(&mut self, head: String, body: &[Stmt]) {
        if let [only] = body
            && let Some(line) = self.simple(only)
            && head.len() + line.len() < 88
        {
            return self.code.line(format!("{head} {line}"));
        }
        self.code.open(head);
        self.stmts(body);
        self.code.close();
    }

    fn declare(&mut self, a: Array, note: Note) {
        let info = self.array(a);
        let (ty, name) = (type_of(info.ty), &info.name);
        let extents: String = info.extents.iter().map(|n| format!("[{n}]")).collect();
        let line = match info.space {
            Space::Registers => format!("{ty} {name}{extents};"),
            Space::Shared => format!("__shared__ {ty} {name}{extents};"),
            Space::Asked(at) => {
                if at == 0 {
                    self.code.line("extern __shared__ uint4 asked[];");
                }
                let plus = if at == 0 { String::new() } else { format!(" + {at}u") };
                format!("{ty}* const {name} = ({ty}*)asked{plus};")
            }
        };
        self.code.noted(&line, &self.note(note));
    }
}
