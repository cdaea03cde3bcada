//! Shapes, ranks and element types that a signature refutes.

use crate::diagnostics::Diagnostics;
use crate::parse::Kind;
use crate::scope::Value;
use syn::Expr;
use thunder_core::op::{Lit, Op, Unfit, no_element};
use thunder_core::types::{DType, Elem, Extent, Text, Ty};

/// Inference's message, with what to write instead where it does not say.
pub fn refuted(op: &Op, text: &str) -> String {
    if text.contains("help:") {
        return text.to_string();
    }
    let help = match op {
        Op::Matmul => {
            "the last dimension of the left side meets the last but one of the right; `unsqueeze(-1)` makes a column of a vector"
        }
        Op::Linear { .. } => "the weight is `(out, in)`: its second dimension meets the input's last",
        Op::Sdpa { .. } => "`q` is `(.., heads, time, width)`; `k` and `v` are `(.., heads, keys, width)`",
        Op::CrossEntropy { .. } => "logits `(.., classes)` take targets of the shape without the classes",
        Op::Embedding => "`embedding(indices, weight)`, with integer indices and a weight `(rows, width)`",
        Op::Select => "a comparison gives a condition: `select(x > 0.0, x, y)`",
        Op::Cat { .. } => "all dimensions but the joined one must be the same; `stack` makes a new one",
        Op::Stack { .. } => "tensors that are stacked have one shape; `cat` joins them along a dimension",
        Op::Reshape { .. } => {
            "a reshape keeps the number of elements; `rearrange` and `slice` say where they go"
        }
        Op::Permute { .. } => {
            "name every dimension once: `x.permute((1, 0, 2))`; `transpose(a, b)` swaps two"
        }
        Op::Slice { .. } => "one range a dimension, inside its extent: `x.slice((.., 1..3))`",
        Op::Rearrange { .. } => "one name a dimension: `x.rearrange(|b, t, (H, d)| (b, H, t, d))`",
        Op::Einsum { .. } => "one letter a dimension, and one extent a letter: `einsum(\"ij,jk->ik\", x, y)`",
        Op::Chunk { .. } => {
            "a count that divides the dimension; or `narrow(axis, start, len)` for unequal parts"
        }
        _ if text.contains("axis") => {
            "`-1` is the last dimension, `0` the first; `(0, 1)` names several, `..` all"
        }
        _ if text.contains("bool") => "a comparison gives bool: `x > 0.0`",
        _ => {
            "line the shapes up: `reshape`, `unsqueeze`, `transpose`; or give equal dimensions one name in the signature"
        }
    };
    format!("{text}\n\n       help: {help}")
}

/// Numbers that are no elements of `dtype`, the element type of the tensor that `op` makes or takes.
pub fn numbers(op: &Op, dtype: DType, list: &[(&Expr, Lit)], diag: &mut Diagnostics) -> bool {
    let mut found = false;
    for (e, lit) in list {
        let x = lit.to_f64();
        // A number beside a tensor is as precise as the computation; the elements of a new one are not.
        let infinite = matches!(op, Op::Full { .. }) && x.is_finite() && dtype.nearest(x).is_infinite();
        if let Err(why) = lit.element(dtype) {
            diag.error(e, no_element(op.name(), *lit, dtype, why), "");
            found = true;
        } else if infinite {
            let text = format!("`{}`: {lit} is no value of {dtype}, in which it is infinite", op.name());
            diag.error(
                e,
                text,
                "a smaller number, or a wider type: `f32`; an infinity by its name, `f32::INFINITY`",
            );
            found = true;
        }
    }
    found
}

/// A number beside a tensor that is beyond the range of the tensor's element type `dtype`.
pub fn beyond(op: &Op, dtype: DType, e: &Expr, lit: Lit, diag: &mut Diagnostics) -> bool {
    matches!(lit.element(dtype), Err(Unfit::Above | Unfit::Below)) && numbers(op, dtype, &[(e, lit)], diag)
}

/// A result that is not what the signature declares.
pub fn result(
    e: &Expr,
    value: &Value<'_>,
    declared: &Kind,
    dims: &[&str],
    elems: &[&str],
    diag: &mut Diagnostics,
) -> bool {
    match (declared, value, e) {
        (Kind::Tensor(want), Value::Tensor(_, found), e) => {
            one(e, ["the result", "the signature says"], [want, found], dims, elems, diag)
        }
        (Kind::Tuple(wants), Value::Tuple(parts), Expr::Tuple(t)) if wants.len() == parts.len() => {
            let mut fine = true;
            for ((want, part), e) in wants.iter().zip(parts).zip(&t.elems) {
                fine &= result(e, part, want, dims, elems, diag);
            }
            fine
        }
        (Kind::Tuple(wants), Value::Tuple(parts), e) if wants.len() == parts.len() => {
            wants.iter().zip(parts).all(|(want, part)| result(e, part, want, dims, elems, diag))
        }
        (Kind::Option(want), Value::Option(inner), Expr::Call(c)) if c.args.len() == 1 => {
            result(&c.args[0], inner, want, dims, elems, diag)
        }
        (Kind::Option(want), Value::Option(inner), e) => result(e, inner, want, dims, elems, diag),
        _ => true,
    }
}

/// An argument of a closure that is not what the closure's type declares.
pub fn argument(
    e: &Expr,
    value: &Value<'_>,
    declared: &Kind,
    dims: &[&str],
    elems: &[String],
    diag: &mut Diagnostics,
) -> bool {
    let (Kind::Tensor(want), Value::Tensor(_, found)) = (declared, value) else { return true };
    let elems: Vec<&str> = elems.iter().map(String::as_str).collect();
    one(e, ["the argument", "the closure takes"], [want, found], dims, &elems, diag)
}

/// A carry that a step of `scan` gives otherwise than it took it. Whether it was refused.
pub fn carry(closure: &Expr, [start, next]: [&Ty; 2], dims: &[&str], diag: &mut Diagnostics) -> bool {
    let Some(why) = refute(start, next, dims, &[]).filter(|why| !why.is_empty()) else { return false };
    let (start, next) =
        (Text::new().shape(&start.shape, dims).to_string(), Text::new().shape(&next.shape, dims).to_string());
    diag.error(
        carried(closure),
        format!("`scan` starts with a carry of shape {start}, and this step gives {next}{why}"),
        "a carry keeps its shape from step to step; what differs goes in the second result",
    );
    true
}

/// What a closure gives first, where it says so in a tuple.
fn carried(e: &Expr) -> &Expr {
    match e {
        Expr::Closure(c) => carried(&c.body),
        Expr::Block(b) => match b.block.stmts.last() {
            Some(syn::Stmt::Expr(last, None)) => carried(last),
            _ => e,
        },
        Expr::Tuple(t) if !t.elems.is_empty() => &t.elems[0],
        Expr::Paren(p) => carried(&p.expr),
        _ => e,
    }
}

/// Compares a value, called `names[0]`, with its declaration.
fn one(
    e: &Expr,
    names: [&str; 2],
    [want, found]: [&Ty; 2],
    dims: &[&str],
    elems: &[&str],
    diag: &mut Diagnostics,
) -> bool {
    let Some(why) = refute(want, found, dims, elems) else { return true };
    let want_elem = match want.elem {
        Elem::Known(d) => d.name().to_string(),
        Elem::Param(i) => elems.get(i as usize).copied().unwrap_or("E").to_string(),
        Elem::Unknown => "E".to_string(),
    };
    let (want, found) = (Text::new().ty(want, dims, elems), Text::new().ty(found, dims, elems));
    let [this, says] = names;
    let what = format!("{this} is {}, and {says} {}{why}", found.as_str(), want.as_str());
    let help = match (&want_elem, why.is_empty()) {
        (name, true) => format!("cast it, `.cast::<{name}>()`, or declare what it is"),
        _ => {
            "declare the shape that it has, `_` for an extent left open; or bring it into the shape declared"
                .to_string()
        }
    };
    diag.error(e, what, help);
    false
}

/// Why a value of type `found` is certainly not of type `want`.
fn refute(want: &Ty, found: &Ty, dims: &[&str], elems: &[&str]) -> Option<String> {
    let _ = elems;
    let known = |e: Elem| !matches!(e, Elem::Unknown);
    if known(want.elem) && known(found.elem) && want.elem != found.elem {
        return Some(String::new());
    }
    let (w, f) = (&want.shape, &found.shape);
    if w.is_unknown() || f.is_unknown() {
        return None;
    }
    if w.lead != f.lead {
        // A generic shape against stated dimensions: rustc knows whether the ranks agree.
        return None;
    }
    if w.rank() != f.rank() {
        let s = if f.rank() == 1 { "" } else { "s" };
        return Some(format!(": {} dimension{s}, not {}", f.rank(), w.rank()));
    }
    (0..w.rank()).find_map(|i| {
        let (a, b): (Extent, Extent) = (f.at(i), w.at(i));
        (!a.is_unknown() && !b.is_unknown() && a.differs(b))
            .then(|| Text::new().str(": ").unequal(a, b, dims).as_str().to_string())
    })
}

/// A text beside a tensor: `x * "a"`.
pub fn text(e: &syn::Expr, value: &Value<'_>, beside: &Value<'_>, diag: &mut Diagnostics) -> bool {
    let found = beside.is_tensor() && matches!(value, Value::Static(crate::scope::Const::Str(_)));
    if found {
        diag.error(e, "a text is no number that can stand beside a tensor", "a number: `x * 2.0`");
    }
    found
}
