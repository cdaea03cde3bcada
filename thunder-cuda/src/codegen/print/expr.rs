//! Expressions, with as few parentheses as C++ needs.

use super::Printer;
use crate::codegen::expr::{computed, elementwise, functor, literal, stored, type_of};
use thunder_core::kernel::ir::{Array, Bin, Expr, Pointer};
use thunder_core::op::Op;
use thunder_core::types::DType;

/// How tightly the outermost operator of a text binds.
const SELECT: u8 = 1;
const AND: u8 = 2;
const EQUAL: u8 = 3;
const COMPARE: u8 = 4;
pub(super) const ADD: u8 = 5;
const MULTIPLY: u8 = 6;
const UNARY: u8 = 7;
const ATOM: u8 = 8;

impl Printer<'_> {
    pub fn expr(&self, e: &Expr) -> String {
        self.level(e, 0)
    }

    /// The text of `e`, in parentheses where its operator binds less than `least`.
    pub fn level(&self, e: &Expr, least: u8) -> String {
        let (text, binds) = self.text(e);
        if binds < least { format!("({text})") } else { text }
    }

    fn atom(&self, e: &Expr) -> String {
        self.level(e, ATOM)
    }

    /// An address in memory.
    pub fn offset(&self, p: Pointer, at: &Expr) -> String {
        match at {
            Expr::Num(0) => self.pointer(p).into(),
            _ => format!("{} + {}", self.pointer(p), self.level(at, ADD)),
        }
    }

    pub fn element(&self, a: Array, at: &[Expr]) -> String {
        let at: String = at.iter().map(|x| format!("[{}]", self.expr(x))).collect();
        format!("{}{at}", self.array(a).name)
    }

    fn text(&self, e: &Expr) -> (String, u8) {
        match e {
            Expr::Var(v) => (self.name(*v).into(), ATOM),
            Expr::Lit(value, d) => {
                let text = literal(*value, *d);
                let binds = if text.starts_with(['-', '(']) && !text.ends_with(')') { UNARY } else { ATOM };
                (text, binds)
            }
            Expr::Num(0) => ("0".into(), ATOM),
            Expr::Num(n) if *n > u32::MAX as usize => (format!("{n}ull"), ATOM),
            Expr::Num(n) => (format!("{n}u"), ATOM),
            Expr::Thread => ("threadIdx.x".into(), ATOM),
            Expr::Block(0) if self.kernel.rows > 1 => ("block".into(), ATOM),
            Expr::Block(axis) => (format!("blockIdx.{}", ["x", "y", "z"][*axis]), ATOM),
            Expr::Blocks(axis) => (format!("gridDim.{}", ["x", "y", "z"][*axis]), ATOM),
            Expr::Bin(op, x, y) => {
                let (sign, binds) = match op {
                    Bin::Add => ("+", ADD),
                    Bin::Sub => ("-", ADD),
                    Bin::Mul => ("*", MULTIPLY),
                    Bin::Div => ("/", MULTIPLY),
                    Bin::Rem => ("%", MULTIPLY),
                    Bin::Lt => ("<", COMPARE),
                    Bin::Ge => (">=", COMPARE),
                    Bin::Eq => ("==", EQUAL),
                    Bin::And => ("&&", AND),
                };
                (format!("{} {sign} {}", self.level(x, binds), self.level(y, binds + 1)), binds)
            }
            Expr::Not(x) => (format!("!{}", self.level(x, UNARY)), UNARY),
            Expr::If(c, x, y) => {
                let (c, x, y) = (self.level(c, SELECT + 1), self.level(x, SELECT), self.level(y, SELECT));
                (format!("{c} ? {x} : {y}"), SELECT)
            }
            Expr::Cast(ty, x) => (format!("({}){}", type_of(*ty), self.level(x, UNARY)), UNARY),
            Expr::Wide(x) => (format!("wide({})", self.expr(x)), ATOM),
            Expr::As(d, x) => (format!("as<{}>({})", stored(*d), self.expr(x)), ATOM),
            Expr::Op { op, from, to, args } => {
                let args: Vec<String> = args.iter().map(|x| self.atom(x)).collect();
                (elementwise(op, *from, *to, &args), SELECT)
            }
            Expr::Zeros => ("{}".into(), ATOM),
            Expr::Fold(fold, x, y) => {
                (format!("{}::of({}, {})", functor(*fold), self.expr(x), self.expr(y)), ATOM)
            }
            Expr::Across { fold, threads, value } => {
                (format!("across<{}, {threads}>({})", functor(*fold), self.expr(value)), ATOM)
            }
            Expr::Shuffle(x, d) => (format!("__shfl_xor_sync(0xffffffffu, {}, {d})", self.expr(x)), ATOM),
            Expr::ShuffleUp(x, d) => (format!("__shfl_up_sync(0xffffffffu, {}, {d})", self.expr(x)), ATOM),
            Expr::Ballot(x) => (format!("__ballot_sync(0xffffffffu, {})", self.expr(x)), ATOM),
            Expr::Bits(x, None) => (format!("__popc({})", self.expr(x)), ATOM),
            Expr::Bits(x, Some(lane)) => {
                (format!("__popc({} & ((1u << {}) - 1u))", self.atom(x), self.atom(lane)), ATOM)
            }
            Expr::Word(x, k) => (format!("word({}, {k}u)", self.expr(x)), ATOM),
            Expr::Same(x, y) => (format!("same({}, {})", self.expr(x), self.expr(y)), ATOM),
            Expr::ExpBelow(x) => (format!("exp_below({})", self.expr(x)), ATOM),
            Expr::InRange(x, extent) => {
                (format!("(unsigned long long)(long long){} < {extent}ull", self.level(x, UNARY)), COMPARE)
            }
            _ => (self.memory(e), ATOM),
        }
    }

    /// What reads memory, and random numbers.
    fn memory(&self, e: &Expr) -> String {
        match e {
            Expr::Load(p, at) => format!("{}[{}]", self.pointer(*p), self.expr(at)),
            Expr::Fresh(p, at) => format!("__ldcg({})", self.offset(*p, at)),
            Expr::LoadVector { pointer, at, lanes, step } => match step {
                1 => format!("load<{lanes}>({})", self.offset(*pointer, at)),
                s => format!("gather<{lanes}>({}, {s}u)", self.offset(*pointer, at)),
            },
            Expr::Get(a, at) => self.element(*a, at),
            Expr::GetColumn { array, at, lanes } => {
                let step: usize = self.array(*array).extents[1..].iter().product();
                format!("gather<{lanes}>(&{}, {step}u)", self.element(*array, at))
            }
            Expr::Lane(x, j) => format!("{}.at[{}]", self.atom(x), self.expr(j)),
            Expr::Ticket(p, at) => format!("atomicAdd(&{}[{}], 1u)", self.pointer(*p), self.expr(at)),
            Expr::Philox { key, step, at, stream } => {
                let key = self.pointer(*key);
                format!("philox(make_uint2({key}[0], {key}[{step}u]), {}, {stream}u)", self.expr(at))
            }
            Expr::Draw { op, to, words, lane } => {
                let (words, at) = (self.expr(words), self.atom(lane));
                match op {
                    Op::Bernoulli { p, .. } => {
                        let below = (p.to_f64() * 65536.0).round() as u32;
                        format!("(word({words}, {at} / 2) >> (16 * ({at} & 1)) & 0xffffu) < {below}u")
                    }
                    Op::Normal { .. } => {
                        let zero = if *to == DType::F64 { "0.0" } else { "0.0f" };
                        format!("normal({zero}, word({words}, 2 * {at}), word({words}, 2 * {at} + 1))")
                    }
                    _ => format!("({})unit(word({words}, {at}))", computed(*to)),
                }
            }
            _ => unreachable!("it is printed above"),
        }
    }
}
