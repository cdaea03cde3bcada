//! Literals.

use super::Lower;
use super::edits::Edit;
use crate::scope::{Const, Value};
use syn::{Expr, ExprLit};

impl<'a> Lower<'a, '_> {
    pub(super) fn literal(&mut self, l: &'a syn::Lit) -> Value<'a> {
        Value::Static(match l {
            // `0.1f32` is what f32 holds, not what f64 does.
            syn::Lit::Int(i) if i.suffix() == "f32" => {
                i.base10_parse::<f32>().map_or(Const::Unknown, |x| Const::Float(f64::from(x)))
            }
            syn::Lit::Int(i) if i.suffix() == "f64" => i.base10_parse().map_or(Const::Unknown, Const::Float),
            syn::Lit::Int(i) => i.base10_parse().map_or(Const::Unknown, Const::Int),
            syn::Lit::Float(f) if f.suffix() == "f32" => {
                f.base10_parse::<f32>().map_or(Const::Unknown, |x| Const::Float(f64::from(x)))
            }
            syn::Lit::Float(f) => f.base10_parse().map_or(Const::Unknown, Const::Float),
            syn::Lit::Bool(b) => Const::Bool(b.value),
            syn::Lit::Str(s) => Const::Str(s.value()),
            _ => Const::Unknown,
        })
    }

    /// A number beside a tensor takes the tensor's type, so rustc has nothing to infer its own from: an integer that is
    /// none of i32's, which it would take, is given the type that holds it.
    pub(super) fn beside_tensor(&mut self, e: &'a Expr) {
        match e {
            Expr::Lit(ExprLit { lit: syn::Lit::Int(i), .. })
                if i.suffix().is_empty() && i.base10_parse::<i32>().is_err() =>
            {
                let suffix = if i.base10_parse::<i64>().is_ok() { "i64" } else { "u64" };
                self.edits.expr(e, Edit::Suffix { suffix });
            }
            Expr::Unary(u) => self.beside_tensor(&u.expr),
            Expr::Paren(p) => self.beside_tensor(&p.expr),
            _ => {}
        }
    }
}
