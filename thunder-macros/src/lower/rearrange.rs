//! `x.rearrange(|b, t, (H, d)| (b, H, t, d))`.

use super::Lower;
use super::edits::Edit;
use crate::names;
use crate::parse::pattern::Rearrange;
use crate::scope::{Const, Value};
use syn::{Expr, ExprMethodCall};
use thunder_core::op::{Op, Pattern};
use thunder_core::types::{Extent, MAX_RANK};

impl<'a> Lower<'a, '_> {
    pub(super) fn rearrange(&mut self, e: &'a Expr, m: &'a ExprMethodCall, x: Value<'a>) -> Value<'a> {
        let Expr::Closure(c) = &m.args[0] else {
            self.diag.error(
                &m.args[0],
                "a rearrange is written as a closure over dimension names",
                "`x.rearrange(|b, t, (H, d)| (b, H, t, d))`",
            );
            return Value::Failed;
        };
        let Some(r) = Rearrange::parse(c, self.diag) else { return Value::Failed };
        let (mut names, mut extents) = (Vec::new(), [Extent::UNKNOWN; MAX_RANK]);
        for (i, atom) in r.atoms.iter().enumerate() {
            let name = atom.to_string();
            if !names::is_capital(&name) {
                names.push(None);
                continue;
            }
            let Some((extent, ident)) = self.extent_in_scope(atom) else { return Value::Failed };
            extents[i] = extent;
            names.push(Some(ident));
        }
        let pattern = pattern(&r, extents);
        self.edits.expr(e, Edit::Rearrange { extents: names });
        self.apply(Op::Rearrange { pattern }, &[x], m.method.span(), |_| None)
    }

    /// The extent that a capitalised name stands for, and what the body calls it.
    fn extent_in_scope(&mut self, id: &syn::Ident) -> Option<(Extent, String)> {
        let name = id.to_string();
        if let Some(b) = self.scope.find(&name) {
            let ident = if b.dim { names::local(&name) } else { name };
            return match &b.value {
                Value::Static(c) => Some((c.extent(), ident)),
                _ => Some((Extent::UNKNOWN, ident)),
            };
        }
        let stated =
            self.types.dims.find(&name).is_some_and(|v| self.types.dims.consts[v as usize].is_none());
        if stated || self.in_impl && names::is_dimension(&name) {
            self.used_dims.insert(name.clone());
            let ident = names::local(&name);
            return match self.dim_value(&name) {
                Value::Static(Const::Extent(e)) => Some((e, ident)),
                _ => Some((Extent::UNKNOWN, ident)),
            };
        }
        if names::is_camel(&name) || name.len() <= 2 && !self.in_impl {
            self.diag.error(
                id,
                format!("`{name}` is no extent in scope"),
                format!("`{}` for a fresh name, or name `{name}` in the signature", name.to_lowercase()),
            );
            return None;
        }
        let v = self.types.dims.constant(&id.clone().into());
        Some((v.map_or(Extent::UNKNOWN, Extent::var), name))
    }
}

/// The pattern as the operation's attribute.
pub fn pattern(r: &Rearrange, extents: [Extent; MAX_RANK]) -> Pattern {
    let mut p = Pattern {
        atoms: r.atoms.len() as u8,
        inputs: r.inputs.len() as u8,
        outputs: r.outputs.len() as u8,
        extents,
        group: [0; MAX_RANK],
        order: [0; MAX_RANK],
        place: [0; MAX_RANK],
    };
    for (g, group) in r.inputs.iter().enumerate() {
        for &atom in group {
            p.group[atom] = g as u8;
        }
    }
    let mut i = 0;
    for (g, group) in r.outputs.iter().enumerate() {
        for &atom in group {
            p.order[i] = atom as u8;
            p.place[i] = g as u8;
            i += 1;
        }
    }
    p
}
