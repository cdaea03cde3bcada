//! C++ types, constants and expressions.

use thunder_core::kernel::ir::{Scalar, Type};
use thunder_core::op::{Fold, Lit, Op};
use thunder_core::op_class;
use thunder_core::types::DType;

/// The type that elements have in memory.
pub(crate) fn stored(d: DType) -> &'static str {
    match d {
        DType::F64 => "double",
        DType::F32 => "float",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::I64 => "long long",
        DType::I32 => "int",
        DType::U32 => "unsigned",
        DType::U8 => "unsigned char",
        DType::Bool => "bool",
    }
}

/// How C++ calls a type.
pub(crate) fn type_of(ty: Type) -> String {
    let one = match ty.scalar {
        Scalar::Elem(d) => stored(d),
        Scalar::U64 => "unsigned long long",
        Scalar::Index => "Index",
        Scalar::Words => "uint4",
    };
    if ty.lanes == 1 { one.into() } else { format!("Vec<{one}, {}>", ty.lanes) }
}

/// The type that they are computed in.
pub(crate) fn computed(d: DType) -> &'static str {
    match d {
        DType::F16 | DType::BF16 => "float",
        _ => stored(d),
    }
}

/// A type of the width of `d` in which integer arithmetic wraps.
fn wrapping(d: DType) -> Option<&'static str> {
    match d {
        DType::I64 => Some("unsigned long long"),
        DType::I32 => Some("unsigned"),
        _ => None,
    }
}

/// The functor of a reduction, which has its name in the prelude.
pub(crate) fn functor(fold: Fold) -> String {
    format!("{fold:?}")
}

/// A constant in the type that `d` is computed in.
pub(crate) fn literal(value: Lit, d: DType) -> String {
    let (float, int) = match value {
        Lit::I(i) => (d.nearest_to_int(i), i as i64),
        _ => (d.nearest(value.to_f64()), value.to_f64() as i64),
    };
    match d {
        DType::F64 if float.is_finite() => format!("{float:?}"),
        DType::F32 | DType::F16 | DType::BF16 if float.is_finite() => format!("{:?}f", float as f32),
        d if d.is_float() => {
            let text = if float.is_nan() {
                "NAN"
            } else if float > 0.0 {
                "INF"
            } else {
                "-INF"
            };
            if d == DType::F64 { format!("(double){text}") } else { text.into() }
        }
        DType::I64 if int == i64::MIN => "(-9223372036854775807ll - 1)".into(),
        DType::I64 => format!("{int}ll"),
        DType::I32 if int as i32 == i32::MIN => "(-2147483647 - 1)".into(),
        DType::I32 => format!("{}", int as i32),
        DType::U32 => format!("{}u", int as u32),
        DType::U8 => format!("(unsigned char){}", int as u8),
        _ => (float != 0.0).to_string(),
    }
}

/// A conversion between computed types, rounding to `to`.
pub(crate) fn cast(x: &str, from: DType, to: DType) -> String {
    match to {
        _ if from == to => x.to_string(),
        DType::F64 => format!("(double){x}"),
        DType::F32 if matches!(from, DType::F16 | DType::BF16) => x.to_string(),
        DType::F32 => format!("(float){x}"),
        DType::F16 | DType::BF16 => {
            let x = match from {
                DType::F32 | DType::F16 | DType::BF16 => x.to_string(),
                // f32 holds each of them.
                DType::U8 | DType::Bool => format!("(float){x}"),
                DType::F64 | DType::I64 | DType::I32 | DType::U32 => format!("to_odd({x})"),
            };
            format!("wide(as<{}>({x}))", stored(to))
        }
        DType::Bool => format!("({x} != 0)"),
        _ if !from.is_float() => format!("({}){x}", stored(to)),
        DType::I64 => format!("to_i64({x})"),
        DType::I32 => format!("to_i32({x})"),
        DType::U32 => format!("to_u32({x})"),
        DType::U8 => format!("to_u8({x})"),
    }
}

/// An elementwise operation on operands of type `d`, the condition of a `select` aside.
pub(crate) fn elementwise(op: &Op, d: DType, out: DType, a: &[String]) -> String {
    let x = a[0].as_str();
    let y = a.get(1).map_or("", String::as_str);
    let f = if d == DType::F64 { "" } else { "f" };
    let one = if d == DType::F64 { "1.0" } else { "1.0f" };
    let call = |name: &str| format!("{name}{f}({x})");
    let infix = |s: &str| match wrapping(d) {
        Some(w) => format!("({})(({w}){x} {s} ({w}){y})", stored(d)),
        None if d == DType::U8 => format!("(unsigned char)({x} {s} {y})"),
        None => format!("{x} {s} {y}"),
    };
    let compare = |s: &str| format!("{x} {s} {y}");
    let bits = |s: &str| format!("({})({x} {s} {y})", stored(d));
    let negated = match wrapping(d) {
        Some(w) => format!("({})(0 - ({w}){x})", stored(d)),
        None if d.is_float() => format!("-{x}"),
        None => format!("({})(0 - {x})", stored(d)),
    };
    match op {
        Op::Neg => negated,
        Op::Abs if d.is_float() => call("fabs"),
        Op::Abs if matches!(d, DType::U32 | DType::U8) => x.into(),
        Op::Abs => format!("({x} < 0 ? {negated} : {x})"),
        Op::Sign if matches!(d, DType::U32 | DType::U8) => format!("({})({x} != 0)", stored(d)),
        Op::Sign => format!("sign({x})"),
        Op::Square => match wrapping(d) {
            Some(w) => format!("({})(({w}){x} * ({w}){x})", stored(d)),
            None if d == DType::U8 => format!("(unsigned char)({x} * {x})"),
            None => format!("{x} * {x}"),
        },
        Op::Reciprocal => format!("{one} / {x}"),
        Op::Sqrt => call("sqrt"),
        Op::Rsqrt => call("rsqrt"),
        Op::Exp => call("exp"),
        Op::Exp2 => call("exp2"),
        Op::Expm1 => call("expm1"),
        Op::Log => call("log"),
        Op::Log2 => call("log2"),
        Op::Log1p => call("log1p"),
        Op::Sin => call("sin"),
        Op::Cos => call("cos"),
        Op::Tanh => call("tanh"),
        Op::Erf => call("erf"),
        Op::Erfc if d == DType::F64 => call("erfc"),
        Op::Erfc => format!("complement({x})"),
        Op::Sigmoid => format!("sigmoid({x})"),
        Op::Floor => call("floor"),
        Op::Ceil => call("ceil"),
        Op::Round => call("rint"),
        Op::Trunc => call("trunc"),
        Op::IsNan => format!("{x} != {x}"),
        Op::IsInf => format!("fabs{f}({x}) == {}", if d == DType::F64 { "(double)INF" } else { "INF" }),
        Op::IsFinite => format!("fabs{f}({x}) < {}", if d == DType::F64 { "(double)INF" } else { "INF" }),
        Op::Not if d == DType::Bool => format!("!{x}"),
        Op::Not => format!("({})~{x}", stored(d)),
        Op::Add => infix("+"),
        Op::Sub => infix("-"),
        Op::Mul => infix("*"),
        Op::Div if d.is_float() => compare("/"),
        Op::Div => format!("divide({x}, {y})"),
        Op::Rem if d.is_float() => format!("fmod{f}({x}, {y})"),
        Op::Rem => format!("remainder_of({x}, {y})"),
        Op::Pow if d.is_float() => format!("pow{f}({x}, {y})"),
        Op::Pow => format!("power({x}, {y})"),
        Op::Atan2 => format!("atan2{f}({x}, {y})"),
        Op::Maximum => format!("maximum({x}, {y})"),
        Op::Minimum => format!("minimum({x}, {y})"),
        Op::Eq => compare("=="),
        Op::Ne => compare("!="),
        Op::Lt => compare("<"),
        Op::Le => compare("<="),
        Op::Gt => compare(">"),
        Op::Ge => compare(">="),
        Op::And => bits("&"),
        Op::Or => bits("|"),
        Op::Xor => bits("^"),
        Op::Select => format!("{x} ? {y} : {}", a[2]),
        Op::Cast { .. } => cast(x, d, out),
        // No elementwise operations: a region holds none of them, and the compiler refuses a source that does.
        op_class!(Op, Creation) | op_class!(Op, Reduce) | op_class!(Op, Along) => no_expression(op),
        op_class!(Op, View) | op_class!(Op, Movement) | op_class!(Op, Index) => no_expression(op),
        op_class!(Op, Lookup) | op_class!(Op, Contract) | op_class!(Op, Key) => no_expression(op),
        op_class!(Op, Draw) | op_class!(Op, Identity) | op_class!(Op, Effect) => no_expression(op),
        op_class!(Op, Custom) => no_expression(op),
        op_class!(Op, CompositeUnary) | op_class!(Op, CompositeReduce) | op_class!(Op, CompositeAlong) => {
            no_expression(op)
        }
        op_class!(Op, Composite) => no_expression(op),
    }
}

fn no_expression(op: &Op) -> String {
    format!("{}_has_no_expression", op.name())
}
