//! Patterns: what each name is bound to.

use super::{Lower, expr::settle};
use crate::names;
use crate::scope::{Const, Value};
use crate::trace::{Operand, Step};
use syn::{Member, Pat};
use thunder_core::types::Ty;

impl<'a> Lower<'a, '_> {
    /// Binds the names of a pattern that `value` may not match.
    pub(super) fn bind_refutable(&mut self, pat: &'a Pat, value: Value<'a>) {
        let outer = std::mem::replace(&mut self.refutable, true);
        self.bind_pattern(pat, value);
        self.refutable = outer;
    }

    /// Binds the names of `pat` to the parts of `value`.
    pub(super) fn bind_pattern(&mut self, pat: &'a Pat, value: Value<'a>) {
        match pat {
            Pat::Ident(p) => {
                let name = p.ident.to_string();
                if let (Some(_), Some(token)) = (p.by_ref, p.mutability) {
                    crate::check::in_place_mutation::borrow(token, self.diag);
                    self.scope.bind(name, Value::Failed);
                    return;
                }
                if let Some((_, inner)) = &p.subpat {
                    self.bind_pattern(inner, value.clone());
                } else if names::is_camel(&name) && self.refutable {
                    // A constant or a unit variant to compare with, not a name.
                    return;
                }
                let mutable = p.mutability.is_some();
                let value = match value {
                    // Its type may turn out to be f32, which holds another number than the literal says.
                    Value::Static(Const::Float(_)) => Value::STATIC,
                    value if mutable => settle(value),
                    value => value,
                };
                self.scope.bind(name, value);
            }
            Pat::Type(t) => self.bind_annotated(t, value, &t.ty),
            Pat::Paren(p) => self.bind_pattern(&p.pat, value),
            Pat::Reference(r) => self.bind_pattern(&r.pat, value),
            Pat::Tuple(t) => self.bind_sequence(t.elems.iter(), t.elems.len(), value),
            Pat::Slice(s) => self.bind_sequence(s.elems.iter(), s.elems.len(), value),
            Pat::TupleStruct(t) => {
                let name = t.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
                if matches!(name.as_str(), "Some" | "Ok" | "Err") && t.elems.len() == 1 {
                    let inner = match value {
                        Value::Option(inner) => *inner,
                        // `map` of a field that turns out to be an `Option`.
                        Value::List(o, elem) => super::value::with_operand(&elem, o),
                        Value::Static(_) => Value::STATIC,
                        other => other,
                    };
                    return self.bind_pattern(&t.elems[0], inner);
                }
                for (i, p) in t.elems.iter().enumerate() {
                    if matches!(p, Pat::Rest(_)) {
                        break;
                    }
                    let part = self.payload(&value, Step::Index(i as u32));
                    self.bind_pattern(p, part);
                }
            }
            Pat::Struct(s) => {
                for f in &s.fields {
                    let step = match &f.member {
                        Member::Named(id) => Step::Field(id.to_string()),
                        Member::Unnamed(i) => Step::Index(i.index),
                    };
                    let part = self.payload(&value, step);
                    self.bind_pattern(&f.pat, part);
                }
            }
            Pat::Or(o) => {
                // Every case binds the same names. Which one matched is not logged, so what is traced is not followed
                // through it; what is static is.
                let part = if value.is_static() { Value::STATIC } else { self.part_at(&value, Step::Any) };
                if let Some(first) = o.cases.first() {
                    self.bind_pattern(first, part);
                }
            }
            // Inside a tuple, say: `(x > 0.0, true)` has no value to compare yet.
            Pat::Lit(_) | Pat::Range(_) if value.is_tensor() => {
                crate::check::value_dependent_branch::branch(pat, "a pattern", &value, self.diag);
            }
            Pat::Wild(_) | Pat::Lit(_) | Pat::Path(_) | Pat::Range(_) | Pat::Rest(_) => {}
            Pat::Const(c) => {
                self.not_understood(c, "a `const` block");
            }
            Pat::Macro(m) => {
                self.not_understood(m, "a macro in a pattern");
            }
            other => {
                self.not_understood(other, "this pattern");
            }
        }
    }

    fn bind_sequence(&mut self, pats: impl Iterator<Item = &'a Pat>, len: usize, value: Value<'a>) {
        let pats: Vec<&Pat> = pats.collect();
        let rest = pats.iter().position(|p| is_rest(p));
        for (i, p) in pats.iter().enumerate() {
            if rest == Some(i) {
                if let Pat::Ident(name) = p {
                    let middle = match &value {
                        Value::Static(_) => Value::STATIC,
                        _ => Value::Unknown(Operand::Hole),
                    };
                    self.scope.bind(name.ident.to_string(), middle);
                }
                continue;
            }
            let part = match (rest, &value) {
                (Some(r), Value::Tuple(parts)) if i > r => {
                    let at = (parts.len() + i).checked_sub(len);
                    at.and_then(|at| parts.get(at)).cloned().unwrap_or(Value::Failed)
                }
                (Some(r), Value::List(..) | Value::Unknown(_) | Value::Module(_)) if i > r => {
                    self.part_at(&value, Step::Any)
                }
                _ => self.element(&value, i, len),
            };
            self.bind_pattern(p, part);
        }
    }

    /// Element `i` of a tuple or an array, of `len` if there is no rest pattern.
    pub(super) fn element(&mut self, value: &Value<'a>, i: usize, len: usize) -> Value<'a> {
        let _ = len;
        match value {
            Value::Tuple(parts) => parts.get(i).cloned().unwrap_or(Value::Failed),
            other => self.part_at(other, Step::Index(i as u32)),
        }
    }

    /// The part of a container at `step`.
    pub(super) fn part_at(&mut self, value: &Value<'a>, step: Step) -> Value<'a> {
        match value {
            Value::Static(_) | Value::Options(_) => Value::STATIC,
            Value::Failed => Value::Failed,
            Value::List(o, elem) => {
                let part = self.project(*o, step, Self::ty(elem));
                super::value::with_operand(elem, part)
            }
            Value::Unknown(o) | Value::Module(o) => {
                let part = self.project(*o, step, Ty::UNKNOWN);
                Value::Unknown(part)
            }
            Value::Option(inner) => self.part_at(inner, step),
            _ => Value::Unknown(Operand::Hole),
        }
    }

    /// What a variant or a struct pattern takes out of a value.
    fn payload(&mut self, value: &Value<'a>, step: Step) -> Value<'a> {
        match value {
            Value::Static(Const::Nothing) => Value::STATIC,
            other => {
                let part = self.part_at(other, step);
                if let Value::Unknown(Operand::Var(v)) = part {
                    self.claims.payloads.insert(v);
                }
                part
            }
        }
    }
}

fn is_rest(p: &Pat) -> bool {
    match p {
        Pat::Rest(_) => true,
        Pat::Ident(i) => i.subpat.as_ref().is_some_and(|(_, p)| matches!(**p, Pat::Rest(_))),
        _ => false,
    }
}
