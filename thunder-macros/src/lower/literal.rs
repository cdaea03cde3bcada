//! Literals.

use super::Lower;
use crate::scope::{Const, Value};

impl<'a> Lower<'a, '_> {
    pub(super) fn literal(&mut self, l: &'a syn::Lit) -> Value<'a> {
        Value::Static(match l {
            syn::Lit::Int(i) if matches!(i.suffix(), "f32" | "f64") => {
                i.base10_parse().map_or(Const::Unknown, Const::Float)
            }
            syn::Lit::Int(i) => i.base10_parse().map_or(Const::Unknown, Const::Int),
            // `0.1f32` is what f32 holds, not what f64 does.
            syn::Lit::Float(f) if f.suffix() == "f32" => {
                f.base10_parse::<f32>().map_or(Const::Unknown, |x| Const::Float(f64::from(x)))
            }
            syn::Lit::Float(f) => f.base10_parse().map_or(Const::Unknown, Const::Float),
            syn::Lit::Bool(b) => Const::Bool(b.value),
            syn::Lit::Str(s) => Const::Str(s.value()),
            _ => Const::Unknown,
        })
    }
}
