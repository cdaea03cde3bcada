//! Shapes, ranks and element types that a signature refutes.

use crate::diagnostics::Diagnostics;
use crate::parse::Kind;
use crate::scope::Value;
use syn::Expr;
use thunder_core::types::{Elem, Extent, Text, Ty};

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
        (Kind::Tensor(want), Value::Tensor(_, found), e) => one(e, want, found, dims, elems, diag),
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

fn one(e: &Expr, want: &Ty, found: &Ty, dims: &[&str], elems: &[&str], diag: &mut Diagnostics) -> bool {
    let Some(why) = refute(want, found, dims, elems) else { return true };
    let (want, found) = (Text::new().ty(want, dims, elems), Text::new().ty(found, dims, elems));
    let what = format!("the result is {}, and the signature says {}{why}", found.as_str(), want.as_str());
    let help = if why.is_empty() {
        "cast it, `.cast::<E>()`, or declare what it is"
    } else {
        "declare the shape that it has, `_` for an extent left open, or bring it into shape"
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
        return Some(format!(": {} dimensions are not {}", f.rank(), w.rank()));
    }
    (0..w.rank()).find_map(|i| {
        let (a, b): (Extent, Extent) = (f.at(i), w.at(i));
        (!a.is_unknown() && !b.is_unknown() && a.differs(b)).then(|| {
            let text =
                Text::new().str(": nothing says that ").extent(a, dims).str(" equals ").extent(b, dims);
            text.as_str().to_string()
        })
    })
}
